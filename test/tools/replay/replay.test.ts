import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readFlight } from '../../../tools/replay/flight-reader';
import { replay } from '../../../tools/replay/replay-call';
import { writeTest } from '../../../tools/replay/as-test';
import { readOptions } from '../../../tools/replay/cli-options';
import { FlightBench } from '../../flight/flight-bench';
import { until } from '../../support/test-bench';

const ROOT = join(__dirname, '..', '..', '..');

/** A checkout beside this one, whose code can be changed. */
class Checkout {
    readonly folder = mkdtempSync(join(tmpdir(), 'checkout-'));

    constructor() {
        for (const name of ['src', 'tools', 'package.json', 'tsconfig.json', 'assets'])
            cpSync(join(ROOT, name), join(this.folder, name), { recursive: true });
        symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
    }

    change(file: string, from: string, to: string): void {
        const path = join(this.folder, file);
        const text = readFileSync(path, 'utf8');
        if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
        writeFileSync(path, text.replace(from, to));
    }

    async replay(...args: string[]): Promise<{ exitCode: number | null; out: string }> {
        const preload = ['--require', require.resolve('tsx/cjs')];
        const child = spawn(process.execPath, [...preload, 'tools/replay/cli.ts', ...args], { cwd: this.folder });
        let out = '';
        for (const stream of [child.stdout, child.stderr])
            stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
        const [exitCode] = (await once(child, 'close')) as [number | null];
        return { exitCode, out };
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}

describe('npm run replay', () => {
    const bench = new FlightBench();
    let file = '';

    /** One call with a greeting and an answer. */
    beforeAll(async () => {
        await bench.record({ openai: { vad: 'off' } }, async (running) => {
            const caller = running.caller();
            await caller.dial();
            await until('the greeting is heard', () => caller.heardBytes > 8000);
            caller.hangUp();
            await caller.ended;
        });
        file = bench.files[0] ?? '';
    });

    afterAll(() => {
        bench.remove();
    });

    it('in another checkout: 0 for the same code, 1 for a changed constant, which is found at its first effect', async () => {
        const checkout = new Checkout();
        try {
            const same = await checkout.replay(file);
            expect(same).toEqual({ exitCode: 0, out: expect.stringMatching(/^Equal: [\d.]+ s, /) as string });
            checkout.change('src/services/realtime/connection.ts', 'const STEP_MS = 5000;', 'const STEP_MS = 4000;');
            const { exitCode, out } = await checkout.replay(file);
            expect(exitCode).toBe(1);
            expect(out).toMatch(
                /recorded: timer \d+ 5000\n +now: +timer \d+ 4000\n +where: +src\/services\/realtime\/connection\.ts:\d+/,
            );
        } finally {
            checkout.remove();
        }
    });

    it('finds another lead at the first audio that is sent otherwise', async () => {
        const flight = readFlight(file);
        const settings = { ...flight.header.settings, playbackLeadMs: 200 };
        const { difference } = await replay({ ...flight, header: { ...flight.header, settings } });
        expect(difference?.where).toContain('src/common/playback.ts');
    });

    it('replays a file that breaks off as far as it goes, and says so', async () => {
        const text = gunzipSync(readFileSync(file)).toString();
        const path = join(bench.folder, 'cut.flight');
        writeFileSync(path, gzipSync(text.slice(0, text.length / 2)));
        const flight = readFlight(path);
        expect(flight.cut).toBe('it breaks off');
        expect((await replay(flight)).difference).toBeUndefined();
    });

    it.each([
        ['is not there', undefined, /ENOENT/],
        ['is not packed', Buffer.from('{"flight":1}'), /no flight file/],
        ['is something else', gzipSync('{"a":1}\n'), /no flight file/],
        ['is of another format', gzipSync('{"flight":99}\n'), /its format is 99/],
        ['is empty', gzipSync('{"flight":1}\n'), /holds no call/],
    ])('refuses a file that %s', (_what, bytes, why) => {
        const path = join(bench.folder, 'odd.flight');
        rmSync(path, { force: true });
        if (bytes !== undefined) writeFileSync(path, bytes);
        expect(() => readFlight(path)).toThrow(why);
    });

    it('writes a test with a copy of the file, and never over one that is there', () => {
        const target = join(bench.folder, 'tests', 'complaint');
        const { test, copy } = writeTest(file, target);
        expect(readFileSync(copy)).toEqual(readFileSync(file));
        const source = readFileSync(test, 'utf8');
        const [, tools = ''] = /from '(\S+)\/replay-call'/.exec(source) ?? [];
        expect(existsSync(join(bench.folder, 'tests', tools, 'replay-call.ts'))).toBe(true);
        expect(source).toContain("'complaint.flight'");
        expect(() => writeTest(file, target)).toThrow(/is there already/);
    });

    it.each([[[]], [['a', 'b']], [['--unknown', 'a']]])('refuses the arguments %j', (args) => {
        expect(() => readOptions(args)).toThrow(RangeError);
    });
});
