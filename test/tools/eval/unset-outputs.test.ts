import { NO_SUCH_VALUE, NOTHING_PICKED, VARIABLE_NOT_SET } from '../../../src/services/functions/service-response';
import type { ToolSpec } from '../../../src/services/profiles/tool-schema';
import type { FunctionCalled } from '../../../tools/eval/result';
import { LogKeeper } from '../../../tools/eval/log-keeper';
import { emptyPicks, whyUnset } from '../../../tools/eval/unset-outputs';

const TOOLS = [
    { kind: 'end_call' },
    { kind: 'set_variable', variables: ['topic'] },
    { kind: 'http', name: 'get_balance', setVariables: { balance: 'account.balance' } },
    { kind: 'data_action', name: 'lookup', setVariables: { balance: 'b' } },
    { kind: 'http', name: 'plain' },
] as unknown as ToolSpec[];

function called(name: string, outcome = 'ok', args: unknown = {}): FunctionCalled {
    return { atMs: 1, name, arguments: args, outcome, ms: 1 };
}

function reasons(calls: readonly FunctionCalled[], write: (logger: LogKeeper) => void = () => undefined) {
    const logger = new LogKeeper();
    write(logger);
    return Object.fromEntries(whyUnset(TOOLS, calls, logger.lines));
}

describe('why an output variable has no value', () => {
    it('is that no function was called that sets it', () => {
        expect(reasons([])).toEqual({
            topic: 'set_variable was not called for it',
            balance: 'function get_balance was not called; function lookup was not called',
        });
        expect(reasons([called('set_variable', 'ok', { name: 'other' })])).toMatchObject({
            topic: 'set_variable was not called for it',
        });
    });

    it('is that the function failed, or was refused', () => {
        const calls = [called('get_balance'), called('get_balance', 'timeout')];
        expect(reasons([...calls, called('set_variable', 'refused', { name: 'topic' })])).toMatchObject({
            topic: 'set_variable was called, and was refused',
            balance: 'function get_balance was called, and ended with timeout; function lookup was not called',
        });
    });

    it('is that its path found nothing in the answer', () => {
        const found = reasons([called('get_balance'), called('lookup')], (logger) => {
            logger
                .child({ call: 'x' })
                .warn(
                    { tool: 'get_balance', variable: 'balance', path: 'account.balance', problem: NO_SUCH_VALUE },
                    VARIABLE_NOT_SET,
                );
            logger.warn(
                { tool: 'lookup', variable: 'balance', path: 'b', problem: 'The value of balance is too long.' },
                VARIABLE_NOT_SET,
            );
        });
        expect(found['balance']).toBe(
            'function get_balance answered, but its path `account.balance` found nothing in the answer that is text, a number, true or false; ' +
                'function lookup answered, but the value at `b` was not taken: The value of balance is too long',
        );
    });

    it('of the model may be that `pick` found nothing', () => {
        const found = reasons([called('plain')], (logger) => {
            for (let time = 0; time < 2; time++)
                logger.debug({ tool: 'plain', name: 'x', path: 'a.b' }, NOTHING_PICKED);
        });
        expect(found['topic']).toBe('set_variable was not called for it; `pick` of plain found nothing at `a.b`');
    });
});

describe('places of `pick` that an answer does not have', () => {
    it('are named once each, with what to do', () => {
        const logger = new LogKeeper();
        for (const path of ['order.readyin', 'order.readyin', 'order.id'])
            logger.debug({ tool: 'place_order', name: 'minutes', path }, NOTHING_PICKED);
        logger.debug({ tool: 'other' }, 'A function was called.');
        expect(emptyPicks(logger.lines)).toEqual([
            'function place_order answered, but its `pick` path `order.readyin` found nothing: put `null` there if that is meant',
            'function place_order answered, but its `pick` path `order.id` found nothing: put `null` there if that is meant',
        ]);
    });
});
