import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { decodeMulaw } from '../../src/audio/mulaw';
import { encodePcm16Wav } from '../../src/audio/wav';

const PLACES = [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome-stable',
    '/usr/bin/google-chrome',
];

/** Where Chromium is: CHROMIUM_PATH, or where Linux systems keep it; undefined: nowhere. */
export function findChromium(): string | undefined {
    return [process.env['CHROMIUM_PATH'] ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
}

/** A browser without a screen, whose microphone is fed with a recording. */
export interface HeadlessBrowser {
    /** A window of its own, as of another person: nothing is shared with other windows. */
    open(width: number, height: number): Promise<{ context: BrowserContext; page: Page }>;
    close(): Promise<void>;
}

/**
 * Starts Chromium at `path`; `speech` (PCMU, 8 kHz) is fed to its microphone once, from the moment at which a page begins
 * to listen. Flags are those of Chromium's own tests.
 */
export async function startBrowser(path: string, speech: Uint8Array): Promise<HeadlessBrowser> {
    const folder = mkdtempSync(join(tmpdir(), 'console-'));
    const wav = join(folder, 'microphone.wav');
    // Chromium's microphone reads no µ-law.
    writeFileSync(wav, encodePcm16Wav(decodeMulaw(speech), 8000));
    const browser: Browser = await chromium.launch({
        executablePath: path,
        args: [
            // Root has no sandbox, and containers have no other user.
            ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
            '--use-fake-ui-for-media-stream',
            '--use-fake-device-for-media-stream',
            `--use-file-for-fake-audio-capture=${wav}%noloop`,
            '--autoplay-policy=no-user-gesture-required',
        ],
    });
    return {
        open: async (width, height) => {
            const context = await browser.newContext({ permissions: ['microphone'], viewport: { width, height } });
            return { context, page: await context.newPage() };
        },
        close: async () => {
            await browser.close();
            rmSync(folder, { recursive: true, force: true });
        },
    };
}
