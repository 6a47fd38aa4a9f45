import { CallBridge } from '../../src/common/call-bridge';
import { CallRecord } from '../../src/common/call-record';
import type { FallbackLadder } from '../../src/services/fallback/fallback-ladder';
import type { LogFields } from '../../src/support/logger';
import { LadderBench } from '../services/fallback/ladder-bench';
import { TEST_TURN_TAKING } from '../support/test-config';

/** Calls whose bot has fallback options: the same fakes, with the call above them that judges the silence. */
export class FallbackCallBench extends LadderBench {
    /** Bot audio that was sent to the client, bytes. */
    sentBytes = 0;
    readonly failures: string[] = [];
    readonly logged: LogFields[] = [];
    turnTaking = TEST_TURN_TAKING;
    private readonly bridges = new Map<FallbackLadder, CallBridge>();

    override make(): FallbackLadder {
        const ladder = this.makeLadder();
        const record = new CallRecord();
        Object.assign(record, { transcript: this.transcript });
        const bridge = new CallBridge({
            conversation: ladder,
            clock: this.clock,
            record,
            callerAudio: this.callerAudio,
            maxLeadMs: 600,
            turnTaking: this.turnTaking,
            wire: {
                sendAudio: (pcmu) => void (this.sentBytes += pcmu.length),
                sendEvent: () => undefined,
                bufferedBytes: () => 0,
            },
            onFinished: () => undefined,
            onFailed: (code) => this.failures.push(code),
            log: (fields) => this.logged.push(fields),
            onFault: (fault) => {
                throw fault;
            },
        });
        this.bridges.set(ladder, bridge);
        return ladder;
    }

    override start(ladder: FallbackLadder): Promise<void> {
        this.bridge(ladder).start();
        return Promise.resolve();
    }

    override hear(ladder: FallbackLadder, pcmu: Uint8Array): void {
        this.bridge(ladder).hear(pcmu);
    }

    override close(): void {
        for (const bridge of this.bridges.values()) bridge.close();
    }

    bridge(ladder: FallbackLadder): CallBridge {
        const bridge = this.bridges.get(ladder);
        if (bridge === undefined) throw new Error('This call was never made.');
        return bridge;
    }

    get sentMs(): number {
        return this.sentBytes / 8;
    }
}
