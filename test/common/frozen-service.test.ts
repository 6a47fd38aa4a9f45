import { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';
import { encodeMulaw } from '../../src/audio/mulaw';
import { CallBridge } from '../../src/common/call-bridge';
import { CallRecord } from '../../src/common/call-record';
import { BotResource } from '../../src/services/bot-resource';
import { FallbackLadder } from '../../src/services/fallback/fallback-ladder';
import type { Tool } from '../../src/services/functions/tool';
import { CircuitBreakers } from '../../src/support/circuit-breaker';
import type { LogFields } from '../../src/support/logger';
import {
    createdEvent,
    deltaEvent,
    emptyDoneEvent,
    fakeSockets,
    makeConfig,
    speechEvent,
} from '../services/realtime/support';
import { FakeClock } from '../support/fake-clock';
import { FakeConversation } from '../support/fake-conversation';
import { LogRecorder } from '../support/log-recorder';
import { TEST_TURN_TAKING } from '../support/test-config';

const FRAME_MS = 20;
const FRAME_SAMPLES = FRAME_MS * 8;

/** A fixed series of numbers in −1 … 1 that looks random. */
function makeNoise(): () => number {
    let seed = 1;
    return () => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return seed / 1_073_741_824 - 1;
    };
}

/** Sounds like a caller to a meter of loudness: 180 Hz at −18 dBFS, in syllables of 200 ms. */
function voiceAt(sample: number): number {
    const ms = sample / 8;
    return ms % 250 < 200 ? 0.18 * Math.sin((2 * Math.PI * 180 * ms) / 1000) : 0;
}

/** A call to OpenAI's model behind a fallback ladder; the test is the service, and moves the time frame by frame. */
class FrozenCall {
    readonly clock = new FakeClock();
    readonly log = new LogRecorder();
    readonly steps: LogFields[] = [];
    readonly local = new FakeConversation();
    /** Longest time without a sound since `watchGaps`, ms. */
    longestGapMs = 0;
    /** When the first sound came after `watchGaps`, ms from then. */
    firstSoundMs: number | undefined;
    tookOverMs: number | undefined;
    private readonly fake = fakeSockets();
    private readonly bridge: CallBridge;
    private readonly callerAudio = new CallerAudioBuffer();
    private readonly noise = makeNoise();
    private samples = 0;
    private watchedFromMs: number | undefined;
    private quietFromMs = 0;

    constructor(
        private readonly noiseDbfs: number | undefined,
        tools: readonly Tool[] = [],
    ) {
        const { clock, log, callerAudio } = this;
        const record = new CallRecord();
        const { transcript } = record;
        const { createSocket } = this.fake;
        const make = (): BotResource =>
            new BotResource(makeConfig(), { clock, logger: log, createSocket, callerAudio, transcript, tools });
        const options = [
            { name: 'realtime', upstream: 'openai', make },
            { name: 'local', make: () => this.local },
        ];
        const prompts = { recording: () => new Uint8Array(1000 * 8).fill(0x11) };
        const breakers = new CircuitBreakers(clock, log);
        const conversation = new FallbackLadder(options, { logger: log, breakers, prompts, transcript, callerAudio });
        this.bridge = new CallBridge({
            conversation,
            clock,
            record,
            callerAudio,
            maxLeadMs: 600,
            turnTaking: TEST_TURN_TAKING,
            wire: {
                sendAudio: (pcmu) => {
                    this.sounded(pcmu.length / 8);
                },
                sendEvent: () => undefined,
                bufferedBytes: () => 0,
            },
            onFinished: () => undefined,
            onFailed: () => undefined,
            log: (fields) => this.steps.push(fields),
            onFault: (fault) => {
                throw fault;
            },
        });
    }

    async start(): Promise<void> {
        this.bridge.start();
        this.fake.last().configure();
        await settle();
        await this.run(600);
    }

    serve(event: object): void {
        this.fake.last().serve(event);
    }

    get lastCreateId(): unknown {
        return this.fake.last().lastCreateId;
    }

    /** Lets time pass; the line carries what the caller says. */
    async run(ms: number, voice = false): Promise<void> {
        for (let left = ms; left > 0; left -= FRAME_MS) {
            this.bridge.hear(this.frame(voice));
            this.clock.advance(FRAME_MS);
            this.fake.last().emit('pong');
            this.watch();
            await settle();
        }
    }

    /** From now on the caller owes nothing, and is owed a sound. */
    watchGaps(): void {
        this.watchedFromMs = this.clock.nowMs();
        this.quietFromMs = Math.max(this.quietFromMs, this.clock.nowMs());
    }

    close(): void {
        this.bridge.close();
    }

    private frame(voice: boolean): Uint8Array {
        const level = this.noiseDbfs === undefined ? 0 : 10 ** (this.noiseDbfs / 20) * Math.sqrt(3);
        const pcm = Int16Array.from({ length: FRAME_SAMPLES }, () => {
            const sample = level * this.noise() + (voice ? voiceAt(this.samples) : 0);
            this.samples += 1;
            return Math.round(sample * 32_767);
        });
        return encodeMulaw(pcm);
    }

    private sounded(ms: number): void {
        const nowMs = this.clock.nowMs();
        if (this.watchedFromMs !== undefined) {
            this.firstSoundMs ??= nowMs - this.watchedFromMs;
            this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.quietFromMs);
        }
        this.quietFromMs = Math.max(this.quietFromMs, nowMs) + ms;
    }

    private watch(): void {
        const nowMs = this.clock.nowMs();
        if (this.watchedFromMs === undefined) return;
        this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.quietFromMs);
        if (this.local.startCount === 0 || this.tookOverMs !== undefined) return;
        this.tookOverMs = nowMs - this.watchedFromMs;
        this.local.emit('ready');
        // It speaks for the rest of the test.
        this.local.say('local', 60_000);
    }
}

function settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
}

/** The caller speaks for 1.6 s; the service reports what `reports` says, in time. */
async function turn(call: FrozenCall, reports: readonly ('started' | 'stopped')[]): Promise<void> {
    await call.run(300, true);
    if (reports.includes('started')) call.serve(speechEvent('started'));
    await call.run(1300, true);
    call.watchGaps();
    await call.run(500);
    if (reports.includes('stopped')) call.serve(speechEvent('stopped'));
}

const bytes = (ms: number): Uint8Array => new Uint8Array(ms * 8).fill(0x22);

/** State, when another bot has begun at the latest (ms from the end of the voice), and what the service still does. */
const FREEZES: [string, number, (call: FrozenCall) => Promise<void>][] = [
    ['before the turn', 5200, (call) => turn(call, [])],
    ['between start and stop', 5200, (call) => turn(call, ['started'])],
    ['after stop', 5200, (call) => turn(call, ['started', 'stopped'])],
    [
        'after response.created',
        5200,
        async (call) => {
            await turn(call, ['started', 'stopped']);
            call.serve(createdEvent('r1'));
        },
    ],
    [
        'in the middle of a response',
        6700,
        async (call) => {
            await turn(call, ['started', 'stopped']);
            call.serve(createdEvent('r1'));
            call.serve(deltaEvent('r1', 'i1', bytes(900)));
        },
    ],
    [
        'after the output of a function',
        5800,
        async (call) => {
            await turn(call, ['started', 'stopped']);
            call.serve(createdEvent('r1'));
            const item = { id: 'f1', type: 'function_call', call_id: 'c1', name: 'lookup', arguments: '{}' };
            const output = [{ ...item, status: 'completed' }];
            call.serve({ type: 'response.done', response: { id: 'r1', status: 'completed', output } });
        },
    ],
    [
        'after a truncate',
        5200,
        async (call) => {
            call.serve(createdEvent('r0'));
            call.serve(deltaEvent('r0', 'i0', bytes(4000)));
            call.serve(emptyDoneEvent('r0'));
            await call.run(1000);
            await turn(call, ['started']);
        },
    ],
];

const LOOKUP: Tool = {
    name: 'lookup',
    description: 'Looks something up.',
    parameters: { type: 'object' },
    run: () => Promise.resolve({ output: 'found' }),
};

describe('a service that freezes', () => {
    let call: FrozenCall;

    afterEach(() => {
        call.close();
    });

    describe.each<[string, number | undefined]>([
        ['on a quiet line', undefined],
        ['on a line with steady noise of −30 dBFS', -30],
    ])('%s', (_line, noiseDbfs) => {
        it.each(FREEZES)(
            '%s: the caller hears a sound by 2.5 s and another bot begins by %d ms',
            async (_state, otherBotByMs, freeze) => {
                call = new FrozenCall(noiseDbfs, [LOOKUP]);
                await call.start();
                await freeze(call);
                await call.run(12_000);
                expect(call.firstSoundMs).toBeLessThanOrEqual(2500);
                expect(call.longestGapMs).toBeLessThanOrEqual(2600);
                expect(call.tookOverMs).toBeLessThanOrEqual(otherBotByMs);
            },
        );
    });

    it('logs for each step what the line and the service have said', async () => {
        call = new FrozenCall(undefined);
        await call.start();
        await turn(call, ['started']);
        await call.run(8000);
        expect(call.steps.map(({ action, line, service }) => [action, line, service])).toEqual([
            ['filler', 'quiet', 'speech'],
            ['end_turn', 'quiet', 'speech'],
            ['takeover', 'quiet', 'no speech'],
        ]);
        expect(call.steps[0]?.['lineQuietMs']).toBeGreaterThan(2400);
    });

    it('that hears noise as speech without end is asked for a response after 25 s', async () => {
        call = new FrozenCall(undefined);
        await call.start();
        call.serve(speechEvent('started'));
        await call.run(26_000, true);
        expect(call.steps.map(({ action, state, line }) => [action, state, line])).toContainEqual([
            'end_turn',
            'turn',
            'voice',
        ]);
        expect(call.lastCreateId).toBeDefined();
    });
});
