import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callDocument, type CallDocument } from '../../../src/call-records/document';
import { WEIGHTS } from '../../../tools/calls/finding';
import { LIMITS } from '../../../tools/calls/limits';
import { whatWentWrong } from '../../../tools/calls/what-went-wrong';
import { plantedCall, PLANTS, type Plant } from '../../support/planted-calls';

const PLANT_NAMES = Object.keys(PLANTS) as Plant[];
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

/** The record as the mode `metadata` keeps it: without words, arguments and values. */
function withoutWords(call: CallDocument): CallDocument {
    const events = call.events.map((event) => {
        if (event.kind === 'words') return { ...event, text: undefined };
        if (event.kind === 'turn') return { ...event, heard: undefined };
        return event.kind === 'tool' ? { ...event, argumentsJson: undefined, output: undefined } : event;
    });
    const turns = call.turns.map((turn) => ({ ...turn, said: undefined, generated: undefined, heard: undefined }));
    return { ...call, mode: 'metadata', events, turns };
}

/** They are faults of what was said, which the mode `metadata` does not keep. */
const NEED_WORDS: readonly Plant[] = [
    'turnIgnored',
    'callerRepeated',
    'backchannelTurn',
    'questionUnheard',
    'sameFunctionTwice',
];

describe('what went wrong', () => {
    it.each(PLANT_NAMES)('names the turn of a planted fault first, of the kind %s', (plant) => {
        for (const seed of SEEDS) {
            const { call, turn } = plantedCall(seed, plant);
            expect(callDocument.safeParse(call).error).toBeUndefined();
            const [first] = whatWentWrong(call);
            expect({ seed, kind: first?.kind, turn: first?.turn }).toEqual({
                seed,
                kind: PLANTS[plant].find((kind) => kind === first?.kind) ?? PLANTS[plant][0],
                turn,
            });
            expect(first?.sentence).toMatch(/^[\p{Lu}“$\d].*\.$/su);
        }
    });

    it.each(PLANT_NAMES.filter((plant) => !NEED_WORDS.includes(plant)))(
        'names it without a word of the call, of the kind %s',
        (plant) => {
            for (const seed of SEEDS) {
                const { call, turn } = plantedCall(seed, plant);
                const [first] = whatWentWrong(withoutWords(call));
                expect({ seed, turn: first?.turn, none: first?.weight === 0 }).toEqual({ seed, turn, none: false });
            }
        },
    );

    it('says of a call without a fault that there is none, and nothing else', () => {
        for (let seed = 1; seed <= 400; seed++) {
            const findings = whatWentWrong(plantedCall(seed).call);
            expect({ seed, sentences: findings.map(({ kind, sentence }) => `${kind}: ${sentence}`) }).toEqual({
                seed,
                sentences: [expect.stringMatching(/^nothing: Nothing went wrong that the record shows: \d+ turns in /)],
            });
        }
    });

    it('puts the gravest first, and of equally grave ones the earliest', () => {
        const { call } = plantedCall(3, 'functionFailed');
        const { call: other } = plantedCall(3, 'otherFault');
        const faulty = { ...call, endReason: 'bot_failed', events: [...call.events, ...other.events.slice(-3)] };
        const weights = whatWentWrong(faulty).map(({ weight }) => weight);
        expect(weights.length).toBeGreaterThan(1);
        expect(weights).toEqual([...weights].sort((a, b) => b - a));
        expect(whatWentWrong(faulty)[0]?.kind).toBe('endedByFault');
    });

    it('tells a wait with its cause, once', () => {
        const { call, turn } = plantedCall(5, 'functionTimedOut');
        const findings = whatWentWrong(call);
        expect(findings).toHaveLength(1);
        expect(findings[0]).toMatchObject({ turn, grade: 'grave' });
        expect(findings[0]?.sentence).toMatch(
            /^The function book_table did not answer in time after 8\.0 s\. The caller waited [89]\.\d s for the bot, 8\.0 s of it in the function book_table\.$/,
        );
    });

    it('names the code of a fault with its cause, as docs/ERRORS.md has it', () => {
        const [first] = whatWentWrong(plantedCall(7, 'fallback').call);
        expect(first?.sentence).toMatch(
            /^The fallback option local took over from realtime, because of ERR_OPENAI_LOST: /,
        );
    });

    it('shows no control characters of what was said', () => {
        const { call } = plantedCall(2, 'callerRepeated');
        const [first] = whatWentWrong({
            ...call,
            turns: call.turns.map((turn) => ({
                ...turn,
                ...(turn.said !== undefined && { said: `${turn.said}\u001b[31m` }),
            })),
        });
        expect(first?.sentence).not.toContain('\u001b');
    });

    it('survives a record without turns and events', () => {
        const { call } = plantedCall(1);
        const empty = { ...call, turns: [], events: [], figures: { ...call.figures, turns: 0 } };
        expect(whatWentWrong(empty)).toHaveLength(1);
        expect(whatWentWrong({ ...empty, endReason: 'process_died' })[0]).toMatchObject({
            kind: 'processDied',
            turn: undefined,
        });
    });

    it('has a row in docs/CALLS-PAGE.md for each limit with its value, and for each kind with its weight', () => {
        const page = readFileSync(join(__dirname, '../../../docs/CALLS-PAGE.md'), 'utf8');
        for (const [name, value] of Object.entries(LIMITS))
            expect(page).toMatch(
                new RegExp(`^\\| \`${name}\` +\\| ${value.toLocaleString('en-US').replace('.', '\\.')} +\\|`, 'm'),
            );
        for (const [kind, weight] of Object.entries(WEIGHTS))
            expect(page).toMatch(new RegExp(`^\\| \`${kind}\` +\\| ${weight} +\\|`, 'm'));
    });
});
