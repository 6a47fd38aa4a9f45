import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Playback } from '../../../src/common/playback';
import { PlaybackLedger } from '../../../src/common/playback-ledger';
import { SHIPPED_BOTS } from '../../../src/config/shipped-bots';
import type { HeardItem } from '../../../src/services/conversation';
import { readCases } from '../../../tools/eval/case-file';
import type { EvalCase } from '../../../tools/eval/case-schema';
import type { RunResult } from '../../../tools/eval/result';
import { closeVoice, runCase } from '../../../tools/eval/run-case';

/** Long enough for a busy machine. */
const LIMIT_MS = 120_000;

type Change = (text: string) => string;

/** A fault: what is changed, and what the named case must then say. */
interface Seed {
    readonly bot: string;
    /** A part of the name of the case. */
    readonly name: string;
    /** What the model does in the case. */
    readonly model?: Change;
    readonly profile?: Change;
    readonly env?: Record<string, string>;
    /** Inside the server; undone afterwards. */
    readonly server?: () => void;
    /** One of these must be what fails. */
    readonly fails: readonly string[];
}

/** The text must be there: else nothing would be seeded. */
function swap(from: string, to: string): Change {
    return (text) => {
        if (!text.includes(from)) throw new Error(`there is no ${from}`);
        return text.replace(from, to);
    };
}

function without(pattern: RegExp): Change {
    return (text) => {
        if (!pattern.test(text)) throw new Error(`there is no ${pattern.source}`);
        return text.replace(pattern, '');
    };
}

const BALANCE = 'Tells the balance to a caller who';

const SEEDS: Readonly<Record<string, Seed>> = {
    'wrong tool': {
        bot: 'billing',
        name: BALANCE,
        model: swap('"read_balance":', '"transfer_to_agent":'),
        fails: ['calls'],
    },
    'wrong argument': {
        bot: 'billing',
        name: BALANCE,
        model: swap(
            '"verify_customer":{"customer_number":"83920175"',
            '"verify_customer":{"customer_number":"83920157"',
        ),
        fails: ['calls'],
    },
    'lost output variable': {
        bot: 'billing',
        name: BALANCE,
        profile: without(/,\s*"setVariables": \{ "balance": "balance.amount" \}/),
        fails: ['outputs'],
    },
    'late answer': {
        bot: 'billing',
        name: 'Bridges a slow look-up',
        profile: without(/"filler": "One moment, I am looking it up.",/),
        fails: ['within_ms', 'heard', 'max_silence_ms'],
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
    },
    'digit leaked': {
        bot: 'billing',
        name: 'Keeps secure digits',
        model: swap('"secure":true', '"secure":false'),
        fails: ['private_digits'],
    },
    'goodbye cut': {
        bot: 'reception',
        name: 'Tells the opening hours, and says goodbye',
        server: () => {
            jest.spyOn(Playback.prototype, 'soundLeftMs', 'get').mockReturnValue(0);
        },
        fails: ['heard'],
    },
    'tool called twice': {
        bot: 'billing',
        name: BALANCE,
        model: swap(
            '{"calls":{"verify_customer"',
            '{"calls":{"read_balance":{"customer_number":"83920175","verification":"v-1"}}},{"calls":{"verify_customer"',
        ),
        fails: ['calls'],
    },
    'wrong language': {
        bot: 'default',
        name: 'Speaks and listens in German',
        profile: swap('"description":', '"language": "en-US", "description":'),
        fails: ['language'],
    },
    'no reprompt': {
        bot: 'billing',
        name: 'Asks a silent caller twice',
        profile: swap('"reprompts": 2', '"reprompts": 0'),
        fails: ['heard', 'model'],
    },
    'fallback silent': {
        bot: 'billing',
        name: 'Answers by keys when the line to the model is cut',
        env: { FALLBACK: 'off' },
        fails: ['heard', 'fallback', 'max_silence_ms'],
    },
    'cost unbounded': {
        bot: 'billing',
        name: 'Ends a call that costs more than two dollars',
        profile: swap(' "maxCostUsd": 2,', ''),
        // The model goes on where the call should have ended.
        fails: ['end_reason'],
    },
};

describe('a case fails where a fault is seeded, and only then', () => {
    const folders: string[] = [];

    afterEach(() => {
        jest.restoreAllMocks();
    });

    afterAll(async () => {
        for (const folder of folders) rmSync(folder, { recursive: true });
        await closeVoice();
    });

    async function run(seed: Seed, isSeeded: boolean): Promise<RunResult> {
        const folder = mkdtempSync(join(tmpdir(), 'seeded-'));
        folders.push(folder);
        cpSync(SHIPPED_BOTS, folder, { recursive: true });
        const file = join(folder, `${seed.bot}.json`);
        if (isSeeded && seed.profile !== undefined) writeFileSync(file, seed.profile(readFileSync(file, 'utf8')));
        const selection = { bot: seed.bot, part: seed.name };
        const [toRun, ...others] = readCases({ folder, directory: folder, live: false, selection }).cases;
        if (toRun === undefined || others.length > 0) throw new Error(`not one case: ${seed.name}`);
        if (!isSeeded) return runCase(toRun);
        seed.server?.();
        const { evalCase } = toRun;
        const { model = (same: string) => same, env = {} } = seed;
        const changed: EvalCase = {
            ...evalCase,
            env: { ...evalCase.env, ...env },
            ...(evalCase.model !== undefined && {
                model: JSON.parse(model(JSON.stringify(evalCase.model))) as NonNullable<EvalCase['model']>,
            }),
        };
        return runCase({ ...toRun, evalCase: changed });
    }

    it.each(Object.entries(SEEDS))(
        '%s',
        async (_name, seed) => {
            const plain = await run(seed, false);
            expect(plain.failures).toEqual([]);
            const { verdict, failures } = await run(seed, true);
            expect(verdict).toBe('failed');
            const found = new Set(failures.map(({ of }) => of));
            expect(seed.fails.some((of) => found.has(of)) ? seed.fails : [...found]).toEqual(seed.fails);
        },
        LIMIT_MS,
    );

    it(
        'a place of a response that is not there is told apart from a function that was not called',
        async () => {
            const profile = swap('"balance": "balance.amount"', '"balance": "account.balance"');
            const { failures } = await run({ bot: 'billing', name: BALANCE, profile, fails: [] }, true);
            expect(failures.map(({ why }) => why)).toEqual([
                'The output variable balance should be 84.20, and was not sent: function read_balance answered, but its path `account.balance` found nothing in the answer that is text, a number, true or false.',
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
