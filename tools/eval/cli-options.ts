import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export interface EvalOptions {
    /** Only cases of this bot; undefined: of all. */
    readonly bot: string | undefined;
    /** A part of the names of the cases that are meant; undefined: all. */
    readonly part: string | undefined;
    /** Processes that run cases at the same time. */
    readonly jobs: number;
    /** How often each case is run. */
    readonly runs: number;
    /** Of the first run; undefined: what the case says. */
    readonly seed: number | undefined;
    /** The least share of the runs of a case that must not fail, 0 to 1. */
    readonly minPass: number;
    readonly live: boolean;
    /** Files to be written; undefined: none. */
    readonly junit: string | undefined;
    readonly json: string | undefined;
    readonly html: string | undefined;
    readonly watch: boolean;
    /** The folder of the bots; undefined: BOTS_FOLDER, or the shipped one. */
    readonly folder: string | undefined;
    readonly bail: boolean;
    readonly list: boolean;
}

export type OptionsRead =
    | { readonly ok: true; readonly help: true }
    | { readonly ok: true; readonly help: false; readonly options: EvalOptions }
    | { readonly ok: false; readonly why: string };

export const HELP = `Tests bots as calls: runs the cases that stand beside the bots, bots/NAME.eval.yaml, each as one real call.

  npm run eval                          all cases of all bots
  npm run eval -- BOT [CASE]            those of one bot; CASE: whose name holds this text, in capitals or not

  --jobs N         so many calls at the same time    (the number of cores)
  --runs K         each case K times, with the seeds S, S+1, …            (1)
  --seed S         of the first run                  (that of the case, or 1)
  --min-pass P     a case passes when this share of its runs does         (1)
  --live           with OpenAI instead of the stand-in; costs money, and needs OPENAI_API_KEY
  --bail           begins no other case after the first failure
  --watch          runs again whenever a bot or a case is saved; Ctrl-C ends it
  --list           names the cases, and runs none

  --junit FILE     writes the results as JUnit XML
  --json FILE      as JSON
  --html FILE      as a page, with what was said and a picture of every call
  --folder DIR     the folder of the bots            (BOTS_FOLDER, or bots/)
  --help           this page

Exit code: 0 all passed, or could not be judged; 1 a case failed; 2 the options or a file cannot be used; 130 ended by Ctrl-C.`;

const OPTIONS = {
    jobs: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string' },
    'min-pass': { type: 'string' },
    live: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
    watch: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    junit: { type: 'string' },
    json: { type: 'string' },
    html: { type: 'string' },
    folder: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
} as const;

const MAX_JOBS = 256;
const MAX_RUNS = 1000;
const MAX_SEED = 2 ** 31;

/** Reads the command line. Never throws: what cannot be used is named in `why`. */
export function readCliOptions(args: readonly string[]): OptionsRead {
    try {
        const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
        if (values.help) return { ok: true, help: true };
        if (positionals.length > 2)
            throw new Error(
                'A bot and a part of the name of a case are all that can be named; blanks need quotation marks.',
            );
        if (values.watch && values.list) throw new Error('--list runs nothing: there is nothing to --watch.');
        const [bot, part] = positionals;
        const { live, bail, watch, list } = values;
        const [junit, json, html, folder] = (['junit', 'json', 'html', 'folder'] as const).map((name) => {
            if (values[name]?.trim() === '') throw new Error(`--${name} needs a name.`);
            return values[name];
        });
        return {
            ok: true,
            help: false,
            options: {
                bot,
                part,
                jobs: whole('jobs', values.jobs, 1, MAX_JOBS) ?? availableParallelism(),
                runs: whole('runs', values.runs, 1, MAX_RUNS) ?? 1,
                seed: whole('seed', values.seed, 0, MAX_SEED),
                minPass: share(values['min-pass'] ?? '1'),
                ...{ live, bail, watch, list, junit, json, html, folder },
            },
        };
    } catch (fault) {
        return { ok: false, why: fault instanceof Error ? fault.message : String(fault) };
    }
}

function whole(name: string, text: string | undefined, least: number, most: number): number | undefined {
    if (text === undefined) return undefined;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new Error(`--${name} must be a whole number from ${least} to ${most}; "${text}" is not.`);
}

function share(text: string): number {
    const value = /^\d(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (value >= 0 && value <= 1) return value;
    throw new Error(`--min-pass must be a share from 0 to 1, such as 0.8; "${text}" is not.`);
}
