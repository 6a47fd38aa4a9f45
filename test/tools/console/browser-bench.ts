import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { wavToPcmu } from '../../../src/audio/wav';
import { findChromium, startBrowser, type HeadlessBrowser } from '../../../tools/console/browser';
import { bundlePages, type PageFile } from '../../../tools/console/pages';
import { startConsole, type RunningConsole } from '../../../tools/console/run-console';
import { concat } from '../../../tools/caller/recording';
import { PCMU_SILENCE } from '../../../tools/caller/media';
import type { Caller } from '../../../tools/caller/client';
import { LINE_SPY, RECORDER, TONE } from './heard-samples';

const ROOT = join(__dirname, '../../..');
/** API key and secret of the server under test, as AUDIOHOOK_API_KEYS has them. */
export const KEYS = JSON.stringify({ 'Y29uc29sZQ==': Buffer.alloc(32, 7).toString('base64') });

/** Where the pictures of a test run lie; git does not see it. */
export const PICTURES = join(ROOT, 'coverage', 'console');

/** A machine without a browser skips these tests and says so; in CI that is a fault. */
export const chromium = findChromium();
export const describeWithBrowser = chromium !== undefined || process.env['CI'] !== undefined ? describe : describe.skip;

/** Speech of a bundled sample, with silence before and after, as the microphone hears it. */
export function microphoneSpeech(silenceMs: number, name: string): Uint8Array {
    const quiet = (ms: number): Uint8Array => new Uint8Array(ms * 8).fill(PCMU_SILENCE);
    return concat([quiet(silenceMs), wavToPcmu(readFileSync(join(ROOT, 'samples', `${name}.wav`))), quiet(60_000)]);
}

let pages: Promise<ReadonlyMap<string, PageFile>> | undefined;

async function pagesForTests(): Promise<ReadonlyMap<string, PageFile>> {
    const bundled = await bundlePages();
    const lineWorker = bundled.get('/line-worker.js')?.body ?? '';
    return new Map([
        ...bundled,
        ['/test-line-worker.js', { contentType: 'text/javascript', body: LINE_SPY + lineWorker }],
        ['/test-recorder.js', { contentType: 'text/javascript', body: RECORDER }],
        ['/test-tone.js', { contentType: 'text/javascript', body: TONE }],
    ]);
}

const browsers = new Map<string, Promise<HeadlessBrowser>>();

/** The browser whose microphone hears this speech: one for all tests of a suite, each of which has windows of its own. */
function browserHearing(path: string, speech: Uint8Array): Promise<HeadlessBrowser> {
    const name = Buffer.from(speech).toString('latin1');
    const browser = browsers.get(name) ?? startBrowser(path, speech);
    browsers.set(name, browser);
    return browser;
}

afterAll(async () => {
    for (const browser of browsers.values()) await (await browser).close();
});

/** A console with its own server, and a browser: everything that a person would have. */
export class BrowserBench {
    readonly complaints: string[] = [];
    private readonly contexts: BrowserContext[] = [];
    private constructor(
        readonly running: RunningConsole,
        readonly browser: HeadlessBrowser,
        private readonly directory: string,
    ) {}

    /** `own` false: the server that listens on PORT of `env` is called. */
    static async start(speech: Uint8Array, env: Record<string, string> = {}, own = true): Promise<BrowserBench> {
        if (chromium === undefined)
            throw new Error('There is no Chromium: apt-get install chromium, or set CHROMIUM_PATH.');
        mkdirSync(PICTURES, { recursive: true });
        const directory = mkdtempSync(join(tmpdir(), 'console-test-'));
        const running = await startConsole(
            { url: undefined, key: undefined, secret: undefined, port: 0, own, help: false },
            {
                env: { AUDIOHOOK_API_KEYS: KEYS, PORT: '0', DEFAULT_BOT: 'local', LOG_LEVEL: 'silent', ...env },
                directory,
                print: () => undefined,
                prettyLogs: false,
                pages: await (pages ??= pagesForTests()),
            },
        );
        return new BrowserBench(running, await browserHearing(chromium, speech), directory);
    }

    /** A window whose console errors and uncaught faults are kept in `complaints`. */
    async window(width = 1280, height = 900): Promise<{ context: BrowserContext; page: Page }> {
        const opened = await this.browser.open(width, height);
        this.contexts.push(opened.context);
        this.listen(opened.page);
        return opened;
    }

    listen(page: Page): void {
        page.on('console', (message) => {
            if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
        });
        page.on('pageerror', (fault) => this.complaints.push(String(fault)));
    }

    /** The call that runs. */
    get caller(): Caller {
        const caller = this.running.page.currentController?.caller;
        if (caller === undefined) throw new Error('There is no call.');
        return caller;
    }

    async picture(page: Page, name: string): Promise<void> {
        const path = join(PICTURES, `${name}.png`);
        await page.screenshot({ path });
        process.stdout.write(`    picture: ${path.slice(ROOT.length + 1)}\n`);
    }

    async close(): Promise<void> {
        for (const context of this.contexts) await context.close();
        await this.running.close();
        rmSync(this.directory, { recursive: true, force: true });
    }
}
