import { outcomeVariables } from '../../src/common/call-record';
import { CallRecord } from '../../src/common/call-record';
import { CALL_OUTPUT_VARIABLES } from '../../src/services/profiles/variables';

const BOT = { name: 'desk', fallbackUsed: '', variables: {} };

describe('what Architect is told of a call', () => {
    it('always has the same names, and nothing but text: empty where nothing is known', () => {
        const told = outcomeVariables(new CallRecord(), { ...BOT, name: '' }, {}, 'bot_failed');
        expect(Object.keys(told).sort()).toEqual(Object.keys(CALL_OUTPUT_VARIABLES).sort());
        expect(told).toEqual({
            bot: '',
            turns: '0',
            fallback_used: '',
            worst_turn_ms: '',
            cost_usd: '',
            end_reason: 'bot_failed',
        });
    });

    it('has figures as text: whole milliseconds of the longest wait, and dollars in ten-thousandths', () => {
        const record = new CallRecord();
        record.turns = 12;
        record.costUsd = 0.01236;
        for (const waitMs of [400, 1234.6, 700]) {
            record.turnClock.callerStopped(1000);
            record.turnClock.botAudio(1000 + waitMs);
        }
        const told = outcomeVariables(record, { ...BOT, fallbackUsed: 'rest,local' }, {}, 'transfer');
        expect(told).toMatchObject({ turns: '12', worst_turn_ms: '1235', cost_usd: '0.0124' });
        expect(told).toMatchObject({ bot: 'desk', fallback_used: 'rest,local', end_reason: 'transfer' });
    });

    it('tells a free call from one whose price is not known', () => {
        const record = new CallRecord();
        record.costUsd = 0;
        expect(outcomeVariables(record, BOT, {}, 'x')['cost_usd']).toBe('0.0000');
    });

    it('lets no variable of the bot’s stand in for one of the call’s', () => {
        const forged = { bot: 'other', turns: '99', cost_usd: '0', end_reason: 'transfer', topic: 'payment' };
        const told = outcomeVariables(new CallRecord(), { ...BOT, variables: forged }, {}, 'bot_ended');
        expect(told).toMatchObject({
            bot: 'desk',
            turns: '0',
            cost_usd: '',
            end_reason: 'bot_ended',
            topic: 'payment',
        });
    });

    it('takes what comes with the end itself over everything else', () => {
        const bot = { ...BOT, variables: { transfer_reason: 'old', topic: 'payment' } };
        const given = { transfer_reason: 'new', end_reason: 'transfer', fallback_used: 'local' };
        expect(outcomeVariables(new CallRecord(), bot, given, 'bot_ended')).toMatchObject({
            ...given,
            topic: 'payment',
        });
    });
});
