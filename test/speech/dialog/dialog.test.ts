import { Dialog, PLAYBACK, type DialogInput, type DialogStep } from '../../../src/speech/dialog/dialog';
import { readDialog } from '../../../src/services/profiles/dialog-script';
import { smallDialog } from './small-dialog';
import type { RecognizerKind } from '../../../src/services/asr-service';

function begun(kind: RecognizerKind): Dialog {
    const dialog = new Dialog(readDialog(smallDialog()), kind);
    dialog.step({ type: 'begin' });
    return dialog;
}

function run(kind: RecognizerKind, ...inputs: DialogInput[]): DialogStep {
    const dialog = begun(kind);
    return inputs.map((input) => dialog.step(input)).at(-1) ?? dialog.step({ type: 'begin' });
}

const keys = (pressed: string): DialogInput => ({ type: 'keys', keys: pressed });
const heard = (text: string): DialogInput => ({ type: 'heard', text });

describe('a dialog', () => {
    it.each<[RecognizerKind, string]>([
        ['none', 'Hello, keys.'],
        ['closed', 'Hello, words.'],
        ['open', 'Hello.'],
    ])('begins with the greeting for recognizer %s, the menu, and a step that listens with it', (kind, greeting) => {
        const step = new Dialog(readDialog(smallDialog()), kind).step({ type: 'begin' });
        expect(step.disposition).toBe('match');
        expect(step.say.slice(0, 2)).toEqual([greeting, 'Main menu.']);
        expect(step.next).toMatchObject({ do: 'listen', expect: 'open', keys: true });
        expect(step.next).toMatchObject({
            phrases: ['billing', 'hours', 'opening times', 'echo', 'a message', 'agent'],
        });
    });

    it('says what a key chooses, and the menu again', () => {
        const step = run('none', keys('2'));
        expect(step.say.slice(0, 2)).toEqual(['Nine to five.', 'Main menu.']);
    });

    it('goes to another menu and back', () => {
        expect(run('none', keys('1')).say).toEqual(['For back, press star.', 'For pay, press 1.']);
        expect(run('none', keys('1'), keys('*')).say[0]).toBe('Main menu.');
    });

    it('ends with a transfer and what Architect needs for it', () => {
        const { say, next } = run('none', keys('0'));
        expect(say).toEqual(['One moment.']);
        expect(next).toMatchObject({
            do: 'end',
            end: { reason: 'completed', outputVariables: { end_reason: 'transfer', queue: 'support' } },
        });
    });

    it('acts on a phrase that was heard only after a confirmation, where only phrases are understood', () => {
        const question = run('closed', heard('Opening times'));
        expect(question.say).toEqual(['Did you say hours? Press 1 or say yes. Otherwise press 2 or say no.']);
        expect(question.next).toEqual({ do: 'listen', expect: 'yesno', phrases: ['yes', 'no'], keys: true });
        for (const yes of [keys('1'), heard('Yes.')])
            expect(run('closed', heard('opening times'), yes).say[0]).toBe('Nine to five.');
        for (const no of [keys('2'), heard('no')])
            expect(run('closed', heard('opening times'), no).say.slice(0, 2)).toEqual(['All right.', 'Main menu.']);
    });

    it('asks the question again when the decision was not understood', () => {
        for (const unclear of [heard('yes no'), heard('banana'), keys('7'), { type: 'unheard' } as const]) {
            const step = run('closed', heard('hours'), unclear);
            expect([step.disposition, step.say[0]]).toEqual(['no_match', 'Pardon?']);
            expect(step.say[1]).toMatch(/^Did you say hours/);
        }
    });

    it('takes a key of the menu for itself, in the middle of a confirmation too', () => {
        expect(run('closed', heard('hours'), keys('0')).next.do).toBe('end');
    });

    it('acts at once on free speech, save where a confirmation is asked for', () => {
        expect(run('open', heard('What are your opening times, please?')).say[0]).toBe('Nine to five.');
        expect(run('open', heard('an agent')).say[0]).toMatch(/^Did you say agent/);
        expect(run('open', heard('agent'), heard('yeah')).next.do).toBe('end');
    });

    it('takes a phrase only as a whole, and no sentence that means two things', () => {
        for (const text of ['agents', 'rebilling', 'billing or hours', '', '!'])
            expect(run('open', heard(text)).disposition).toBe('no_match');
    });

    it('hears nothing where speech is not understood', () => {
        expect(run('none', heard('billing')).disposition).toBe('no_match');
    });

    it('records and plays back', () => {
        const record = run('none', keys('3'));
        expect([record.say, record.next]).toEqual([['Speak.'], { do: 'record' }]);
        const back = run('none', keys('3'), { type: 'recorded' });
        expect(back.say.slice(0, 3)).toEqual(['You said.', PLAYBACK, 'Main menu.']);
        expect(run('none', keys('3'), keys('2')).say[0]).toBe('Nine to five.');
        expect(run('none', { type: 'recorded' }).disposition).toBe('no_match');
    });

    it('keeps an answer in free speech for Architect, and says where it cannot', () => {
        const asked = run('open', keys('4'));
        expect([asked.say, asked.next]).toEqual([
            ['What shall I write down?'],
            { do: 'listen', expect: 'open', phrases: [], keys: false },
        ]);
        const end = run('open', keys('4'), heard('Call me, please.'), { type: 'goodbye' });
        expect(end.next).toMatchObject({ end: { outputVariables: { message: 'Call me, please.' } } });
        const typed = run('open', keys('4'), keys('4711'), { type: 'goodbye' });
        expect(typed.next).toMatchObject({ end: { outputVariables: { message: '4711' } } });
        expect(run('open', keys('4'), { type: 'silence' }).say).toEqual(['Are you there?', 'What shall I write down?']);
        expect(run('closed', keys('4')).say[0]).toBe('I cannot write down what you say.');
    });

    it('asks again what was not understood, and a silent caller, with the words for it', () => {
        expect(run('none', { type: 'unheard' })).toMatchObject({ disposition: 'no_match' });
        expect(run('none', { type: 'unheard' }).say.slice(0, 2)).toEqual(['Pardon?', 'Main menu.']);
        expect(run('none', { type: 'silence' })).toMatchObject({ disposition: 'no_input' });
        expect(run('none', { type: 'silence' }).say[0]).toBe('Are you there?');
    });

    it('gives up after as many failures in a row as allowed, and tells Architect which', () => {
        const miss = keys('9');
        expect(run('none', miss, miss).next.do).toBe('listen');
        const end = {
            do: 'end',
            end: { reason: 'completed', outputVariables: { end_reason: 'transfer', failure: 'no_match' } },
        };
        expect(run('none', miss, miss, miss).next).toMatchObject(end);
        expect(run('none', miss, miss, keys('2'), miss, miss).next.do).toBe('listen');
        const silence = { type: 'silence' } as const;
        expect(run('none', silence, silence, silence).next).toMatchObject({
            end: { outputVariables: { failure: 'no_input' } },
        });
        expect(run('none', silence, silence, keys('2'), silence).next.do).toBe('listen');
    });

    it('says goodbye whenever it is asked to', () => {
        for (const before of [keys('3'), keys('4'), heard('hours')]) {
            const step = run('closed', before, { type: 'goodbye' });
            expect(step.say).toEqual(['Bye.']);
            expect(step.next).toMatchObject({ end: { outputVariables: { end_reason: 'bot_ended' } } });
        }
    });
});
