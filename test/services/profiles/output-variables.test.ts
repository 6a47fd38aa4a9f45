import { OutputVariables, outputVariableSchema } from '../../../src/services/profiles/variables';

function variables(...names: string[]): OutputVariables {
    return new OutputVariables(Object.fromEntries(names.map((name) => [name, outputVariableSchema.parse({})])));
}

describe('the output variables of a bot', () => {
    it('are what was set last, as text', () => {
        const output = variables('topic', 'amount', 'paid');
        expect([output.set('topic', 'bill'), output.set('amount', 12.5), output.set('paid', false)]).toEqual([
            undefined,
            undefined,
            undefined,
        ]);
        expect(output.set('topic', 'order')).toBeUndefined();
        expect(output.entries()).toEqual({ topic: 'order', amount: '12.5', paid: 'false' });
        expect(output.get('topic')).toBe('order');
    });

    it('are only those that the profile declares, and the model is told which', () => {
        const output = variables('topic');
        expect(output.set('mood', 'good')).toBe('There is no variable "mood". Right is one of: topic.');
        expect(variables().set('mood', 'good')).toBe('There is no variable "mood". None can be set.');
        expect(output.entries()).toEqual({});
    });

    it.each(['__proto__', 'constructor', 'toString', 'end_reason'])('have no %s by themselves', (name) => {
        const output = variables('topic');
        expect(output.set(name, 'x')).toMatch(/^There is no variable/);
        expect(output.entries()).toEqual({});
        expect(Object.getPrototypeOf(output.entries())).toBeNull();
    });

    it.each(['end_reason', 'error_code', 'failure', 'transfer_reason'])(
        'leave %s to the call, also where any name may be set',
        (name) => {
            const output = new OutputVariables({}, { maxLength: 1000 });
            expect(output.set(name, '4711')).toMatch(/^There is no variable/);
            expect(output.set('account', '4711')).toBeUndefined();
            expect(output.entries()).toEqual({ account: '4711' });
        },
    );

    it('repeat no more than a piece of a name that is none', () => {
        expect(variables('topic').set('x'.repeat(10_000), 'v')?.length).toBeLessThan(130);
    });

    it.each([null, undefined, {}, [], Number.NaN, Number.POSITIVE_INFINITY])('do not take %p', (value) => {
        const output = variables('topic');
        expect(output.set('topic', value)).toBe('The value of topic must be text, a number, true or false.');
        expect(output.get('topic')).toBeUndefined();
    });

    it('are bounded one by one, at 1000 characters where nothing is declared', () => {
        const output = variables('topic');
        expect(output.set('topic', 'x'.repeat(1000))).toBeUndefined();
        expect(output.set('topic', 'y'.repeat(1001))).toBe('The value of topic is too long: 1000 characters at most.');
        expect(output.get('topic')).toBe('x'.repeat(1000));
    });

    it('are bounded together, names included, and room is made by shorter values', () => {
        const names = Array.from({ length: 9 }, (_, index) => `name${index}`);
        const output = variables(...names);
        const full = names.filter((name) => output.set(name, 'x'.repeat(1000)) !== undefined);
        expect(full).toEqual(['name7', 'name8']);
        expect(output.set('name0', '')).toBeUndefined();
        expect(output.set('name7', 'x'.repeat(1000))).toBeUndefined();
        const chars = Object.entries(output.entries()).flat().join('').length;
        expect(chars).toBeLessThanOrEqual(8000);
    });

    it('hold no controls and no half characters, and keep their lines', () => {
        const output = variables('summary');
        output.set('summary', ' one\ntwo\u0000\u001b[31m\ud800 ');
        expect(output.get('summary')).toBe('one\ntwo[31m');
    });
});
