import type { Page } from 'playwright-core';
import { loadConfig } from '../../../src/config/config';
import { silentLogger } from '../../../src/support/logger';
import { Server } from '../../../src/websocket/server';
import { BrowserBench, describeWithBrowser, KEYS, microphoneSpeech } from './browser-bench';

const SILENCE = new Uint8Array(480_000).fill(0xff);

let bench: BrowserBench | undefined;
let server: Server | undefined;

afterEach(async () => {
    await bench?.close();
    await server?.stop();
    bench = server = undefined;
});

async function openPage(opened: BrowserBench, width: number): Promise<Page> {
    const { page } = await opened.window(width, 844);
    await page.goto(opened.running.page.link);
    await page.locator('#state', { hasText: 'Ready' }).waitFor();
    return page;
}

async function call(page: Page): Promise<void> {
    await page.click('#call:enabled');
    await page.locator('#state', { hasText: 'On the line' }).waitFor();
}

async function hangUp(page: Page): Promise<void> {
    await page.click('#call');
    await page.locator('#state', { hasText: 'Call ended' }).waitFor();
}

/** Clicks into the picture, clear of its marks, at this share of its time; answers with where the player is, s. */
async function seek(page: Page, share: number): Promise<number> {
    const box = await page.locator('#timeline').boundingBox();
    const gutter = 62;
    await page.click('#timeline', { position: { x: gutter + ((box?.width ?? 0) - gutter - 2) * share + 1, y: 40 } });
    return secondsOf(page, '#position');
}

async function secondsOf(page: Page, id: string): Promise<number> {
    const [minutes = '', seconds = ''] = ((await page.textContent(id)) ?? '').split(':');
    return Number(minutes) * 60 + Number(seconds);
}

describeWithBrowser('a call on the page', () => {
    it('says why it failed beside "Call failed" until the next call, asks for the variables of its bot, and hints at a silent microphone', async () => {
        bench = await BrowserBench.start(SILENCE);
        const page = await openPage(bench, 1280);
        await page.selectOption('#bot', 'another name');
        await page.fill('#other-bot', 'unknown-bot');
        await page.click('#call:enabled');
        await page.locator('#state', { hasText: 'Call failed' }).waitFor();
        expect(await page.textContent('.status + #reason')).toContain('The server ended the call');
        expect(await page.textContent('#file-note')).toBe('');
        expect(await page.textContent('#outcome-facts')).toContain('the bot or the server, with disconnect');
        expect(await page.textContent('#outputs-none')).toBe('The disconnect message carried none.');
        await bench.picture(page, 'failed-1280');

        await page.selectOption('#bot', 'reception');
        expect(await page.textContent('#bot-description')).toContain('finds out what the caller wants');
        await page.getByLabel('customer_name').fill('Ada');
        await page.click('summary');
        await page.fill('#variables', 'tier=gold\nsilver');
        expect(await page.textContent('#variables-note')).toContain('silver');
        await call(page);
        expect(await page.isVisible('#reason')).toBe(false);
        expect(await page.isVisible('#outcome')).toBe(false);
        const opened = bench.caller.events.find((event) => event.kind === 'sent' && event.type === 'open');
        const parameters = opened?.kind === 'sent' ? opened.parameters : {};
        expect(parameters['inputVariables']).toEqual({ customer_name: 'Ada', tier: 'gold' });
        await page.locator('#voice-note', { hasText: 'The microphone gives silence' }).waitFor();
        await hangUp(page);
        expect(await page.textContent('#voice-note')).toBe('');
        expect(await page.textContent('#outcome-facts')).toContain('reception');
        expect(bench.complaints).toEqual([]);
    });

    it('is in sight as a whole at 390 pixels, plays from where the picture is clicked, and is kept when the page is loaded anew', async () => {
        bench = await BrowserBench.start(microphoneSpeech(1500, 'librivox_0880'));
        const page = await openPage(bench, 390);
        await call(page);
        await page.waitForTimeout(11_000);
        await hangUp(page);
        const total = await secondsOf(page, '#total');
        expect(total).toBeGreaterThan(10);
        expect(await seek(page, 0)).toBeLessThan(0.2);
        expect(await seek(page, 1)).toBe(total);
        const half = await seek(page, 0.5);
        expect(Math.abs(half / total - 0.5)).toBeLessThan(0.03);
        await page.click('#play');
        while ((await secondsOf(page, '#position')) < half + 0.5) await page.waitForTimeout(50);
        await page.focus('#timeline');
        await page.keyboard.press(' ');
        await page.locator('#play', { hasText: 'Play' }).waitFor();
        await bench.picture(page, 'played-390');

        await call(page);
        expect(await page.isDisabled('#play')).toBe(true);
        await page.locator('#rows button', { hasText: 'playback_started' }).waitFor();
        const asked: string[] = [];
        page.on('dialog', (dialog) => {
            asked.push(dialog.type());
            void dialog.accept();
        });
        await page.reload();
        await page.locator('#reason', { hasText: 'The page was loaded anew or closed during the call' }).waitFor();
        expect(asked).toEqual(['beforeunload']);
        expect(await page.textContent('#state')).toBe('Call ended');
        expect(await page.locator('#rows button', { hasText: 'playback_started' }).count()).toBe(1);
        expect(await page.isEnabled('#play')).toBe(true);
        expect(await seek(page, 1)).toBe(await secondsOf(page, '#total'));
        await bench.picture(page, 'reloaded-390');
        expect(bench.complaints).toEqual([]);
    });

    it('is seen from inside after `npm start`, when the page is told to look inside', async () => {
        server = new Server({
            config: loadConfig({ PORT: '0', ADMISSION: 'off', AUDIOHOOK_API_KEYS: KEYS }),
            logger: silentLogger,
        });
        await server.start();
        bench = await BrowserBench.start(SILENCE, { PORT: String(server.address?.port) }, false);
        const page = await openPage(bench, 1280);
        expect(await page.textContent('#server')).toContain('seen from outside');
        await page.click('#look-inside');
        await page.locator('#server', { hasText: 'seen from inside' }).waitFor();
        expect(await page.isVisible('#look-inside')).toBe(false);
        await call(page);
        expect(server.callCount).toBe(0);
        await page.locator('#words li.bot').first().waitFor();
        await hangUp(page);
        expect(bench.complaints).toEqual([]);
    });
});
