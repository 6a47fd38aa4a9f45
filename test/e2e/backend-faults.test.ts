import { API_FAULTS, apiFault, ENDS, type ConnectionPlan, type FakeSession } from '../../tools/fake-openai';
import type { FaultCall, Moment } from './attack/fault-call';
import {
    CODES,
    CONNECT_MS,
    cutWith,
    DEAD_MS,
    dialInto,
    during,
    finish,
    FIRST_AUDIO_MS,
    SLACK_MS,
    STALL_MS,
    strike,
} from './attack/fault-plays';

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
            'sets a format that cannot be played',
            { forceFormat: { input: { type: 'audio/pcma' }, output: { type: 'audio/pcma' } } },
            3000,
        ],
        ['takes every request for the greeting and says nothing', { ignoreCreates: true }, FIRST_AUDIO_MS],
        ['stalls before the first sound', { stallAfterDeltas: 0 }, FIRST_AUDIO_MS],
        ['refuses every answer as if one were active', { refuseCreates: 99 }, FIRST_AUDIO_MS],
    ];

    it.concurrent.each(plans)('%s: ends or goes on, within the limit', async (_name, plan, limitMs) => {
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

    it.concurrent.each(plans)('after %s the greeting comes all the same', async (_name, plan) => {
        const fate = await dialInto(plan, 'next', CONNECT_MS);
        expect(fate.what).toBe('goes on');
    });
});

describe('a backend that is lost in the middle', () => {
    const moments: Moment[] = ['greeting', 'listening', 'answering'];

    describe.each(moments)('while %s', (moment) => {
        it.concurrent.each(CODES)('by close code %d: ends or goes on, within the limit', async (code) => {
            const fate = await strike(
                moment,
                (session) => {
                    session.cut(cutWith(code));
                },
                CONNECT_MS,
            );
            if ([1001, 1006, 1011, 1012, 1013].includes(code)) expect(fate.what).toBe('goes on');
        });

        it.concurrent('by the end of its session: goes on in another one', async () => {
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
            ['an unknown error', apiFault('brand_new', 'Incorrect "thing" {x}')],
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

        it.concurrent('by silence on an open line: is noticed, and ends or goes on', async () => {
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

describe('a response that fails', () => {
    const ends = [
        ['insufficient_quota', ENDS.insufficientQuota],
        ['rate_limit_exceeded', ENDS.rateLimited()],
        ['a server fault', ENDS.serverError],
        ['max_output_tokens', ENDS.maxOutputTokens],
        ['content_filter', ENDS.contentFilter],
    ] as const;

    it.concurrent.each(ends)(
        'with %s, in the middle of its sound: ends or goes on, within the limit',
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

    it.concurrent.each([0, 1, 5])('by a stall after %d deltas: ends or goes on, within the limit', async (deltas) => {
        const stallAndAsk = (session: FakeSession, call: FaultCall): void => {
            session.faultState.stallNextResponse(deltas);
            call.ask();
        };
        await strike('listening', stallAndAsk, STALL_MS + 6000);
    });
});

describe('a turn of the caller that the backend heard and never answers', () => {
    it.concurrent('is not the end of all sound: the call goes on, or ends', () =>
        during({}, async (call) => {
            await call.reach('listening');
            const { session } = call;
            session.send('input_audio_buffer.speech_started', { audio_start_ms: 0, item_id: 'item_unanswered' });
            session.send('input_audio_buffer.speech_stopped', { audio_end_ms: 900, item_id: 'item_unanswered' });
            session.send('input_audio_buffer.committed', { previous_item_id: null, item_id: 'item_unanswered' });
            await finish(call, await call.fate(DEAD_MS + SLACK_MS, false), DEAD_MS);
        }),
    );
});
