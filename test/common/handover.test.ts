import type { SessionDeps } from '../../src/common/session';
import type { CallObserver } from '../../src/services/call-observer';
import type { ConversationEnd } from '../../src/services/conversation';
import type { EndedCall } from '../../src/services/handover/handover';
import { Handovers } from '../../src/services/handover/handovers';
import { OneAnswer } from '../../src/speech/chat/one-answer';
import { NULL_ID, outcome, SESSION_ID, SessionHarness, settle } from '../support/session-harness';
import { until } from '../services/realtime/support';
import { AnswerStandIn } from '../speech/chat/answer-stand-in';
import { FakeClock } from '../support/fake-clock';

const LONG_MS = 20_000;
const TRANSFER: ConversationEnd = {
    reason: 'completed',
    info: 'the caller is handed to an agent',
    outputVariables: { end_reason: 'transfer', transfer_reason: 'contract' },
};

async function callWith(handover: SessionDeps['handover'], more: Partial<SessionDeps> = {}): Promise<SessionHarness> {
    const call = new SessionHarness({ handover, ...more });
    await call.open();
    call.bot.emit('transcript', { speaker: 'caller', itemId: 'c1', text: 'I want to end my contract, 0815.' });
    return call;
}

describe('the hand-over of a call', () => {
    let service: AnswerStandIn;
    let clock: FakeClock;
    let handovers: Handovers;
    let kept: EndedCall[];

    beforeEach(async () => {
        service = await AnswerStandIn.start();
        clock = new FakeClock();
        kept = [];
        const chat = new OneAnswer({ apiKey: 'sk-test', baseURL: service.baseURL, model: 'm' }, clock);
        handovers = new Handovers({
            summary: 'model',
            ask: (messages, limitMs, signal) => chat.ask({ messages, limitMs, signal }),
            linkTo: (id) => `https://bot.example.com/call/${id}`,
            keep: (ended) => kept.push(ended),
        });
    });

    afterEach(async () => {
        await until(() => clock.pendingCount === 0, 'the end of every request', LONG_MS);
        await service.close();
        expect(service.breaches).toEqual([]);
    });

    it('begins when the bot hangs up, and is ready when the caller has heard the goodbye', async () => {
        service.plan('The caller wants to end the contract.');
        const call = await callWith(handovers.of);
        call.bot.say('bye', 3000);
        call.bot.emit('hangUp', TRANSFER);
        await until(() => service.requests.length === 1, 'the request', LONG_MS);
        await until(() => clock.pendingCount === 0, 'the answer', LONG_MS);
        await settle();
        expect(call.socket.types).toEqual(['opened']);
        call.pass(3200);
        call.send('playback_completed');
        call.pass(40);
        expect(call.socket.last('disconnect')?.parameters['outputVariables']).toEqual({
            ...outcome({ end_reason: 'transfer', transfer_reason: 'contract' }),
            summary: 'The caller wants to end the contract. The bot handed the caller to an agent: contract.',
            call_link: `https://bot.example.com/call/${SESSION_ID}`,
        });
        expect(kept).toMatchObject([{ sessionId: SESSION_ID, bot: 'fake', endReason: 'transfer' }]);
    });

    /** What is sent, and when. */
    async function timeline(
        handover: SessionDeps['handover'],
        end: (call: SessionHarness) => void,
    ): Promise<unknown[]> {
        const call = await callWith(handover);
        end(call);
        const times: unknown[] = [];
        for (let ms = 0; ms < 20_000; ms += 50) {
            if (call.socket.types.length > times.length + 1) times.push([ms, call.socket.types[times.length + 1]]);
            call.pass(50);
        }
        call.session.close();
        return times;
    }

    const ENDS: [string, (call: SessionHarness) => void][] = [
        [
            'the bot hangs up',
            (call) => {
                call.bot.say('bye', 3000);
                call.bot.emit('hangUp', TRANSFER);
            },
        ],
        [
            'the bot ends with nothing left to hear',
            (call) => {
                call.bot.emit('ended', TRANSFER);
            },
        ],
        [
            'the server is stopped',
            (call) => {
                call.session.endForShutdown();
                call.bot.say('bye', 1000);
                call.bot.emit('ended', { reason: 'completed', info: 'done' });
            },
        ],
        [
            'the client closes while the bot hangs up',
            (call) => {
                call.bot.say('bye', 3000);
                call.bot.emit('hangUp', TRANSFER);
                call.send('close', { reason: 'end' });
            },
        ],
        [
            'the bot fails',
            (call) => {
                call.bot.say('bye', 1000);
                call.bot.emit('hangUp', TRANSFER);
                call.session.processFault(new Error('a bug'));
            },
        ],
    ];

    it.each(ENDS)('never delays disconnect and closed by a summary that hangs: %s', async (_what, end) => {
        service.plan('hang');
        const without = await timeline(undefined, end);
        expect(without).not.toEqual([]);
        expect(await timeline(handovers.of, end)).toEqual(without);
    });

    it('answers close in the same tick while the summary hangs', async () => {
        service.plan('hang');
        const call = await callWith(handovers.of);
        call.bot.say('bye', 3000);
        call.bot.emit('hangUp', TRANSFER);
        await until(() => service.requests.length === 1, 'the request', LONG_MS);
        const startedMs = performance.now();
        call.send('close', { reason: 'end' });
        expect(call.socket.types).toEqual(['opened', 'closed']);
        expect(performance.now() - startedMs).toBeLessThan(500);
        await until(() => service.gaveUp === 1, 'the end of the request', LONG_MS);
        call.session.close();
    });

    it('gives up the request when the socket is lost', async () => {
        service.plan('hang');
        const call = await callWith(handovers.of);
        call.bot.say('bye', 3000);
        call.bot.emit('hangUp', TRANSFER);
        await until(() => service.requests.length === 1, 'the request', LONG_MS);
        call.session.close();
        await until(() => service.gaveUp === 1, 'the end of the request', LONG_MS);
    });

    it('writes the summary by the rules where the model hangs, with masked numbers', async () => {
        service.plan('hang');
        const call = await callWith(handovers.of);
        call.bot.emit('ended', TRANSFER);
        expect(call.socket.last('disconnect')?.parameters['outputVariables']).toMatchObject({
            summary:
                'The caller said: “I want to end my contract, ***.”. No function was used. The bot handed the caller to an agent: contract.',
        });
    });

    it('writes anew when the caller has interrupted the hang-up and gone on', async () => {
        service.plan('Old.', 'The caller wants to keep the contract.');
        const call = await callWith(handovers.of);
        call.bot.say('bye', 3000);
        call.bot.emit('hangUp', TRANSFER);
        await until(() => service.requests.length === 1 && clock.pendingCount === 0, 'the first answer', LONG_MS);
        call.pass(500);
        call.bot.emit('speechStarted');
        call.bot.emit('transcript', { speaker: 'caller', itemId: 'c2', text: 'No, I want to keep it.' });
        call.bot.emit('speechStopped', 500);
        call.bot.say('bye2', 1000);
        call.bot.emit('hangUp', TRANSFER);
        await until(() => service.requests.length === 2 && clock.pendingCount === 0, 'the second answer', LONG_MS);
        await settle();
        call.pass(1200);
        call.send('playback_completed');
        call.pass(40);
        const told = call.socket.last('disconnect')?.parameters['outputVariables'];
        expect(told).toMatchObject({ summary: expect.stringMatching(/^The caller wants to keep/) as string });
    });

    it('puts the link into no record, and the summary into each', async () => {
        const outcomes: Record<string, string>[] = [];
        const observer: CallObserver = { outcome: (variables) => void outcomes.push(variables) };
        const call = await callWith(new Handovers({ summary: 'rules', linkTo: () => 'https://secret' }).of, {
            observers: [() => observer],
        });
        call.bot.emit('ended', TRANSFER);
        expect(outcomes).toHaveLength(1);
        expect(Object.keys(outcomes[0] ?? {})).toContain('summary');
        expect(JSON.stringify(outcomes)).not.toContain('secret');
    });

    it('is not made for a probe, and changes nothing where it is off', async () => {
        const make = jest.fn();
        const probe = new SessionHarness({ handover: make });
        await probe.open({ conversationId: NULL_ID });
        expect(make).not.toHaveBeenCalled();
        const call = await callWith(undefined);
        call.bot.emit('ended', { reason: 'completed', info: 'done' });
        expect(call.socket.last('disconnect')?.parameters['outputVariables']).toEqual(outcome());
    });
});
