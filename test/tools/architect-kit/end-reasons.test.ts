import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SILENCE_RULES } from '../../../src/common/silence-rules';
import { END_REASONS, reasonsFor } from '../../../tools/architect-kit/end-reasons';

const SOURCE = join(__dirname, '..', '..', '..', 'src');

function sourceTexts(): string[] {
    return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => readFileSync(join(SOURCE, path), 'utf8'));
}

/** The words that the source gives as an end reason: in an object, as an argument, as the result or type of a function. */
const GIVEN = [
    /end_reason: '(\w+)'/g,
    /end_reason: \w+ \? '(\w+)' : '\w+'/g,
    /end_reason: \w+ \? '\w+' : '(\w+)'/g,
    /endPolitely\('(\w+)'\)/g,
    /return '(max_\w+)'/g,
    /^ {4}reason: '(\w+)';$/gm,
];

function reasonsInSource(): Set<string> {
    const texts = sourceTexts();
    const words = GIVEN.flatMap((pattern) => texts.flatMap((text) => [...text.matchAll(pattern)]));
    const silence = SILENCE_RULES.flatMap(({ code = '' }) => (/^[a-z]/.test(code) ? code : []));
    return new Set([...words.map(([, word = '']) => word), ...silence]);
}

describe('the end reasons of the kit', () => {
    it('are all that the source gives, and no others', () => {
        expect([...reasonsInSource()].sort()).toEqual(Object.keys(END_REASONS).sort());
    });

    it('take the failure path where the source ends the call with an error', () => {
        const texts = sourceTexts().join('\n');
        for (const [reason, { path }] of Object.entries(END_REASONS)) {
            const isError = new RegExp(
                `end_reason: '${reason}'[^}]*\\}[^;]*;?[^;]*reason: 'error'|reason: 'error',[^}]*end_reason: '${reason}'`,
            );
            const isSilence = SILENCE_RULES.some(({ action, code }) => code === reason && action === 'end_call');
            const right = isSilence || isError.test(texts) ? 'failure' : 'success';
            expect({ reason, path }).toEqual({ reason, path: right });
        }
    });

    it('never drop a caller who was promised an agent', () => {
        expect(reasonsFor('success', 'agent')).toEqual(['transfer']);
        expect(reasonsFor('failure', 'end')).toEqual([]);
    });
});
