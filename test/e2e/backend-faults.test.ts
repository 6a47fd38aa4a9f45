import {
    API_FAULTS,
    apiFault,
    ENDS,
    type ConnectionPlan,
    type CutHow,
    type FakeSession,
    type Junk,
} from '../../tools/fake-openai';
import { FaultCall, type Fate, type FaultOptions, type Moment } from './attack/fault-call';

/** The limits of docs/ARCHITECTURE.md, and something for a busy machine: the clock runs ten times as fast. */
const SLACK_MS = 4000;
const CONNECT_MS = 8000;
const FIRST_AUDIO_MS = 8000;
const STALL_MS = 6000;
/** A ping that finds no pong, and then another connection. */
const DEAD_MS = 25_000 + CONNECT_MS;

const RAW_WORDS =
    /incorrect|current quota|bearer|HTTP|stand-in|sk-|resp_|event_|item_|error had|try again|rate limit|\{|"|https?:/i;
const CODES = [1000, 1001, 1006, 1011, 1012, 1013, 3000, 4000];

function cutWith(code: number): CutHow {
    return code === 1006 ? 'terminate' : { code, reason: 'a reason that nobody else is to read' };
}

/** Whatever became of the call, it is told in few words and leaves nothing behind. */
async function finish(made: FaultCall, fate: Fate, limitMs: number): Promise<void> {
    expect(fate.what).not.toBe('silence');
    expect(fate.afterMs).toBeLessThan(limitMs + SLACK_MS);
    await made.end();
    const { disconnect } = await made.caller.ended;
    if (fate.what !== 'ends') return;
    expect(disconnect?.reason).toBe('error');
    expect(disconnect?.info).toMatch(/^.{5,80}$/);
    expect(disconnect?.info).not.toMatch(RAW_WORDS);
    expect(JSON.stringify(disconnect?.outputVariables)).not.toMatch(/sk-|current quota|incorrect/i);
}

/** One call, whatever is done with it; nothing of it runs on. */
async function during<T>(options: FaultOptions, play: (call: FaultCall) => Promise<T>): Promise<T> {
    const call = await FaultCall.dial(options);
    try {
        return await play(call);
    } finally {
        await call.attack.stop();
    }
}

function dialInto(plan: ConnectionPlan, scope: 'next' | 'every', limitMs: number): Promise<Fate> {
    return during({ plan, scope }, async (call) => {
        const fate = await call.fate(limitMs + SLACK_MS);
        await finish(call, fate, limitMs);
        return fate;
    });
}

function strike(moment: Moment, act: (session: FakeSession, call: FaultCall) => void, limitMs: number): Promise<Fate> {
    return during({}, async (call) => {
        await call.reach(moment);
        act(call.session, call);
        const fate = await call.fate(limitMs + SLACK_MS);
        await finish(call, fate, limitMs);
        return fate;
    });
}

describe('a backend that fails at every connection', () => {
    const refusals = [
        'invalid_api_key',
        'missing_key',
        'invalid_model',
        'missing_model',
        'beta_api_shape_disabled',
        'insufficient_quota',
    ] as const;
    const plans: [string, ConnectionPlan, number][] = [
        ...refusals.map((refuse): [string, ConnectionPlan, number] => [`refuses with ${refuse}`, { refuse }, 3000]),
        ...[400, 401, 403, 404].map((httpStatus): [string, ConnectionPlan, number] => [
            `answers HTTP ${httpStatus}`,
            { httpStatus },
            3000,
        ]),
        ...[408, 429, 500, 503].map((httpStatus): [string, ConnectionPlan, number] => [
            `answers HTTP ${httpStatus}`,
            { httpStatus },
            CONNECT_MS,
        ]),
        ...CODES.map((code): [string, ConnectionPlan, number] => [
            `closes with ${code} at once`,
            { closeOnOpen: cutWith(code) },
            CONNECT_MS,
        ]),
        ...CODES.map((code): [string, ConnectionPlan, number] => [
            `closes with ${code} before session.updated`,
            { cutAfterFrames: 1, cutHow: cutWith(code) },
            CONNECT_MS,
        ]),
        ['never answers the upgrade', { hangUpgrade: true }, CONNECT_MS],
        ['sends no session.created', { noSessionCreated: true }, CONNECT_MS],
        ['sends no session.updated', { noSessionUpdated: true }, CONNECT_MS],
        ['refuses every session.update as a server fault', { refuseUpdates: 99 }, CONNECT_MS],
        [
            'refuses every session.update as wrong',
            { refuseUpdates: 99, updateFault: API_FAULTS.unknownParameter('session.x') },
            3000,
        ],
        [
            'sets a format that nobody can play',
            { forceFormat: { input: { type: 'audio/pcma' }, output: { type: 'audio/pcma' } } },
            3000,
        ],
        ['takes every request for the greeting and says nothing', { ignoreCreates: true }, FIRST_AUDIO_MS],
        ['stalls before the first sound', { stallAfterDeltas: 0 }, FIRST_AUDIO_MS],
        ['refuses every answer as if one were active', { refuseCreates: 99 }, FIRST_AUDIO_MS],
    ];

    it.concurrent.each(plans)('B2, B16, B21: %s: ends or goes on, within the limit', async (_name, plan, limitMs) => {
        await dialInto(plan, 'every', limitMs);
    });
});

describe('a backend that fails once, at its first connection', () => {
    const plans: [string, ConnectionPlan][] = [
        ...[429, 500, 503].map((httpStatus): [string, ConnectionPlan] => [`HTTP ${httpStatus}`, { httpStatus }]),
        ...[1001, 1006, 1011, 1012, 1013].map((code): [string, ConnectionPlan] => [
            `a close with ${code}`,
            { closeOnOpen: cutWith(code) },
        ]),
        ['a loss after session.created', { cutAfterFrames: 1 }],
        ['a server fault instead of session.updated', { refuseUpdates: 1 }],
    ];

    it.concurrent.each(plans)('B21: after %s the greeting comes all the same', async (_name, plan) => {
        const fate = await dialInto(plan, 'next', CONNECT_MS);
        expect(fate.what).toBe('goes on');
    });
});

describe('a backend that is lost in the middle', () => {
    const moments: Moment[] = ['greeting', 'listening', 'answering'];

    describe.each(moments)('while %s', (moment) => {
        it.concurrent.each(CODES)('B21: by close code %d: ends or goes on, within the limit', async (code) => {
            const fate = await strike(
                moment,
                (session) => {
                    session.cut(cutWith(code));
                },
                CONNECT_MS,
            );
            if ([1001, 1006, 1011, 1012, 1013].includes(code)) expect(fate.what).toBe('goes on');
        });

        it.concurrent('B20: by the end of its session: goes on in another one', async () => {
            const fate = await strike(
                moment,
                (session) => {
                    session.expire();
                },
                CONNECT_MS,
            );
            expect(fate.what).toBe('goes on');
        });

        it.concurrent.each([
            ['insufficient_quota', apiFault('insufficient_quota', 'You exceeded your current quota.')],
            ['account_deactivated', apiFault('account_deactivated', 'Your account sk-a-key-of-the-test is no more.')],
            ['two server faults', API_FAULTS.serverError()],
            ['an error that nobody knows', apiFault('brand_new', 'Incorrect "thing" {x}')],
            ['an error of nothing', { type: '', code: null, message: '', param: null }],
        ])('by %s: ends or goes on, within the limit', async (_name, fault) => {
            await strike(
                moment,
                (session) => {
                    session.error(fault);
                    session.error(fault);
                },
                CONNECT_MS,
            );
        });

        it.concurrent('B21: by silence on an open line: is noticed, and ends or goes on', async () => {
            await strike(
                moment,
                (session) => {
                    session.freeze();
                },
                moment === 'listening' ? DEAD_MS : STALL_MS + 2000,
            );
        });
    });
});

describe('an answer that fails', () => {
    const ends = [
        ['insufficient_quota', ENDS.insufficientQuota],
        ['rate_limit_exceeded', ENDS.rateLimited()],
        ['a server fault', ENDS.serverError],
        ['max_output_tokens', ENDS.maxOutputTokens],
        ['content_filter', ENDS.contentFilter],
    ] as const;

    it.concurrent.each(ends)(
        'B12: with %s, in the middle of its sound: ends or goes on, within the limit',
        async (_name, end) => {
            await strike(
                'answering',
                (session) => {
                    session.endResponse(end);
                },
                CONNECT_MS,
            );
        },
    );

    it.concurrent.each([0, 1, 5])(
        'B21: by a stall after %d deltas: ends or goes on, within the limit',
        async (deltas) => {
            const stallAndAsk = (session: FakeSession, call: FaultCall): void => {
                session.faultState.stallNextAnswer(deltas);
                call.ask();
            };
            await strike('listening', stallAndAsk, STALL_MS + 6000);
        },
    );
});

describe('frames that make no sense', () => {
    const kinds: Junk[] = [
        'notJson',
        'binary',
        'null',
        'array',
        'noType',
        'huge',
        'unknownEvent',
        'serverError',
        'conversationCreated',
        'doneWithoutCreated',
        'unknownResponseDelta',
        'invalidBase64Delta',
        'emptyDelta',
        'extraField',
        'wrongTypes',
        'lateDelta',
    ];

    it.concurrent.each(kinds)('B22: %s, while listening and in an answer: the call goes on', (kind) =>
        during({}, async (call) => {
            await call.reach('listening');
            call.session.junk(kind);
            await call.reach('answering');
            call.session.junk(kind);
            const fate = await call.fate(20_000);
            expect(fate.what).toBe('goes on');
            expect(call.caller.state).toBe('open');
            // A second fault of the service in one session is a reason to leave it.
            expect(call.attack.bench.fake.sessions).toHaveLength(kind === 'serverError' ? 2 : 1);
            await call.end();
        }),
    );

    it.concurrent('a frame of 17 MB ends this session, and the call goes on in another one', async () => {
        const fate = await strike(
            'answering',
            (session) => {
                session.sendRaw('x'.repeat(17 * 2 ** 20));
            },
            CONNECT_MS,
        );
        expect(fate.what).toBe('goes on');
    });

    it.concurrent('ten thousand frames of junk: the call goes on', async () => {
        const fate = await strike(
            'answering',
            (session) => {
                for (let i = 0; i < 10_000; i += 1)
                    session.sendRaw(i % 2 === 0 ? '{"type":' : '{"type":"response.done","response":{"id":7}}');
            },
            CONNECT_MS,
        );
        expect(fate.what).toBe('goes on');
    });
});
