import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { wavToPcmu } from '../../src/audio/wav';
import { PCMU_SILENCE } from '../caller/media';
import { concat } from '../caller/recording';
import { startFakeOpenAI } from '../fake-openai';
import { findChromium, startBrowser } from './browser';
import { startConsole } from './run-console';
import { answerHelp } from '../usage';

/**
 * `npm run console:pictures`: the pictures of the console in the README and in docs/CONSOLE.md. A real call in a real browser: the
 * page, the console, the server and the stand-in for OpenAI, with a recorded caller who interrupts.
 */

const FOLDER = join(__dirname, '../../docs/images');
const SAMPLES = join(__dirname, '../../samples');
/** The caller listens to the greeting, asks, hears a little of the response, shows that they listen, and interrupts it. */
const ASKS_AFTER_MS = 5200;
const LISTENS_AFTER_MS = 2000;
const INTERRUPTS_AFTER_MS = 1500;
const KEYS_AFTER_MS = 18_500;
const LAST_RESPONSE_MS = 3000;

async function main(): Promise<void> {
    const chromium = findChromium();
    if (chromium === undefined)
        throw new Error('There is no Chromium here: apt-get install chromium, or set CHROMIUM_PATH.');
    mkdirSync(FOLDER, { recursive: true });
    const fake = await startFakeOpenAI({
        response: [
            { text: 'He was not an ill disposed young man.', audio: sample('librivox_0880') },
            {
                text: 'Unless to be rather cold hearted and rather selfish is to be ill disposed.',
                audio: sample('librivox_0890'),
            },
            { text: 'He might even have been made amiable himself.', audio: sample('librivox_0930') },
            { text: 'He was not an ill disposed young man.', audio: sample('librivox_0880') },
        ],
        callerTranscript: {
            texts: ['what your country can do for you', 'Mhm.', 'And so, my fellow Americans'],
        },
    });
    const running = await startConsole(
        { url: undefined, key: undefined, secret: undefined, port: 0, own: true, help: false },
        {
            env: { ...environment(), OPENAI_REALTIME_URL: fake.url },
            directory: FOLDER,
            print: () => undefined,
            prettyLogs: true,
        },
    );
    const browser = await startBrowser(chromium, speech());
    try {
        const { page } = await browser.open(1280, 980);
        await page.goto(running.page.link);
        await call(page);
        await save(page, 'console-call');
        await page.click('#call');
        await page.locator('#state', { hasText: 'Call ended' }).waitFor();
        await page.click('#fit');
        await page.click('#theme');
        await choose(page, 'barge_in');
        await save(page, 'console-dark');
        await page.click('#theme');
        await page.setViewportSize({ width: 390, height: 844 });
        await page.click('#fit');
        await save(page, 'console-narrow', '#picture-title');
    } finally {
        await browser.close();
        await running.close();
        await fake.close();
    }
}

async function call(page: Page): Promise<void> {
    await page.click('#call:enabled');
    await page.waitForTimeout(KEYS_AFTER_MS);
    for (const key of ['4', '2', '#']) await page.click(`[data-key="${key}"]:enabled`);
    await page.waitForTimeout(LAST_RESPONSE_MS);
}

async function choose(page: Page, words: string): Promise<void> {
    await page.locator('#rows button', { hasText: words }).first().click();
}

/** What is seen of the page when `top` stands at its upper edge. */
async function save(page: Page, name: string, top = 'header'): Promise<void> {
    await page.evaluate(`document.querySelector('${top}').scrollIntoView()`);
    const path = join(FOLDER, `${name}.png`);
    await page.screenshot({ path });
    console.log(path);
}

/** What the caller says, with the silences in which they listen. */
function speech(): Uint8Array {
    const words = sample('jfk_inaugural_1961');
    return concat([
        silence(ASKS_AFTER_MS),
        words.subarray(3400 * 8, 5600 * 8),
        silence(LISTENS_AFTER_MS),
        words.subarray(550 * 8, 800 * 8),
        silence(INTERRUPTS_AFTER_MS),
        words.subarray(400 * 8, 2600 * 8),
        silence(60_000),
    ]);
}

function silence(ms: number): Uint8Array {
    return new Uint8Array(ms * 8).fill(PCMU_SILENCE);
}

function sample(name: string): Uint8Array {
    return wavToPcmu(readFileSync(join(SAMPLES, `${name}.wav`)));
}

function environment(): Record<string, string> {
    const key = Buffer.from(`pictures ${randomBytes(9).toString('hex')}`).toString('base64');
    const keys = JSON.stringify({ [key]: randomBytes(32).toString('base64') });
    return { AUDIOHOOK_API_KEYS: keys, OPENAI_API_KEY: 'sk-pictures', DEFAULT_BOT: 'openai', PORT: '0' };
}

answerHelp(`Makes the pictures of the console in docs/images: a real call in a real browser, against the stand-in for OpenAI.

  npm run console:pictures     no options; needs Chromium (CHROMIUM_PATH); takes about a minute`);

main().catch((fault: unknown) => {
    console.error(fault instanceof Error ? fault.message : fault);
    process.exitCode = 1;
});
