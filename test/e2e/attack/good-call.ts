import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavToPcmu } from '../../../src/audio/wav';
import type { Caller } from '../../../tools/caller/client';
import { expectedPcmu, type FakeSession } from '../../../tools/fake-openai';
import { until } from '../../support/test-bench';
import type { AttackBench } from './attack-bench';

/**
 * Settings of a bench on which good calls can be checked to the byte. The lead is long: attackers, callers and the stand-in run
 * in the server's own process, on whatever machine, and hold it up by themselves.
 */
export const BYTE_EXACT = {
    openai: { vad: 'off', response: () => ({ text: 'a long answer', audioMs: 120_000 }) },
    // It talks over the answer all the time: that must not stop it.
    env: { OPENAI_AUDIO_FORMAT: 'pcmu', PLAYBACK_LEAD_MS: '5000', BARGE_IN: 'instant' },
} as const;

const SPEECH = wavToPcmu(readFileSync(join(__dirname, '../../../samples/librivox_0930.wav')));

const SETTLED_BYTES = 8000;

/** A call that hears a long answer and talks all the while, beside whatever is done to the server. */
export class GoodCall {
    private readonly stretches: number;

    private constructor(
        readonly caller: Caller,
        private readonly session: FakeSession,
    ) {
        this.stretches = stretchesOf(caller);
    }

    /** Begins on a bench made with `BYTE_EXACT`, and hears the first second: a process that warms up may stumble there. */
    static async begin(attack: AttackBench, path = '/'): Promise<GoodCall> {
        const { fake } = attack.bench;
        const caller = attack.caller({ audio: SPEECH }, path);
        await caller.dial();
        const session = await fake.nextSession();
        await until('the good call hears something', () => caller.heardBytes >= SETTLED_BYTES);
        return new GoodCall(caller, session);
    }

    /** Goes on until `ms` of the answer have been heard in all. */
    async listen(ms: number): Promise<void> {
        await until(`the good call has heard ${ms} ms`, () => this.caller.heardBytes >= ms * 8);
    }

    /** Hangs up, and holds that nothing was noticed: both ways byte for byte, no gap in the sound, every protocol check passed. */
    async endUnharmed(): Promise<void> {
        const heard = Buffer.from(this.caller.playedAudio);
        const stretches = stretchesOf(this.caller);
        this.caller.hangUp();
        const { outcome, protocol, faults } = await this.caller.ended;
        expect({ outcome, broken: protocol.broken, faults }).toEqual({ outcome: 'completed', broken: [], faults: [] });
        expect(heard.equals(expectedPcmu(1, heard.length / 8))).toBe(true);
        expect(stretches).toBe(this.stretches);
        const spoken = this.session.appended.subarray(0, SPEECH.length);
        expect(spoken.length).toBeGreaterThan(0);
        expect(spoken.equals(SPEECH.subarray(0, spoken.length))).toBe(true);
        expect(this.session.faults).toEqual([]);
    }
}

/** Times that sound began after silence. */
function stretchesOf(caller: Caller): number {
    return caller.events.filter((event) => event.kind === 'sent' && event.type === 'playback_started').length;
}
