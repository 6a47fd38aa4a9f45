import { createdEvent, deltaEvent, doneEvent, speechEvent } from '../../services/realtime/support';
import { FakeConversation } from '../../support/fake-conversation';
import { botAudio, OverlapCall } from './overlap-call';

/** What may come between the caller's speech over the bot and its verdict. */
describe('speech over the bot that is crossed by something else', () => {
    let call: OverlapCall;

    beforeEach(async () => {
        call = new OverlapCall();
        await call.start();
    });

    afterEach(() => {
        call.close();
        expect(call.clock.pendingCount).toBe(0);
    });

    async function whileTheBotSpeaks(): Promise<void> {
        call.respond('r1', 6000);
        await call.run(2000);
    }

    async function says(item: string, words: string, ms = 600): Promise<void> {
        call.serve({ ...speechEvent('started'), item_id: item });
        await call.run(ms, true);
        await call.run(260);
        await call.committed(item, words);
    }

    it('leaves the next turn to the service after a key that stops the bot', async () => {
        await whileTheBotSpeaks();
        call.key('1');
        await call.run(100);
        expect(call.serviceTakesTurns).toBe(true);
    });

    it('is answered when it was accepted as a turn, also if a key follows at once', async () => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(600, true);
        await call.run(260);
        await call.committed('u', 'I have a question');
        await call.run(20, true);
        expect(call.verdicts).toEqual(['held', 'turn']);
        call.key('1');
        await call.run(800);
        expect(call.sent('response.create')).toHaveLength(1);
        expect(call.serviceTakesTurns).toBe(true);
    });

    it('is a turn where the bot makes no sound in the middle of a response', async () => {
        call.serve(createdEvent('r1'));
        call.serve(deltaEvent('r1', 'r1_item', botAudio(500)));
        await call.run(900);
        call.serve(speechEvent('started'));
        await call.run(600, true);
        await call.run(560);
        call.serve(speechEvent('stopped'));
        await call.committed('u', 'wait a moment');
        expect(call.sent('response.cancel')).toHaveLength(1);
        call.serve(doneEvent('r1', 'cancelled'));
        await call.run(200);
        expect(call.sent('response.create')).toHaveLength(1);
        expect(call.sent('conversation.item.delete')).toEqual([]);
    });

    it('is answered when its words come after the end of what the bot says', async () => {
        call.respond('r1', 3200);
        await call.run(1800);
        call.serve(speechEvent('started'));
        await call.run(240, true);
        await call.run(1200);
        expect(call.verdicts).toEqual(['ignored']);
        await call.committed('u', 'what about my card', 500);
        await call.run(700);
        expect(call.verdicts).toEqual(['ignored', 'turn']);
        expect(call.sent('response.create')).toHaveLength(1);
        expect(call.serviceTakesTurns).toBe(true);
    });

    it('is a turn when the caller speaks again after the end, while words of before are awaited', async () => {
        call.respond('r1', 3200);
        await call.run(1800);
        call.serve(speechEvent('started'));
        await call.run(240, true);
        await call.run(1300);
        call.serve({ ...speechEvent('started'), item_id: 'v' });
        await call.run(600, true);
        await call.run(1100);
        expect(call.sent('response.create')).toHaveLength(1);
        expect(call.sent('conversation.item.delete')).toEqual([]);
    });

    it('is not begun by the voice of a turn that goes on when the bot begins', async () => {
        call.serve(speechEvent('started'));
        await call.run(400, true);
        call.respond('r1', 3000);
        await call.run(800, true);
        expect(call.verdicts).toEqual([]);
        await call.run(600);
        expect(call.sent('input_audio_buffer.commit')).toEqual([]);
        call.serve(speechEvent('stopped'));
        await call.committed('u', 'hello');
        expect(call.sent('response.create')).toHaveLength(1);
    });

    it('is told apart from turns although the service names no items', async () => {
        await whileTheBotSpeaks();
        call.serve({ type: 'input_audio_buffer.speech_started' });
        await call.run(240, true);
        await call.run(260);
        await call.committed('u', 'mhm');
        expect(call.verdicts).toEqual(['ignored']);
        expect(call.sent('conversation.item.delete')).toMatchObject([{ item_id: 'u' }]);
        await call.run(5000);
        expect(call.serviceTakesTurns).toBe(true);
        expect(call.sent('response.create')).toEqual([]);
    });

    it('without any id deletes nothing', async () => {
        await whileTheBotSpeaks();
        call.serve({ type: 'input_audio_buffer.speech_started' });
        await call.run(240, true);
        call.serve({ type: 'input_audio_buffer.committed' });
        await call.run(4000);
        expect(call.sent('conversation.item.delete', 'response.create')).toEqual([]);
    });

    it('is judged by its words right after a turn whose commit was refused', async () => {
        await whileTheBotSpeaks();
        await call.run(1700, true);
        expect(call.verdicts).toEqual(['held', 'turn']);
        await call.run(600);
        expect(call.sent('input_audio_buffer.commit').length).toBeGreaterThan(0);
        const createId = call.sent('response.create')[0]?.['event_id'];
        call.respond('r2', 4000, createId);
        await call.run(300);
        await says('v', 'Mhm.', 240);
        expect(call.verdicts.at(-1)).toBe('ignored');
        expect(call.sent('conversation.item.delete')).toMatchObject([{ item_id: 'v' }]);
    });

    it('does not split a response that the service asks for: the end of the turn by the line is answered once', async () => {
        await whileTheBotSpeaks();
        await says('u', 'I have a question');
        call.endTurnByLine();
        await call.run(1000);
        expect(call.sent('response.create')).toHaveLength(1);
    });

    it.each(['judging', 'held', 'turn', 'late'] as const)('leaves no timer when the call ends: %s', async (phase) => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(phase === 'judging' ? 200 : phase === 'turn' ? 1700 : 600, true);
        if (phase === 'late') await call.run(1200);
        call.close();
        expect(call.clock.pendingCount).toBe(0);
    });

    it.each(['judging', 'held', 'turn', 'late'] as const)(
        'gives way to a lost connection: the caller hears the rest, or is answered: %s',
        async (phase) => {
            await whileTheBotSpeaks();
            call.serve(speechEvent('started'));
            await call.run({ judging: 200, held: 500, turn: 1700, late: 600 }[phase], true);
            if (phase === 'late') await call.run(1200);
            await call.reconnect();
            await call.run(9000);
            expect(call.serviceTakesTurns ?? true).toBe(true);
            if (phase !== 'turn') {
                const heard = call.stretches.reduce((sum, { length }) => sum + length, 0);
                expect(heard / 8).toBeGreaterThanOrEqual(6000);
            }
        },
    );
});

describe('speech over a bot that is replaced', () => {
    it('does not leave the caller in silence where the next bot takes no turns: the rest is heard', async () => {
        const next = new FakeConversation();
        const call = new OverlapCall([{ name: 'next', make: () => next }]);
        await call.start();
        call.respond('r1', 6000);
        await call.run(2000);
        call.serve(speechEvent('started'));
        await call.run(600, true);
        expect(call.verdicts).toEqual(['held']);
        call.serve({
            type: 'error',
            error: { type: 'invalid_request_error', code: 'insufficient_quota', message: '' },
        });
        await call.run(1500, true);
        expect(next.startCount).toBe(1);
        await call.run(6000);
        const heard = call.stretches.slice(1).reduce((sum, { length }) => sum + length, 0);
        expect(heard).toBeGreaterThan(3500 * 8);
        call.close();
        expect(call.clock.pendingCount).toBe(0);
    });
});

describe('speech into the end of a hang-up', () => {
    it.each([
        ['I have one more question', 0],
        ['', 1],
    ])('is waited for, and decides whether the call goes on: “%s”', async (words, ends) => {
        const call = new OverlapCall();
        await call.start();
        call.serve(createdEvent('r1'));
        call.serve(deltaEvent('r1', 'r1_item', botAudio(1500)));
        const item = {
            id: 'f',
            type: 'function_call',
            status: 'completed',
            name: 'end_call',
            call_id: 'c',
            arguments: '{}',
        };
        call.serve({ type: 'response.output_item.done', response_id: 'r1', output_index: 1, item });
        call.serve(doneEvent('r1'));
        await call.run(1300);
        call.serve(speechEvent('started'));
        await call.run(300, words !== '');
        await call.run(260);
        await call.committed('u', words);
        await call.run(3000);
        expect(call.ended).toHaveLength(ends);
        expect(call.sent('response.create').length).toBe(ends === 0 ? 1 : 0);
        call.close();
        expect(call.clock.pendingCount).toBe(0);
    });
});
