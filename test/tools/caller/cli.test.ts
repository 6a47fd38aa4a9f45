import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeMulawWav, wavToPcmu } from '../../../src/audio/wav';
import { readCliOptions } from '../../../tools/caller/cli-options';
import { findCredentials, readEnvironment } from '../../../tools/caller/credentials';
import { explainRefusal } from '../../../tools/caller/explain';
import { readTimeline } from '../../../tools/caller/timeline-file';
import { runCli, type CliSurroundings } from '../../../tools/caller/run-cli';
import { all, opened, play, say } from './breaches';
import { StubServer, until, type Reply } from './stub-server';

let directory = '';
let server: StubServer | undefined;

beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'caller-'));
});

afterEach(async () => {
    await server?.stop();
    server = undefined;
    rmSync(directory, { recursive: true });
});

class Terminal implements CliSurroundings {
    readonly printed: string[] = [];
    readonly complaints: string[] = [];
    readonly env = {};
    readonly colour = false;
    raw: boolean[] = [];
    private listener: ((data: string) => void) | undefined;
    readonly keys = {
        isTTY: true,
        setRawMode: (raw: boolean) => this.raw.push(raw),
        on: (_event: 'data', listener: (data: string) => void) => (this.listener = listener),
        off: () => (this.listener = undefined),
        resume: () => undefined,
        pause: () => undefined,
    };

    constructor(readonly directory: string) {}

    print = (line: string): void => void this.printed.push(line);
    complain = (line: string): void => void this.complaints.push(line);
    press(keys: string): void {
        this.listener?.(keys);
    }
}

const speech = Uint8Array.from({ length: 800 }, (_, index) => index % 128);

async function run(script: Readonly<Record<string, Reply>>, ...args: string[]) {
    server = await StubServer.start(script);
    writeFileSync(join(directory, 'speech.wav'), encodeMulawWav(speech));
    const terminal = new Terminal(directory);
    const always = ['--url', server.url, '--key', 'k', '--wav', join(directory, 'speech.wav'), '--frame-ms', '20'];
    return { terminal, exitCode: runCli([...always, ...args], terminal), server };
}

const good = { open: all(opened(), play(speech)) };

describe('npm run call', () => {
    it('places a call, shows the timeline, writes both recordings, and leaves with 0', async () => {
        const files = ['--out', join(directory, 'heard.wav'), '--out-stereo', join(directory, 'both.wav')];
        const { terminal, exitCode, server: stub } = await run(good, ...files);
        await until(() => stub.calls[0]?.types().includes('playback_completed') === true);
        terminal.press('q');
        expect(await exitCode).toBe(0);
        expect(terminal.complaints).toEqual([]);
        expect(terminal.printed.at(-3)).toMatch(/✓ \d+ protocol checks, 0 broken · audio out 0\.1 s/);
        expect(terminal.printed.at(-1)).toBe(
            `Both sides (caller left, bot right) are in ${join(directory, 'both.wav')}`,
        );
        const heard = wavToPcmu(readFileSync(join(directory, 'heard.wav')));
        expect(Buffer.from(heard).includes(Buffer.from(speech))).toBe(true);
        expect(readFileSync(join(directory, 'both.wav')).readUInt16LE(22)).toBe(2);
    });

    it('writes the timeline as a file that the console opens, without keys', async () => {
        const file = join(directory, 'call.json');
        const { exitCode } = await run(good, '--seconds', '0.4', '--digits', '7@0', '--timeline', file);
        expect(await exitCode).toBe(0);
        const text = readFileSync(file, 'utf8');
        const read = readTimeline(text);
        expect(read.ok && read.timeline.events.length > 5 && read.timeline.loudness.bot.length > 0).toBe(true);
        expect(text).toContain('"digit": "•"');
        expect(text).not.toContain('"digit": "7"');
    });

    it('passes variables, bot, language and digits on', async () => {
        const settings = ['--var', 'tier=gold=1', '--bot', 'silent', '--language', 'es-es', '--digits', '4#@0'];
        const { terminal, exitCode, server: stub } = await run(good, ...settings);
        await until(() => stub.calls[0]?.types().filter((type) => type === 'dtmf').length === 2);
        terminal.press('q');
        expect(await exitCode).toBe(0);
        expect(stub.call.request.url).toBe('/bot?line=1&bot=silent');
        expect(stub.call.texts[0]?.parameters).toMatchObject({ language: 'es-es', inputVariables: { tier: 'gold=1' } });
        const digits = stub.call.texts.filter(({ type }) => type === 'dtmf');
        expect(digits.map(({ parameters }) => parameters['digit'])).toEqual(['4', '#']);
    });

    it('prints every broken rule and leaves with 1', async () => {
        const { terminal, exitCode } = await run({ open: all(opened(), say('data')) }, '--seconds', '1');
        expect(await exitCode).toBe(1);
        expect(terminal.printed.join('\n')).toContain('✗ rule 5 ');
        expect(terminal.printed.at(-2)).toContain('1 broken');
    });

    it('leaves with 1 and says so when the server ends the call with an error', async () => {
        const bad = say('disconnect', { reason: 'error', info: 'no bot' });
        const { terminal, exitCode } = await run({ open: bad });
        expect(await exitCode).toBe(1);
        expect(terminal.complaints).toEqual(['The server ended the call: error (no bot). Its log says more.']);
    });

    it('lets a person press keys, talk over the bot and hang up, and gives the terminal back', async () => {
        const { terminal, exitCode, server: stub } = await run(good);
        await until(() => stub.calls[0]?.types().includes('playback_started') === true);
        terminal.press('x5');
        await until(() => stub.call.types().includes('dtmf'));
        const before = stub.call.audio.length;
        terminal.press('b');
        await until(() => Buffer.concat(stub.call.audio.slice(before)).includes(Buffer.from(speech.subarray(0, 160))));
        terminal.press('q');
        expect(await exitCode).toBe(0);
        expect(stub.call.texts.at(-1)).toMatchObject({ type: 'close', parameters: { reason: 'end' } });
        expect(terminal.raw).toEqual([true, false]);
    });

    it('without options keeps both sides in call.out.wav and says where that is; the sample lets the bot speak first', async () => {
        server = await StubServer.start(good);
        const terminal = new Terminal(directory);
        expect(await runCli(['--url', server.url, '--key', 'k', '--seconds', '0.4'], terminal)).toBe(0);
        const file = join(directory, 'call.out.wav');
        expect(terminal.printed.at(-1)).toBe(`Both sides (caller left, bot right) are in ${file}`);
        expect(readFileSync(file).readUInt16LE(22)).toBe(2);
        expect(terminal.printed.join('\n')).toContain('the sample hears the greeting out');
        const sent = Buffer.concat(server.call.audio);
        expect(sent.length).toBeGreaterThan(0);
        expect(sent.every((byte) => byte === 0xff)).toBe(true);
    });

    it('hangs up after --seconds', async () => {
        const { exitCode, server: stub } = await run(good, '--seconds', '0.05');
        expect(await exitCode).toBe(0);
        expect(stub.call.texts.at(-1)).toMatchObject({ type: 'close', parameters: { reason: 'end' } });
    });

    it('runs the probe', async () => {
        const { exitCode, server: stub } = await run(good, '--probe');
        expect(await exitCode).toBe(0);
        expect(stub.call.types()).toEqual(['open', 'close']);
    });

    it('places many calls, a line each, and sums up', async () => {
        const { terminal, exitCode, server: stub } = await run(good, '--calls', '3', '--seconds', '0.05');
        expect(await exitCode).toBe(0);
        expect(stub.calls).toHaveLength(3);
        expect(terminal.printed).toHaveLength(4);
        expect(terminal.printed.at(-1)).toMatch(/^3 of 3 calls without a fault/);
    });

    it('explains a refusal', async () => {
        server = await StubServer.start({}, 401);
        const terminal = new Terminal(directory);
        expect(await runCli(['--url', server.url, '--key', 'k'], terminal)).toBe(1);
        expect(terminal.complaints[0]).toContain('answered 401');
    });

    it('leaves with 2 for options, keys or files that cannot be used, and says what to do', async () => {
        const terminal = new Terminal(directory);
        expect(await runCli(['--nonsense'], terminal)).toBe(2);
        expect(await runCli([], terminal)).toBe(2);
        expect(await runCli(['--key', 'k', '--wav', join(directory, 'none.wav')], terminal)).toBe(2);
        expect(terminal.complaints[0]).toContain('--nonsense');
        expect(terminal.complaints[1]).toContain('No API key');
        expect(terminal.complaints[2]).toContain('none.wav');
        for (const complaint of terminal.complaints) expect(complaint).toContain('--help');
    });

    it('shows its help, which names every option', async () => {
        const terminal = new Terminal(directory);
        expect(await runCli(['--help'], terminal)).toBe(0);
        for (const option of ['--url', '--out-stereo', '--digits', '--calls', '--probe', '--show-text'])
            expect(terminal.printed[0]).toContain(option);
    });
});

describe('where the call goes, and with which key', () => {
    const url = (env: Record<string, string>, ...args: string[]): string => {
        const read = readCliOptions(args, env);
        return read.ok ? read.options.url : read.why;
    };

    it('calls the address that the server listens on', () => {
        expect(url({})).toBe('ws://127.0.0.1:8080/');
        expect(url({ PORT: '9000', HOST: '0.0.0.0', AUDIOHOOK_PATH: '/audiohook' })).toBe(
            'ws://127.0.0.1:9000/audiohook',
        );
        expect(url({ HOST: '::1' })).toBe('ws://[::1]:8080/');
        expect(url({}, '--url', 'wss://a.example/x?y=1', '--bot', 'echo')).toBe('wss://a.example/x?y=1&bot=echo');
    });

    it.each([
        ['--url', 'http://a.example'],
        ['--url', 'ws://a.example/#x'],
        ['--seconds', 'soon'],
        ['--calls', '0'],
        ['--digits', '12A'],
        ['--var', 'novalue'],
    ])('refuses %s %s', (option, value) => {
        expect(readCliOptions([option, value], {})).toMatchObject({
            ok: false,
            why: expect.stringContaining(option) as string,
        });
    });

    it('takes the first configured key with its first secret, then the development key', () => {
        const nothing = { key: undefined, secret: undefined };
        writeFileSync(join(directory, '.audiohook-dev-keys.json'), JSON.stringify({ dev: 'ZGV2' }));
        expect(findCredentials(nothing, directory, {})).toEqual({
            ok: true,
            credentials: { key: 'dev', secret: 'ZGV2' },
        });
        writeFileSync(join(directory, '.env'), `AUDIOHOOK_API_KEYS='{"a":["bmV3","b2xk"],"b":""}'\nPORT=9000\n`);
        const env = readEnvironment(directory, { PORT: '7000' });
        expect(env).toMatchObject({ PORT: '7000' });
        expect(findCredentials(nothing, directory, env)).toMatchObject({ credentials: { key: 'a', secret: 'bmV3' } });
        const unsigned = findCredentials({ key: 'b', secret: undefined }, directory, env);
        expect(unsigned).toEqual({ ok: true, credentials: { key: 'b', secret: undefined } });
    });

    it('reads a file of keys, and is not disturbed by one that is not JSON', () => {
        const file = join(directory, 'keys.json');
        writeFileSync(file, '{"f":"Zg=="}');
        const env = { AUDIOHOOK_API_KEYS_FILE: file };
        const nothing = { key: undefined, secret: undefined };
        expect(findCredentials(nothing, directory, env)).toMatchObject({ credentials: { key: 'f', secret: 'Zg==' } });
        writeFileSync(file, 'hello');
        expect(findCredentials(nothing, directory, env)).toMatchObject({ ok: false });
    });

    it.each([
        [401, undefined, '--secret'],
        [404, undefined, 'AUDIOHOOK_PATH'],
        [503, undefined, 'MAX_SESSIONS'],
        [502, undefined, 'fault'],
        [302, undefined, 'not followed'],
        [200, undefined, 'no AudioConnector'],
        [undefined, 'ECONNREFUSED', 'npm start'],
        [undefined, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'public CA'],
        [undefined, undefined, 'Check --url'],
    ])('says what to do after %s %s', (status, code, advice) => {
        expect(explainRefusal({ status, code, why: 'no' }, 'ws://a.example:1/')).toContain(advice);
    });
});
