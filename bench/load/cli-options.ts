import { parseArgs } from 'node:util';
import type { WireFormat } from './response-frames';

export const USAGE = `How many calls the built server carries, and what each of them costs, beside a bare relay in the same run.

  npm run bench -- [options]

  --calls LIST      calls at once, one step for each number (1,50,200,500,1000)
  --seconds N       time that is measured in each step, after a warm-up (60); with --cold the length of each call (13)
  --cold            from the first call of a new process on, without a warm-up
  --frame MS        length of the callers' frames, 200 or 20 (200)
  --format NAME     audio between server and service, pcmu or pcm16; may be repeated (both)
  --rounds N        times that each step is measured; medians are shown (3)
  --server PATH     the dist/index.js of another build, measured beside this one: label=path; may be repeated
  --no-own          not this project's own server
  --no-relay        without the bare relay
  --replicas N      also so many servers of this project behind nginx, with the same number of calls together
  --overload        offers twice the capacity for two minutes: who is refused, and how those inside fare
  --capacity N      calls that each server carries; left out: what the steps have shown
  --set NAME=VALUE  a variable of the server; may be repeated
  --profile FOLDER  writes a profile of the CPU of each process that is measured
  --json FILE       writes all figures
  --small           short enough for CI: the exit code is about lost bytes and wrong answers, not about time
  --help            this page

The server is built first (dist/). It runs as in production, with the log level info, its log in a file, no greeting, and limits above
the load. Exit code 1 when bytes, answers or calls are lost.`;

/** What the command line asks for. */
export interface BenchOptions {
    calls: readonly number[];
    seconds: number;
    isCold: boolean;
    frameMs: number;
    formats: readonly WireFormat[];
    rounds: number;
    servers: readonly { label: string; path: string }[];
    hasOwn: boolean;
    hasRelay: boolean;
    replicas: number;
    overload: { capacity: number | undefined } | undefined;
    env: Readonly<Record<string, string>>;
    profileFolder: string | undefined;
    jsonFile: string | undefined;
}

/** Throws a RangeError that names the option. */
export function readOptions(args?: readonly string[]): BenchOptions {
    const { values } = parseArgs({
        ...(args !== undefined && { args: [...args] }),
        options: {
            calls: { type: 'string' },
            seconds: { type: 'string' },
            cold: { type: 'boolean', default: false },
            frame: { type: 'string', default: '200' },
            format: { type: 'string', multiple: true, default: ['pcmu', 'pcm16'] },
            rounds: { type: 'string' },
            server: { type: 'string', multiple: true, default: [] },
            'no-own': { type: 'boolean', default: false },
            'no-relay': { type: 'boolean', default: false },
            replicas: { type: 'string', default: '1' },
            overload: { type: 'boolean', default: false },
            capacity: { type: 'string' },
            set: { type: 'string', multiple: true, default: [] },
            profile: { type: 'string' },
            json: { type: 'string' },
            small: { type: 'boolean', default: false },
        },
    });
    const { small, cold } = values;
    const defaults = small ? SMALL : { calls: '1,50,200,500,1000', seconds: cold ? '13' : '60', rounds: '3' };
    return {
        calls: (values.calls ?? defaults.calls).split(',').map((text) => whole('calls', text)),
        seconds: whole('seconds', values.seconds ?? defaults.seconds),
        isCold: cold,
        frameMs: frameMs(values.frame),
        formats: [...new Set(values.format.map(format))],
        rounds: whole('rounds', values.rounds ?? defaults.rounds),
        servers: values.server.map(labelled),
        hasOwn: !values['no-own'],
        hasRelay: !values['no-relay'],
        replicas: whole('replicas', values.replicas),
        overload: values.overload ? overload(values.capacity) : undefined,
        env: Object.fromEntries(values.set.map(variable)),
        profileFolder: values.profile,
        jsonFile: values.json,
    };
}

const SMALL = { calls: '6', seconds: '7', rounds: '1' };

function whole(name: string, text: string): number {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new RangeError(`--${name} takes a whole number of at least 1.`);
}

function overload(capacity: string | undefined): { capacity: number | undefined } {
    return { capacity: capacity === undefined ? undefined : whole('capacity', capacity) };
}

function frameMs(text: string): number {
    if (text === '200' || text === '20') return Number(text);
    throw new RangeError('--frame takes 200 or 20.');
}

function format(name: string): WireFormat {
    if (name === 'pcmu' || name === 'pcm16') return name;
    throw new RangeError('--format takes pcmu or pcm16.');
}

function labelled(text: string): { label: string; path: string } {
    const [, label, path] = /^([^=/]+)=(.+)$/.exec(text) ?? [];
    return label === undefined || path === undefined ? { label: text, path: text } : { label, path };
}

function variable(text: string): [string, string] {
    const at = text.indexOf('=');
    if (at < 1) throw new RangeError('--set takes NAME=VALUE.');
    return [text.slice(0, at), text.slice(at + 1)];
}
