import { defaultDialog, takeoverDialog } from '../../../src/speech/dialog/default-dialog';
import { plainWords, readDialog, type DialogSource } from '../../../src/services/profiles/dialog-script';
import { CodedError } from '../../../src/support/errors';
import { smallDialog } from '../../speech/dialog/small-dialog';
import { menuWords } from '../../../src/speech/dialog/dialog';

function problem(changes: Record<string, unknown>): string {
    try {
        readDialog({ ...smallDialog(), ...changes });
        return 'none';
    } catch (fault) {
        expect(fault).toBeInstanceOf(CodedError);
        expect(fault).toMatchObject({ code: 'ERR_DIALOG' });
        return fault instanceof Error ? fault.message : '';
    }
}

const choice = (key: string, label: string): DialogSource['menus'][string]['choices'][number] => ({
    key,
    label,
    action: { do: 'say', text: 'Yes.' },
});

describe('a dialog as data', () => {
    it('is read from JSON, with defaults for what was left out', () => {
        const dialog = readDialog(JSON.parse(JSON.stringify(smallDialog())));
        expect(dialog.maxFailures).toBe(2);
        expect(dialog.menus['main']?.choices[0]).toMatchObject({ phrases: [], confirm: false });
        expect(dialog.outputVariables).toEqual({});
    });

    it('comes with a default that is in order', () => {
        const dialog = defaultDialog();
        expect(dialog.menus[dialog.start]?.choices.map(({ action }) => action.do)).toEqual([
            'say',
            'echo',
            'transfer',
            'goodbye',
        ]);
    });

    it.each([
        ['no menu to start with', { start: 'nowhere' }, /no menu "nowhere"/],
        ['a name that only an object’s ancestor has', { start: 'toString' }, /no menu "toString"/],
        ['a key that stands twice', { menus: { main: { choices: [choice('1', 'a'), choice('1', 'b')] } } }, /key 1/],
        [
            'a phrase that stands twice',
            { menus: { main: { choices: [choice('1', 'Sales'), choice('2', 'sales!')] } } },
            /"sales"/,
        ],
        ['a key that no telephone has', { menus: { main: { choices: [choice('A', 'a')] } } }, /choices\.0\.key/],
        ['a menu without a choice', { menus: { main: { choices: [] } } }, /menus\.main\.choices/],
        [
            'a way to a menu that is not there',
            { menus: { main: { choices: [{ ...choice('1', 'a'), action: { do: 'menu', menu: 'x' } }] } } },
            /no menu x/,
        ],
        ['a word it does not know', { greetings: 'Hello.' }, /greetings/],
        ['an unknown action', { onFailure: { do: 'explode', text: 'Bang.' } }, /onFailure/],
        ['failures that never end', { maxFailures: 0 }, /maxFailures/],
        ['an output variable that Architect cannot name', { outputVariables: { 'a b': 'x' } }, /outputVariables/],
    ])('is refused with %s, and the place is named', (_what, changes, words) => {
        expect(problem(changes)).toMatch(words);
    });

    it.each([undefined, null, 5, 'dialog', [], {}])('is refused when it is %j', (source) => {
        expect(() => readDialog(source)).toThrow(CodedError);
    });

    it('compares words without capitals, accents and signs', () => {
        expect(plainWords('  Où est Amélie’s  BILL-ing? ')).toBe('ou est amelies bill ing');
        expect(plainWords('…')).toBe('');
    });

    it('offers by key alone where speech is not understood, and by word and key where it is', () => {
        const menu = defaultDialog().menus['main'];
        if (menu === undefined) throw new Error('the default has a menu');
        expect(menuWords(menu, 'none').join(' ')).not.toMatch(/\bsay\b/i);
        expect(menuWords(menu, 'none')).toContain('For customer service, press 0.');
        expect(menuWords(menu, 'none')).toContain('To end this call, press 9.');
        expect(menuWords(menu, 'closed')).toContain('Say customer service, or press 0.');
        const star = { choices: menu.choices.slice(0, 1).map((choice) => ({ ...choice, key: '*' })) };
        expect(menuWords(star, 'none')).toEqual(['For opening hours, press star.']);
    });

    it('explains itself instead of greeting when it takes over, and tells Architect why', () => {
        const lost = takeoverDialog({ why: 'ERR_OPENAI_LOST', greeted: true });
        expect(lost.outputVariables).toEqual({ fallback_reason: 'ERR_OPENAI_LOST' });
        expect(JSON.stringify(lost.greeting)).toMatch(/"none":"I am sorry, I lost the connection/);
        const quota = takeoverDialog({ why: 'ERR_OPENAI_QUOTA', greeted: true });
        expect(JSON.stringify(quota.greeting)).not.toMatch(/lost the connection|Hello/);
        const early = takeoverDialog({ why: 'ERR_OPENAI_CONNECT', greeted: false });
        expect(early.greeting).toEqual(defaultDialog().greeting);
    });
});
