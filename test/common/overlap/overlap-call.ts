import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import { meanSquare } from '../../../src/audio/loudness';
import { MULAW_SILENCE } from '../../../src/audio/mulaw';
import { tonePcmu } from '../../../src/audio/tone';
import { CallBridge } from '../../../src/common/call-bridge';
import { CallRecord } from '../../../src/common/call-record';
import { SaidLog } from '../../../src/common/said-log';
import { BotResource } from '../../../src/services/bot-resource';
import type { ConversationEnd, OverlapReport } from '../../../src/services/conversation';
import { FallbackLadder, type FallbackOption } from '../../../src/services/fallback/fallback-ladder';
import { CircuitBreakers } from '../../../src/support/circuit-breaker';
import { createdEvent, deltaEvent, doneEvent, fakeSockets, makeConfig } from '../../services/realtime/support';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { TEST_TURN_TAKING } from '../../support/test-config';

const FRAME_MS = 20;
const FRAME_BYTES = FRAME_MS * 8;
const VOICE = tonePcmu(700, 10_000, 0.5);
const QUIET = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);

/** Bot audio of which each byte can be told: ms by ms, all of it loud. */
export function botAudio(ms: number): Uint8Array {
    return Uint8Array.from({ length: ms * 8 }, (_, i) => 1 + (Math.floor(i / 8) % 40));
}

/** A call to OpenAI's model behind a fallback ladder, which judges speech over the bot; the test is the service, and moves the time. */
export class OverlapCall {
    readonly clock = new FakeClock();
    readonly log = new LogRecorder();
    readonly reports: OverlapReport[] = [];
    readonly record = new CallRecord();
    /** Audio that was sent to the client since its last `barge_in`, and before. */
    readonly stretches: Uint8Array[] = [new Uint8Array(0)];
    private readonly fake = fakeSockets();
    private readonly bridge: CallBridge;
    private readonly conversation: FallbackLadder;
    readonly ended: ConversationEnd[] = [];
    private speechMs = 0;
    private acknowledged = 0;
    /** Updates are acknowledged as soon as they come. */
    acknowledges = true;

    /** `next`: the fallback options. */
    constructor(next: readonly FallbackOption[] = []) {
        const { clock, log, record } = this;
        const callerAudio = new CallerAudioBuffer();
        const { transcript } = record;
        const { createSocket } = this.fake;
        const config = makeConfig({ bargeIn: 'smart' });
        const make = (): BotResource =>
            new BotResource(config, { clock, logger: log, createSocket, callerAudio, transcript });
        const breakers = new CircuitBreakers(clock, log);
        const prompts = { recording: () => new Uint8Array(8000).fill(0x11) };
        this.conversation = new FallbackLadder([{ name: 'realtime', upstream: 'openai', make }, ...next], {
            logger: log,
            breakers,
            prompts,
            transcript,
            callerAudio,
        });
        this.bridge = new CallBridge({
            conversation: this.conversation,
            clock,
            record,
            callerAudio,
            maxLeadMs: 600,
            turnTaking: {
                ...TEST_TURN_TAKING,
                bargeIn: { mode: 'smart', backchannels: ['mhm', 'yeah'], alwaysYield: ['stop'] },
            },
            speechMeter: {
                probability: (pcmu) => (meanSquare(pcmu, 0, pcmu.length) > 1e-4 ? 1 : 0),
                reset: () => undefined,
            },
            wire: {
                sendAudio: (pcmu) => {
                    this.stretches.push(Buffer.concat([this.stretches.pop() ?? QUIET, pcmu]));
                },
                sendEvent: ({ type }) => {
                    if (type === 'barge_in') this.stretches.push(new Uint8Array(0));
                },
                bufferedBytes: () => 0,
            },
            onFinished: (end) => this.ended.push(end),
            onFailed: () => undefined,
            onOverlap: (report) => this.reports.push(report),
            said: new SaidLog(log, clock),
            log: () => undefined,
            onFault: (fault) => {
                throw fault;
            },
        });
    }

    async start(): Promise<void> {
        this.bridge.start();
        this.fake.last().configure();
        await settle();
        await this.run(300);
    }

    /** The bot says `ms` of audio as one response, which is complete at once. */
    respond(id: string, ms: number, clientEventId?: unknown): void {
        this.serve(createdEvent(id, clientEventId));
        this.serve(deltaEvent(id, `${id}_item`, botAudio(ms)));
        this.serve(doneEvent(id));
    }

    serve(event: object): void {
        this.fake.last().serve(event);
    }

    /** The service has committed this item, and knows its words after `afterMs`. */
    async committed(itemId: string, words: string, afterMs = 400): Promise<void> {
        this.serve({ type: 'input_audio_buffer.committed', item_id: itemId });
        const content = [{ type: 'input_audio', transcript: null }];
        this.serve({ type: 'conversation.item.added', item: { id: itemId, type: 'message', role: 'user', content } });
        await this.run(afterMs);
        const type = 'conversation.item.input_audio_transcription.completed';
        this.serve({ type, item_id: itemId, content_index: 0, transcript: words, usage: null });
    }

    key(digit: string): void {
        this.bridge.processDTMF(digit);
    }

    /** The silence policy ends the caller's turn. */
    endTurnByLine(): void {
        this.conversation.onSilence('end_turn');
    }

    /** The service breaks the connection off, and is there again after 300 ms. */
    async reconnect(): Promise<void> {
        this.fake.last().emit('close', 1006, Buffer.alloc(0));
        await this.run(300);
        this.acknowledged = 0;
        this.fake.last().configure();
        await this.run(20);
    }

    /** Lets time pass; the line carries the caller's voice, or silence. */
    async run(ms: number, voice = false): Promise<void> {
        for (let left = ms; left > 0; left -= FRAME_MS) {
            this.bridge.hear(voice ? VOICE.subarray(this.speechMs * 8, this.speechMs * 8 + FRAME_BYTES) : QUIET);
            this.speechMs = voice ? this.speechMs + FRAME_MS : 0;
            this.clock.advance(FRAME_MS);
            this.fake.last().emit('pong');
            this.acknowledge();
            await settle();
        }
    }

    /** What was sent to the service, of these types, without appends. */
    sent(...types: string[]): Record<string, unknown>[] {
        return this.fake.last().events.filter(({ type }) => types.includes(String(type)));
    }

    get verdicts(): unknown[] {
        return this.reports.map(({ overlap }) => overlap);
    }

    /** The service takes the caller's turns, by the last update that was sent. */
    get serviceTakesTurns(): unknown {
        return this.sent('session.update').map(createsResponses).at(-1);
    }

    close(): void {
        this.bridge.close();
    }

    acknowledge(): void {
        const updates = this.sent('session.update');
        if (!this.acknowledges) return;
        for (const { session } of updates.slice(Math.max(1, this.acknowledged)))
            this.serve({ type: 'session.updated', session });
        this.acknowledged = updates.length;
    }
}

function createsResponses({ session }: Record<string, unknown>): unknown {
    const { audio } = session as { audio?: { input?: { turn_detection?: { create_response?: boolean } } } };
    return audio?.input?.turn_detection?.create_response;
}

function settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
}
