import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULTS, type Fault } from './faults';

export const USAGE = `What happens to running calls when everything around the server goes wrong, one thing after another.

  npm run chaos -- [options]

  --minutes N       about so long (10); the faults come in an order that the seed decides
  --calls N         callers at a time (30; with --small 8 for each of three servers)
  --only NAME       the faults whose name holds this text
  --seed N          of the order, of what the callers do, and of the answers (1)
  --set NAME=VALUE  a variable of the server; may be repeated
  --json FILE       writes all figures
  --log FILE        writes the lines of the servers
  --flights DIR     records all calls of the servers there, for npm run replay
  --small           short enough for CI: three servers side by side, each with some of the faults
  --help            this page

The server is built first, unless dist/ is newer than src/. Exit code 1 when an invariant is broken: docs/CHAOS.md.`;

/** What the command line asks for. */
export interface ChaosOptions {
    minutes: number;
    /** Callers at a time, of each server. */
    calls: number;
    seed: number;
    isSmall: boolean;
    faults: readonly Fault[];
    /** Variables of the server beside those of the run. */
    env: Readonly<Record<string, string>>;
    jsonFile: string | undefined;
    logFile: string | undefined;
}

/** Throws a RangeError that names the option. */
export function readOptions(args?: readonly string[]): ChaosOptions {
    const { values } = parseArgs({
        ...(args !== undefined && { args: [...args] }),
        options: {
            minutes: { type: 'string', default: '10' },
            calls: { type: 'string' },
            only: { type: 'string', default: '' },
            seed: { type: 'string', default: '1' },
            set: { type: 'string', multiple: true, default: [] },
            json: { type: 'string' },
            log: { type: 'string' },
            flights: { type: 'string' },
            small: { type: 'boolean', default: false },
        },
    });
    const { small, only } = values;
    const faults = FAULTS.filter(({ name }) => name.includes(only));
    if (faults.length === 0)
        throw new RangeError(
            `--only takes a part of one of these names: ${FAULTS.map(({ name }) => name).join(', ')}.`,
        );
    return {
        minutes: number('minutes', values.minutes),
        calls: number('calls', values.calls ?? (small ? '8' : '30')),
        seed: number('seed', values.seed),
        isSmall: small,
        faults,
        env: { ...recording(values.flights), ...Object.fromEntries(values.set.map(variable)) },
        jsonFile: values.json,
        logFile: values.log,
    };
}

function recording(folder: string | undefined): Record<string, string> {
    return folder === undefined ? {} : { RECORD_FLIGHT: '1', CALL_RECORD_STORE: resolve(folder) };
}

function number(name: string, text: string): number {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new RangeError(`--${name} takes a whole number of at least 1.`);
}

function variable(text: string): [string, string] {
    const at = text.indexOf('=');
    if (at < 1) throw new RangeError('--set takes NAME=VALUE.');
    return [text.slice(0, at), text.slice(at + 1)];
}
