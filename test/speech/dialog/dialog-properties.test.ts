import fc from 'fast-check';
import { Dialog, type DialogInput, type DialogStep } from '../../../src/speech/dialog/dialog';
import { readDialog, type DialogScript } from '../../../src/services/profiles/dialog-script';
import type { RecognizerKind } from '../../../src/services/asr-service';

const LABELS = ['sales', 'billing', 'hours', 'support', 'claims', 'repairs'];
const KEYS = ['1', '2', '3', '*', '#', '0'];

const target = fc.oneof(
    fc.constant({ do: 'say', text: 'Here you are.' }),
    fc.constantFrom('main', 'other').map((menu) => ({ do: 'menu', menu })),
    fc.constant({ do: 'echo', text: 'Speak.', before: 'You said.' }),
    fc.constant({ do: 'ask', question: 'What?', variable: 'what', reply: 'Thanks.', unheard: 'I cannot hear.' }),
    fc.constant({ do: 'transfer', text: 'One moment.' }),
    fc.constant({ do: 'goodbye', text: 'Goodbye.' }),
);

const menu = fc
    .array(fc.record({ action: target, confirm: fc.boolean() }), { minLength: 1, maxLength: 6 })
    .map((choices) => ({
        choices: choices.map((each, at) => ({ ...each, label: LABELS[at] ?? '', key: KEYS[at] ?? '' })),
    }));

const script: fc.Arbitrary<DialogScript> = fc
    .record({ main: menu, other: menu, maxFailures: fc.integer({ min: 1, max: 4 }) })
    .map(({ main, other, maxFailures }) =>
        readDialog({
            name: 'any',
            greeting: 'Hello.',
            start: 'main',
            menus: { main, other },
            noMatch: 'Pardon?',
            noInput: 'Hello?',
            goodbye: 'Bye.',
            maxFailures,
            onFailure: { do: 'goodbye', text: 'We have to stop here.' },
        }),
    );

const input: fc.Arbitrary<DialogInput> = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...KEYS, '7', '12', '').map((keys) => ({ type: 'keys' as const, keys })) },
    {
        weight: 4,
        arbitrary: fc
            .oneof(fc.constantFrom(...LABELS, 'yes', 'no', 'yes no'), fc.string())
            .map((text) => ({ type: 'heard' as const, text })),
    },
    fc.constant({ type: 'unheard' as const }),
    fc.constant({ type: 'recorded' as const }),
    fc.constant({ type: 'silence' as const }),
);

const kind = fc.constantFrom<RecognizerKind>('none', 'closed', 'open');
const inputs = fc.array(input, { maxLength: 40 });

/** Every step up to the end, with the input that led to it. */
function steps(dialog: Dialog, given: readonly DialogInput[]): { input: DialogInput; step: DialogStep }[] {
    const made: { input: DialogInput; step: DialogStep }[] = [];
    for (const each of [{ type: 'begin' } as const, ...given]) {
        const step = dialog.step(each);
        made.push({ input: each, step });
        if (step.next.do === 'end') break;
    }
    return made;
}

describe('any dialog, for any input', () => {
    it('always has something to say, and then something to wait for', () => {
        fc.assert(
            fc.property(script, kind, inputs, (dialog, recognizer, given) => {
                for (const { step } of steps(new Dialog(dialog, recognizer), given)) {
                    expect(step.say.length).toBeGreaterThan(0);
                    expect(step.say).not.toContain('');
                    expect(['listen', 'record', 'end']).toContain(step.next.do);
                }
            }),
        );
    });

    it('never promises to understand speech that it does not', () => {
        fc.assert(
            fc.property(script, inputs, (dialog, given) => {
                const heard = given.filter(({ type }) => type !== 'recorded');
                for (const { step } of steps(new Dialog(dialog, 'none'), heard))
                    expect(step.say.join(' ')).not.toMatch(/\bSay\b|Did you say/);
            }),
        );
    });

    it('never acts on one recognizer alone where only phrases are understood', () => {
        fc.assert(
            fc.property(script, inputs, (dialog, given) => {
                const made = steps(new Dialog(dialog, 'closed'), given);
                for (const [at, { input: each, step }] of made.entries()) {
                    if (each.type !== 'heard' || step.disposition !== 'match') continue;
                    const before = made[at - 1]?.step.next;
                    const asks = step.next.do === 'listen' && step.next.expect === 'yesno';
                    const answers = before?.do === 'listen' && before.expect === 'yesno';
                    expect(asks || answers).toBe(true);
                }
            }),
        );
    });

    it('ends after so many misunderstandings or silences in a row, and not before', () => {
        fc.assert(
            fc.property(script, kind, fc.boolean(), (dialog, recognizer, isSilent) => {
                const each: DialogInput = isSilent ? { type: 'silence' } : { type: 'unheard' };
                const made = steps(new Dialog(dialog, recognizer), Array<DialogInput>(20).fill(each));
                expect(made.length).toBe(dialog.maxFailures + 2);
                expect(made.at(-1)?.step).toMatchObject({
                    disposition: isSilent ? 'no_input' : 'no_match',
                    next: { do: 'end', end: { outputVariables: { failure: isSilent ? 'no_input' : 'no_match' } } },
                });
            }),
        );
    });

    it('takes the same way for the same inputs', () => {
        fc.assert(
            fc.property(script, kind, inputs, (dialog, recognizer, given) => {
                expect(steps(new Dialog(dialog, recognizer), given)).toEqual(
                    steps(new Dialog(dialog, recognizer), given),
                );
            }),
        );
    });

    it('reports silence as no_input, and what fits nothing as no_match', () => {
        fc.assert(
            fc.property(script, kind, inputs, (dialog, recognizer, given) => {
                for (const { input: each, step } of steps(new Dialog(dialog, recognizer), given)) {
                    if (each.type === 'silence') expect(step.disposition).toBe('no_input');
                    else expect(step.disposition).not.toBe('no_input');
                    if (each.type === 'unheard') expect(step.disposition).toBe('no_match');
                }
            }),
        );
    });
});
