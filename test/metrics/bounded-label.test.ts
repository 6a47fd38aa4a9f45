import { BoundedLabel, codeLabel, endLabel, oneOf } from '../../src/metrics/bounded-label';
import { ERRORS } from '../../src/support/errors';
import { END_REASONS } from '../../tools/architect-kit/end-reasons';

describe('labels', () => {
    it('are codes of the catalogue, and nothing that only looks like one', () => {
        for (const code of Object.keys(ERRORS)) expect(codeLabel(code)).toBe(code);
        for (const odd of ['ERR_MADE_UP', '', 'toString', '__proto__', '+49 30 1234'])
            expect(codeLabel(odd)).toBe('other');
    });

    it('know every reason with which the server ends a call', () => {
        for (const reason of Object.keys(END_REASONS)) expect(endLabel(reason)).toBe(reason);
        for (const word of ['end', 'error', 'disconnect', 'reconnect'])
            expect(endLabel(`client_${word}`)).toBe(`client_${word}`);
        expect(endLabel('ERR_BOT_STALLED')).toBe('ERR_BOT_STALLED');
    });

    it('show nothing of what a client or a bot has made up', () => {
        for (const odd of ['client_My number is 42', 'client_x'.repeat(500), 'customer_4711', 'constructor'])
            expect(endLabel(odd)).toBe('other');
        expect(oneOf(['ok', 'error'], 'maybe')).toBe('other');
    });

    it('of unknown names have a limit', () => {
        const label = new BoundedLabel(3);
        const made = Array.from({ length: 100 }, (_, at) => label.of(`tool_${at}`));
        expect(new Set(made)).toEqual(new Set(['tool_0', 'tool_1', 'tool_2', 'other']));
        expect(label.of('tool_1')).toBe('tool_1');
    });

    it('are no sentences, and no longer than a name', () => {
        const label = new BoundedLabel(3);
        for (const odd of ['', 'two words', 'a"b', 'a\nb', 'ä', 'x'.repeat(130)]) expect(label.of(odd)).toBe('other');
        expect(label.of('crm.find_customer')).toBe('crm.find_customer');
    });
});
