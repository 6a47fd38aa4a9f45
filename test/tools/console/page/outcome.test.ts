import type { CallEvent } from '../../../../tools/caller/call-event';
import { outcomeOf } from '../../../../tools/console/page/outcome';

const received = (atMs: number, type: string, parameters: Record<string, unknown> = {}): CallEvent => ({
    atMs,
    kind: 'received',
    type,
    parameters,
    text: '',
});
const gone: CallEvent = { atMs: 21_400, kind: 'gone', byServer: true, code: 1000 };

describe('the card of a call that is over', () => {
    it('tells the bot, the model, who ended it and why, and every output variable', () => {
        const outputVariables = { end_reason: 'transfer', bot: 'reception', cost_usd: '0.0123' };
        const outcome = outcomeOf([
            { atMs: 1, kind: 'note', arrow: '·', label: '(bot)', text: 'default' },
            { atMs: 2, kind: 'openai', sent: false, type: 'session.updated', detail: 'gpt-realtime' },
            received(20_000, 'disconnect', { reason: 'completed', outputVariables }),
            gone,
        ]);
        expect(outcome).toEqual({
            facts: [
                ['Ended by', 'the bot or the server, with disconnect'],
                ['Reason', 'completed'],
                ['Bot', 'reception'],
                ['Model', 'gpt-realtime'],
                ['Duration', '21.4 s'],
            ],
            outputVariables: Object.entries(outputVariables),
            noVariables: '',
        });
    });

    it('says why there are no output variables when the caller hangs up, and knows the bot from inside', () => {
        const outcome = outcomeOf([
            { atMs: 1, kind: 'note', arrow: '·', label: '(bot)', text: 'default' },
            received(20_000, 'closed'),
            gone,
        ]);
        expect(outcome?.facts).toContainEqual(['Ended by', 'the caller, who hung up']);
        expect(outcome?.facts).toContainEqual(['Bot', 'default']);
        expect(outcome?.noVariables).toBe('None: the server sends them with disconnect, when the bot ends the call.');
    });

    it('tells a call that was refused, and one whose connection broke off', () => {
        const refused = outcomeOf([{ atMs: 5, kind: 'refused', status: 401, why: 'x' }]);
        expect(refused?.facts[0]).toEqual(['Ended by', 'the server: it refused the call']);
        expect(outcomeOf([gone])?.facts[0]).toEqual(['Ended by', 'the connection, which broke off']);
    });

    it('is not there while the call goes on', () => {
        expect(outcomeOf([received(5, 'opened')])).toBeUndefined();
    });
});
