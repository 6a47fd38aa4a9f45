import { parseArgs } from 'node:util';

/** Environment variables, `.env` included. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Keys to press, at a time counted from `opened`. */
export interface DigitsAt {
    digits: string;
    atSeconds: number;
}

export interface CliOptions {
    url: string;
    key: string | undefined;
    secret: string | undefined;
    wav: string | undefined;
    out: string | undefined;
    outStereo: string | undefined;
    /** Where the timeline goes as a file that the console can open. */
    timeline: string | undefined;
    /** Hang up this long after `opened`; undefined: a while after the recording has ended, or when the sample does. */
    seconds: number | undefined;
    digits: readonly DigitsAt[];
    variables: Readonly<Record<string, string>>;
    language: string | undefined;
    frameMs: number;
    probe: boolean;
    calls: number;
    showText: boolean;
    help: boolean;
}

export type CliOptionsRead = { ok: true; options: CliOptions } | { ok: false; why: string };

export const HELP = `Places a signed AudioHook call to an AudioConnector server and checks that it keeps the protocol.

  npm run call -- [options]

  --url URL             ws:// or wss:// address      (ws://HOST:PORT + AUDIOHOOK_PATH of .env, or ws://127.0.0.1:8080/)
  --key KEY             API key                      (first of AUDIOHOOK_API_KEYS, or the development key)
  --secret SECRET       client secret, base64        (the one that belongs to the key)
  --wav FILE            what the caller says, from the beginning (a sample that hears the greeting out, asks, interrupts
                        the answer once, hears the next one and hangs up)
  --out FILE            write what the caller heard, as WAV
  --out-stereo FILE     write both sides: caller left, bot right (call.out.wav, where no --out is given)
  --timeline FILE       write the timeline, without keys and sound, for the console to open
  --seconds N           hang up N seconds after opened (5 s after the recording of --wav has ended)
  --digits 42#@3.0      press 4, 2, # three seconds after opened; may be repeated
  --var NAME=VALUE      input variable from Architect; may be repeated
  --bot NAME            ask for this bot: silent, echo …
  --language TAG        language of the conversation, such as en-us
  --frame-ms N          length of the caller's audio frames (200)
  --probe               the connection probe of an administrator instead of a call
  --calls N             N calls at once, one line each
  --show-text           show what the bot said and the values of output variables
  --help                this page

While one call runs in a terminal: 0-9 * # press keys, b talks over the bot, q hangs up.
Exit code: 0 all well, 1 the call failed or broke the protocol, 2 the options cannot be used.`;

const OPTIONS = {
    url: { type: 'string' },
    key: { type: 'string' },
    secret: { type: 'string' },
    wav: { type: 'string' },
    out: { type: 'string' },
    'out-stereo': { type: 'string' },
    timeline: { type: 'string' },
    seconds: { type: 'string' },
    digits: { type: 'string', multiple: true },
    var: { type: 'string', multiple: true },
    bot: { type: 'string' },
    language: { type: 'string' },
    'frame-ms': { type: 'string' },
    probe: { type: 'boolean', default: false },
    calls: { type: 'string' },
    'show-text': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Reads the command line. Never throws: what cannot be used is named in `why`. */
export function readCliOptions(args: readonly string[], env: Environment): CliOptionsRead {
    try {
        return { ok: true, options: readOptions(args, env) };
    } catch (error) {
        return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
}

function readOptions(args: readonly string[], env: Environment): CliOptions {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    return {
        url: readUrl(values.url ?? defaultUrl(env), values.bot),
        key: values.key,
        secret: values.secret,
        wav: values.wav,
        out: values.out,
        outStereo: values['out-stereo'],
        timeline: values.timeline,
        seconds: values.seconds === undefined ? undefined : readNumber('--seconds', values.seconds, 0, 86_400),
        digits: (values.digits ?? []).map(readDigits),
        variables: Object.fromEntries((values.var ?? []).map(readVariable)),
        language: values.language,
        frameMs: readNumber('--frame-ms', values['frame-ms'] ?? '200', 1, 8000),
        probe: values.probe,
        calls: Math.floor(readNumber('--calls', values.calls ?? '1', 1, 10_000)),
        showText: values['show-text'],
        help: values.help,
    };
}

function defaultUrl(env: Environment): string {
    const host = env['HOST'] ?? '';
    // An address to listen on everywhere is not one to call.
    const callable = host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    const bracketed = callable.includes(':') ? `[${callable}]` : callable;
    const port = env['PORT'] ?? '';
    const path = env['AUDIOHOOK_PATH'] ?? '';
    return `ws://${bracketed}:${port === '' ? '8080' : port}${path === '' ? '/' : path}`;
}

function readUrl(text: string, bot: string | undefined): string {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || (url.protocol !== 'ws:' && url.protocol !== 'wss:'))
        throw new Error(`--url must be a ws:// or wss:// address; "${text}" is not.`);
    if (url.hash !== '') throw new Error('--url must not have a # part: it is never sent.');
    if (bot !== undefined) url.searchParams.set('bot', bot);
    return url.href;
}

function readNumber(name: string, text: string, min: number, max: number): number {
    const value = text.trim() === '' ? NaN : Number(text);
    if (value >= min && value <= max) return value;
    throw new Error(`${name} must be a number from ${min} to ${max}; "${text}" is not.`);
}

function readDigits(text: string): DigitsAt {
    const [digits = '', at = '1'] = text.split('@');
    if (!/^[0-9*#]+$/.test(digits)) throw new Error('--digits takes 0-9, * and #, then @ and seconds: 42#@3.0');
    return { digits, atSeconds: readNumber('--digits …@seconds', at, 0, 86_400) };
}

function readVariable(text: string): [name: string, value: string] {
    const cut = text.indexOf('=');
    if (cut < 1) throw new Error(`--var takes NAME=VALUE; "${text}" is not.`);
    return [text.slice(0, cut), text.slice(cut + 1)];
}
