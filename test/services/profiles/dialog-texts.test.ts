import { readDialog } from '../../../src/services/profiles/dialog-script';
import { dialogTexts, dialogVariables, fillDialog } from '../../../src/services/profiles/dialog-texts';
import { unnamedDialog } from './small-profile';

const DIALOG = readDialog({ ...unnamedDialog(), name: 'small' });

describe('the dialog of a profile', () => {
    it('is spoken with the values of the call', () => {
        const { greeting, menus, noMatch } = fillDialog(DIALOG, { customer_name: 'Anna', closing: 'six' });
        expect(greeting).toBe('Hello Anna, welcome.');
        expect(menus['main']?.prompt).toBe('What is it, Anna?');
        expect(menus['main']?.choices[0]?.action).toEqual({ do: 'say', text: 'Until six.' });
        expect(noMatch).toEqual({ none: 'Keys only.', closed: 'Pardon?', open: 'Pardon, Anna?' });
    });

    it('leaves no gap where a value is missing', () => {
        const { greeting, noMatch } = fillDialog(DIALOG, {});
        expect(greeting).toBe('Hello, welcome.');
        expect(noMatch).toMatchObject({ open: 'Pardon?' });
    });

    it('is itself again when nothing is to be filled, and never changes', () => {
        const before = structuredClone(DIALOG);
        const plain = readDialog({ ...unnamedDialog({ greeting: 'Hello  there.' }), name: 'small' });
        expect(fillDialog(plain, { customer_name: 'Anna' }).greeting).toBe('Hello  there.');
        fillDialog(DIALOG, { customer_name: 'Anna' });
        expect(DIALOG).toEqual(before);
    });

    it('takes no value from an object’s ancestors, and fills no value again', () => {
        const dialog = readDialog({ ...unnamedDialog({ greeting: 'Hi {{constructor}} {{a}}.' }), name: 'small' });
        expect(fillDialog(dialog, { a: '{{b}}', b: 'no' }).greeting).toBe('Hi {{b}}.');
    });

    it('tells every sentence, and every variable that it sets', () => {
        expect(dialogTexts(DIALOG)).toEqual(
            expect.arrayContaining(['Until {{closing}}.', 'Sorry.', 'You said', 'Goodbye.']),
        );
        expect(dialogVariables(DIALOG)).toEqual(['transfer_queue', 'message']);
    });
});
