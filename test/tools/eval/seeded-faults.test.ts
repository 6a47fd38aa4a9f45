import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EndOfCall } from '../../../src/common/end-of-call';
import { Playback } from '../../../src/common/playback';
import { PlaybackLedger } from '../../../src/common/playback-ledger';
import { SHIPPED_BOTS } from '../../../src/config/shipped-bots';
import type { ConversationEnd, HeardItem } from '../../../src/services/conversation';
import { readCases } from '../../../tools/eval/case-file';
import type { EvalCase } from '../../../tools/eval/case-schema';
import type { RunResult } from '../../../tools/eval/result';
import { closeVoice, runCase, type CaseToRun } from '../../../tools/eval/run-case';

/** Long enough for a busy machine. */
const LIMIT_MS = 120_000;

type Change = (text: string) => string;

/** A fault: what is changed, and what its case must then say. Cases are named by a part of their name that no other case of the bot has. */
interface Seed {
    readonly bot: string;
    /** Its case. */
    readonly name: string;
    /** What the model does, in every case whose model does it. */
    readonly model?: Change;
    readonly profile?: Change;
    readonly env?: Record<string, string>;
    /** Inside the server; undone afterwards. */
    readonly server?: () => void;
    /** One of these must be what fails. */
    readonly fails: readonly string[];
    /** Other cases of the bot that fail of it too, and why they should. */
    readonly failToo: Readonly<Record<string, string>>;
    /** Other cases of the bot that must pass all the same: those that come near the fault, as far as there are some. */
    readonly pass: readonly string[];
}

function swap(from: string, to: string): Change {
    return (text) => text.replace(from, to);
}

const BALANCE = 'Tells the balance to a caller who';
const TWO_CHECKS = 'Hands the caller to a colleague after two checks';
const CHECK_TIMEOUT = 'Says that the system does not answer';
const SLOW_LOOKUP = 'Bridges a slow look-up';
const BROKEN_SERVICE = 'Offers a colleague when the service';
const SECURE = 'Keeps secure digits';
const SILENT = 'Asks a silent caller twice';
const COST = 'Ends a call that costs more than two dollars';
const LINE_CUT = 'Answers by keys when the line to the model is cut';
const FROZEN = 'Answers by keys when the model falls silent';
const HUNG_UP = 'Ends the call when the caller hangs up';
const SILENT_WITHOUT_MODEL = 'Asks twice whether the caller is still there without a model';

const SEEDS: Readonly<Record<string, Seed>> = {
    'wrong tool': {
        bot: 'billing',
        name: BALANCE,
        model: swap('"read_balance":', '"transfer_to_agent":'),
        fails: ['calls'],
        failToo: { [SLOW_LOOKUP]: 'its model reads the balance too' },
        pass: [CHECK_TIMEOUT, BROKEN_SERVICE],
    },
    'wrong argument': {
        bot: 'billing',
        name: BALANCE,
        model: swap(
            '"verify_customer":{"customer_number":"83920175"',
            '"verify_customer":{"customer_number":"83920157"',
        ),
        fails: ['calls'],
        failToo: {},
        // Their model gives the wrong number too, and they do not look at it.
        pass: [TWO_CHECKS, BROKEN_SERVICE],
    },
    'lost output variable': {
        bot: 'billing',
        name: BALANCE,
        profile: (text) => text.replace(/,\s*"setVariables": \{ "balance": "balance.amount" \}/, ''),
        fails: ['outputs'],
        failToo: { [SLOW_LOOKUP]: 'it expects the balance too' },
        pass: [TWO_CHECKS, BROKEN_SERVICE],
    },
    'late answer': {
        bot: 'billing',
        name: SLOW_LOOKUP,
        profile: swap('"filler": "One moment, I am looking it up.",', ''),
        fails: ['within_ms', 'heard', 'max_silence_ms'],
        failToo: {},
        pass: [BALANCE, CHECK_TIMEOUT],
    },
    'unheard sentence counted as heard': {
        bot: 'billing',
        name: 'Knows what of an interrupted sentence',
        server: () => {
            const plain: (playhead: number) => HeardItem[] = Reflect.get(PlaybackLedger.prototype, 'unheard');
            jest.spyOn(PlaybackLedger.prototype, 'unheard').mockImplementation(function (
                this: PlaybackLedger,
                playhead,
            ) {
                return plain.call(this, playhead).map((item) => ({ ...item, heardMs: item.receivedMs }));
            });
        },
        fails: ['heard_position'],
        failToo: {},
        pass: [LINE_CUT, HUNG_UP],
    },
    'digit leaked': {
        bot: 'billing',
        name: SECURE,
        model: swap('"secure":true', '"secure":false'),
        fails: ['private_digits'],
        failToo: {},
        pass: [BALANCE, SLOW_LOOKUP],
    },
    'goodbye cut': {
        bot: 'reception',
        name: 'Tells the opening hours, and says goodbye',
        server: () => {
            const plain: (end: ConversationEnd) => void = Reflect.get(EndOfCall.prototype, 'hangUp');
            jest.spyOn(EndOfCall.prototype, 'hangUp').mockImplementation(function (this: EndOfCall, end) {
                const isGoodbye = end.outputVariables?.['end_reason'] === 'bot_ended';
                const left = jest.spyOn(Playback.prototype, 'soundLeftMs', 'get');
                if (isGoodbye) left.mockReturnValue(0);
                plain.call(this, end);
                left.mockRestore();
            });
        },
        fails: ['heard'],
        failToo: { 'Says the whole greeting to a caller': 'its model says goodbye too' },
        pass: ['a question about a new contract', 'Asks a silent caller once, and'],
    },
    'tool called twice': {
        bot: 'billing',
        name: BALANCE,
        model: swap(
            '{"calls":{"verify_customer"',
            '{"calls":{"read_balance":{"customer_number":"83920175","verification":"v-1"}}},{"calls":{"verify_customer"',
        ),
        fails: ['calls'],
        failToo: {
            [TWO_CHECKS]: 'it forbids the reading of the balance, with which its model begins the check now',
            [CHECK_TIMEOUT]: 'the same',
            [BROKEN_SERVICE]: 'the same',
        },
        pass: [SLOW_LOOKUP, SECURE],
    },
    'wrong language': {
        bot: 'default',
        name: 'Speaks and listens in German',
        profile: swap('"description":', '"language": "en-US", "description":'),
        fails: ['language'],
        failToo: {},
        pass: ['Greets, answers, and hangs up', LINE_CUT],
    },
    'no reprompt': {
        bot: 'billing',
        name: SILENT,
        profile: swap('"reprompts": 2', '"reprompts": 0'),
        fails: ['heard', 'model'],
        failToo: { [SILENT_WITHOUT_MODEL]: 'the same without a model' },
        pass: [COST, HUNG_UP],
    },
    'fallback silent': {
        bot: 'billing',
        name: LINE_CUT,
        env: { FALLBACK: 'off' },
        fails: ['heard', 'fallback', 'max_silence_ms'],
        failToo: {
            [FROZEN]: 'the same, and the line stays',
            'Serves the choices of its menu': 'the same from the beginning of the call on',
            [SLOW_LOOKUP]: 'the sentence of the wait is spoken by the local voice',
            [CHECK_TIMEOUT]: 'the sentence of the wait is spoken by the local voice',
        },
        pass: [BALANCE, SILENT_WITHOUT_MODEL],
    },
    'cost unbounded': {
        bot: 'billing',
        name: COST,
        profile: swap(' "maxCostUsd": 2,', ''),
        // The model goes on where the call should have ended.
        fails: ['end_reason'],
        failToo: {},
        pass: [BALANCE, SILENT],
    },
};

/**
 * Of each fault are run: its case without the fault and with it, the cases of the table that fail of it too, and those that must pass with it. Cases
 * of the bot that the table does not name are not run with the fault. A fault of the model is one of every case whose model does the same; where
 * the model does not, the case is run as it stands, and its result is shared by all faults.
 */
describe('a case fails where a fault is seeded, and only then (each fault: its case, and the others named here)', () => {
    const folders: string[] = [];
    /** Results of cases without a fault. */
    const results = new Map<CaseToRun, RunResult>();
    /** By the change of the profile; without one, by the bot. */
    const cases = new Map<Change | string, readonly CaseToRun[]>();

    afterEach(() => {
        jest.restoreAllMocks();
    });

    afterAll(async () => {
        for (const folder of folders) rmSync(folder, { recursive: true });
        await closeVoice();
    });

    /** All cases of the bot, with its profile changed where a change is given. */
    function casesOf(bot: string, profile: Change | undefined): readonly CaseToRun[] {
        const selection = { bot };
        if (profile === undefined)
            return readCases({ folder: SHIPPED_BOTS, directory: SHIPPED_BOTS, live: false, selection }).cases;
        const folder = mkdtempSync(join(tmpdir(), 'seeded-'));
        folders.push(folder);
        cpSync(SHIPPED_BOTS, folder, { recursive: true });
        const file = join(folder, `${bot}.json`);
        writeFileSync(file, changed(profile, readFileSync(file, 'utf8')));
        return readCases({ folder, directory: folder, live: false, selection }).cases;
    }

    /** The one case with such a part in its name. */
    function caseOf({ bot }: Seed, part: string, profile?: Change): CaseToRun {
        const all = cases.get(profile ?? bot) ?? casesOf(bot, profile);
        cases.set(profile ?? bot, all);
        const [toRun, ...others] = all.filter(({ evalCase }) => evalCase.name.includes(part));
        if (toRun === undefined || others.length > 0) throw new Error(`not one case: ${part}`);
        return toRun;
    }

    async function plain(seed: Seed, part: string): Promise<RunResult> {
        const toRun = caseOf(seed, part);
        const result = results.get(toRun) ?? (await runCase(toRun));
        results.set(toRun, result);
        return result;
    }

    /** A case with the fault. The fault must be one: in the profile, and in the model of its own case, something must change. */
    function seeded(seed: Seed, part: string): Promise<RunResult> {
        const toRun = caseOf(seed, part, seed.profile);
        const { evalCase } = toRun;
        const script = JSON.stringify(evalCase.model ?? []);
        const isOwn = part === seed.name;
        const model = isOwn ? changed(seed.model, script) : (seed.model?.(script) ?? script);
        if (seed.model !== undefined && model === script) return plain(seed, part);
        seed.server?.();
        const faulty: EvalCase = {
            ...evalCase,
            env: { ...evalCase.env, ...seed.env },
            ...(evalCase.model !== undefined && { model: JSON.parse(model) as NonNullable<EvalCase['model']> }),
        };
        return runCase({ ...toRun, evalCase: faulty });
    }

    function changed(change: Change | undefined, text: string): string {
        if (change === undefined) return text;
        const faulty = change(text);
        if (faulty === text) throw new Error('Nothing is seeded: the text that is to be changed is not there.');
        return faulty;
    }

    async function expectFailure(seed: Seed, part: string): Promise<void> {
        const { verdict, failures } = await seeded(seed, part);
        expect(verdict).toBe('failed');
        const found = failures.map(({ of }) => of);
        expect(found.some((of) => seed.fails.includes(of)) ? seed.fails : found).toEqual(seed.fails);
    }

    describe.each(Object.entries(SEEDS))('%s', (_name, seed) => {
        it(
            `“${seed.name}” passes without it, and fails with it`,
            async () => {
                const { verdict, failures } = await plain(seed, seed.name);
                expect([verdict, failures]).toEqual(['passed', []]);
                await expectFailure(seed, seed.name);
            },
            LIMIT_MS,
        );

        for (const [part, why] of Object.entries(seed.failToo))
            it(`“${part}” fails too: ${why}`, () => expectFailure(seed, part), LIMIT_MS);

        it.each(seed.pass)(
            '“%s” still passes',
            async (part) => {
                const { verdict, failures } = await seeded(seed, part);
                expect([verdict, failures]).toEqual(['passed', []]);
            },
            LIMIT_MS,
        );
    });

    it(
        'a place of a response that is not there is told apart from a function that was not called',
        async () => {
            const profile = swap('"balance": "balance.amount"', '"balance": "account.balance"');
            const { failures } = await runCase(
                caseOf({ bot: 'billing', name: BALANCE, fails: [], failToo: {}, pass: [] }, BALANCE, profile),
            );
            expect(failures.map(({ why }) => why)).toEqual([
                'The output variable balance should be 84.20, and was not sent: function read_balance answered, but its path `account.balance` found nothing in the answer that is text, a number, true or false.',
            ]);
        },
        LIMIT_MS,
    );

    it.each<[string, string, Partial<CaseToRun['evalCase']>, string[]]>([
        [
            'a loss of the model in a turn that never comes',
            LINE_CUT,
            {
                faults: [
                    { lose_openai: 'cut', turn: 2 },
                    { lose_openai: 'cut', turn: 90 },
                ],
            },
            [
                expect.stringMatching(
                    /^`lose_openai: cut` with `turn: 90` never came: the call had \d turns, the greeting/,
                ),
            ],
        ],
        [
            'a slow service that is never asked',
            HUNG_UP,
            { mocks: { read_balance: { json: {}, after_ms: 9000 } } },
            ['The slow or failing answer of read_balance never came: the function was not called.'],
        ],
    ])(
        '%s makes the case fail',
        async (_what, part, changes, reasons) => {
            const toRun = caseOf({ bot: 'billing', name: part, fails: [], failToo: {}, pass: [] }, part);
            const evalCase = { ...toRun.evalCase, ...changes };
            const { failures } = await runCase({ ...toRun, evalCase, ownMocks: Object.keys(changes.mocks ?? {}) });
            expect(failures.filter(({ of }) => of === 'faults').map(({ why }) => why)).toEqual(reasons);
        },
        LIMIT_MS,
    );

    it(
        'a place of `pick` that is not there in an answer makes the case fail',
        async () => {
            const profile = swap('"due": "balance.due_date"', '"due": "balance.due"');
            const { failures } = await runCase(
                caseOf({ bot: 'billing', name: BALANCE, fails: [], failToo: {}, pass: [] }, BALANCE, profile),
            );
            expect(failures).toEqual([
                {
                    of: 'mocks',
                    why: 'function read_balance answered, but its `pick` path `balance.due` found nothing: put `null` there if that is meant',
                },
            ]);
        },
        LIMIT_MS,
    );

    it(
        'the same case twice with one seed gives the same result and the same record',
        async () => {
            const [toRun] = readCases({
                folder: SHIPPED_BOTS,
                directory: SHIPPED_BOTS,
                live: false,
                selection: { bot: 'billing', part: BALANCE },
            }).cases;
            if (toRun === undefined) throw new Error('there is no such case');
            const [first, second] = [await runCase(toRun), await runCase(toRun)];
            expect(first.outcome?.record?.turns.length).toBeGreaterThan(4);
            expect(second.outcome?.record).toEqual(first.outcome?.record);
            const shown = ({ verdict, failures, outcome }: RunResult) => ({
                verdict,
                failures,
                answers: outcome?.answers,
            });
            expect(shown(second)).toEqual(shown(first));
        },
        LIMIT_MS,
    );

    it('each bot that ships has at least ten cases', () => {
        const { cases, mistakes } = readCases({
            folder: SHIPPED_BOTS,
            directory: SHIPPED_BOTS,
            live: false,
            selection: {},
        });
        expect(mistakes).toEqual([]);
        for (const bot of ['default', 'billing', 'reception'])
            expect(cases.filter((each) => each.bot === bot).length).toBeGreaterThanOrEqual(10);
    });
});
