import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { decodeMulaw } from '../../../src/audio/mulaw';
import { decodeWav } from '../../../src/audio/wav';
import type { CallEvent } from '../../../tools/caller/call-event';
import type { Caller } from '../../../tools/caller/client';
import { readTimeline } from '../../../tools/caller/timeline-file';
import { BrowserBench, chromium, describeWithBrowser, microphoneSpeech } from './browser-bench';
import { eavesdrop, findSamples, loudness, played, playsOn } from './heard-samples';

if (chromium === undefined)
    process.stdout.write(
        'SKIPPED: the console in a browser, because there is no Chromium here (apt-get install chromium)\n',
    );

/** For so long after the interruption the bot says nothing. */
const QUIET_MS = 500;
/** So much is still heard of a flush, of what the audio thread had computed already: two of its blocks and the filter's tail. */
const FLUSHED_MS = 10;
const SILENCE = new Uint8Array(480_000).fill(0xff);

let bench: BrowserBench | undefined;

afterEach(async () => {
    await bench?.close();
    bench = undefined;
});

async function openConsole(
    speech = microphoneSpeech(3500, 'librivox_0930'),
): Promise<{ bench: BrowserBench; page: Page }> {
    bench = await BrowserBench.start(speech);
    const { page } = await bench.window();
    await eavesdrop(page);
    await page.goto(bench.running.page.link);
    return { bench, page };
}

async function call(page: Page): Promise<void> {
    await page.click('#call:enabled');
    await page.locator('#state', { hasText: 'On the line' }).waitFor();
}

/** Not by the microphone, which speaks when it likes: on a busy machine that is before the bot does. */
async function interrupt(page: Page): Promise<void> {
    await page.selectOption('#source', 'sample:librivox_0930');
    await page.click('#say');
}

async function hangUp(page: Page): Promise<void> {
    await page.click('#call');
    await page.locator('#state', { hasText: 'Call ended' }).waitFor();
}

/** Keeps what is written into pictures from now on. */
const KEEP_TEXTS = `{
    window.drawnTexts = [];
    const fillText = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        window.drawnTexts.push(text);
        return fillText.call(this, text, ...rest);
    };
}`;

/** The main thread does nothing else for so long. */
async function stall(page: Page, ms: number): Promise<void> {
    await page.evaluate(`{ const end = performance.now() + ${ms}; while (performance.now() < end); }`);
}

/** How many `playback` events of that kind have come so far. */
function playbacks(caller: Caller, what: 'started' | 'flushed'): number {
    return caller.events.filter((event) => event.kind === 'playback' && event.what === what).length;
}

/** Resolves with the caller's `playback` event of that kind that comes after the first `skipped` ones; it may have come already. */
function playback(
    caller: Caller,
    what: 'started' | 'flushed',
    skipped = 0,
): Promise<{ heardMs: number; totalMs: number }> {
    return new Promise((resolve) => {
        let seen = 0;
        const look = (event: CallEvent): void => {
            if (event.kind === 'playback' && event.what === what && seen++ === skipped) resolve(event);
        };
        caller.events.forEach(look);
        caller.on('event', look);
    });
}

describeWithBrowser('the console in a browser', () => {
    it('places a call, hears the greeting to the sample, interrupts it, presses keys and hangs up, without one complaint', async () => {
        const { bench: opened, page } = await openConsole(SILENCE);
        await call(page);
        const { caller } = opened;
        const flushed = playback(caller, 'flushed');
        await page.locator('#rows button', { hasText: 'playback_started' }).waitFor();
        await playsOn(page, 1500);
        await interrupt(page);
        const cut = await flushed;
        expect(cut.heardMs).toBeGreaterThan(1000);
        expect(cut.heardMs).toBeLessThan(cut.totalMs);
        const startedBefore = playbacks(caller, 'started');
        await page.click('[data-key="1"]');
        await page.keyboard.press('#');
        await playback(caller, 'started', startedBefore);
        await opened.picture(page, 'call-1280');
        await hangUp(page);

        const summary = await caller.ended;
        expect(summary.outcome).toBe('completed');
        expect(summary.protocol.broken).toEqual([]);
        expect(summary.faults).toEqual([]);
        const keys = caller.events.flatMap((event) =>
            event.kind === 'sent' && event.type === 'dtmf' ? [event.parameters['digit']] : [],
        );
        expect(keys).toEqual(['1', '#']);

        const greeting = caller.playedAudio.subarray(0, Math.floor(cut.heardMs * 8) - 160);
        const { samples } = await played(page);
        const match = findSamples(samples, decodeMulaw(greeting));
        expect(match.correlation).toBeGreaterThan(0.99);
        expect(match.gain).toBeCloseTo(1, 1);
        expect(opened.complaints).toEqual([]);
    });

    it('is silent 10 ms after the flush has reached the audio thread, in its own time, and the line holds no flush back', async () => {
        const { bench: opened, page } = await openConsole(SILENCE);
        await call(page);
        const { caller } = opened;
        const flushed = playback(caller, 'flushed');
        await page.locator('#rows button', { hasText: 'playback_started' }).waitFor();
        await playsOn(page, 1000);
        await interrupt(page);
        await flushed;
        await playsOn(page, QUIET_MS);
        await hangUp(page);
        const { samples, orders } = await played(page);
        // The end of the call flushes once more.
        expect(orders.slice(0, 2).map(({ isFlush }) => isFlush)).toEqual([true, false]);
        const cutAt = Math.round(orders[0]?.at ?? 0);
        expect(loudness(samples.subarray(cutAt - 4000, cutAt))).toBeGreaterThan(0.005);
        expect(loudness(samples.subarray(cutAt + FLUSHED_MS * 8, cutAt + QUIET_MS * 8))).toBeLessThan(0.0005);
        expect(opened.complaints).toEqual([]);
    });

    it('plays on without a gap through two stalls of 200 ms of the main thread', async () => {
        const { bench: opened, page } = await openConsole(SILENCE);
        await call(page);
        const { caller } = opened;
        // By the row, not by the event, which may have come before this line; and by the time of the audio thread, not by the clock.
        await page.locator('#rows button', { hasText: 'playback_started' }).waitFor();
        await playsOn(page, 700);
        await stall(page, 200);
        await playsOn(page, 500);
        await stall(page, 200);
        await playsOn(page, 700);
        const started = caller.events.filter((event) => event.kind === 'playback' && event.what === 'started');
        await hangUp(page);
        expect(started).toHaveLength(1);
        const match = findSamples((await played(page)).samples, decodeMulaw(caller.playedAudio.subarray(0, 16_000)));
        expect(match.correlation).toBeGreaterThan(0.99);
        expect(opened.complaints).toEqual([]);
    });

    it('saves both tracks, the timeline and a picture, and opens the timeline again', async () => {
        const { bench: opened, page } = await openConsole();
        await call(page);
        await playback(opened.caller, 'flushed');
        // The interruption stands: what was heard of the sentence is known.
        await page.locator('#rows li', { hasText: '(heard)' }).first().waitFor();
        await hangUp(page);
        const save = async (id: string): Promise<Buffer> => {
            const [download] = await Promise.all([page.waitForEvent('download'), page.click(id)]);
            return readFileSync(await download.path());
        };
        const said = decodeWav(await save('#save-caller'));
        expect([said.rateHz, said.channels]).toEqual([8000, 1]);
        expect(Math.max(...said.samples)).toBeGreaterThan(3000);
        const heard = decodeWav(await save('#save-bot'));
        expect(Math.max(...heard.samples)).toBeGreaterThan(3000);
        const both = decodeWav(await save('#save-both'));
        expect([both.channels, both.samples.length]).toEqual([2, 2 * said.samples.length]);
        expect(heard.samples.length).toBe(said.samples.length);
        await page.evaluate(KEEP_TEXTS);
        expect((await save('#save-picture')).subarray(1, 4).toString('latin1')).toBe('PNG');
        const texts = (await page.evaluate<string[]>('window.drawnTexts')).join('\n');
        expect(texts).toMatch(/^Call of \d+ \w+ \d{4} at \d\d:\d\d:\d\d/m);
        expect(texts).toMatch(/^0:\d\d from dialling to the end · Bot: local · Ended by: the caller, who hung up$/m);
        for (const each of ['0 s', 'caller', 'bot, heard', 'bot, cut off', 'until it plays'])
            expect(texts).toContain(each);
        const file = await save('#save-timeline');
        const read = readTimeline(file.toString('utf8'));
        expect(read.ok && read.timeline.events.some(({ kind }) => kind === 'heard')).toBe(true);

        const rows = await page.locator('#rows li').count();
        await page.reload();
        await page.locator('#state', { hasText: 'Call ended' }).waitFor();
        expect(await page.locator('#rows li').count()).toBe(rows);
        expect(decodeWav(await save('#save-both')).samples).toEqual(both.samples);
        await page.setInputFiles('#open-file', { name: 'call.json', mimeType: 'application/json', buffer: file });
        await page.locator('#state', { hasText: 'From a file' }).waitFor();
        expect(await page.locator('#rows li').count()).toBe(rows);
        expect(await page.isDisabled('#play')).toBe(true);
        await page.setInputFiles('#open-file', {
            name: 'no.json',
            mimeType: 'application/json',
            buffer: Buffer.from('{}'),
        });
        await page
            .locator('#file-note', { hasText: 'This file cannot be shown: it is not a timeline of this tool.' })
            .waitFor();
        expect(opened.complaints).toEqual([]);
    });

    it('refuses a second tab, a wrong token and a page from elsewhere with a sentence', async () => {
        bench = await BrowserBench.start(SILENCE);
        const { link, port, origin } = bench.running.page;
        const { context, page } = await bench.window();
        await page.goto(link);
        await page.locator('#state', { hasText: 'Ready' }).waitFor();
        const second = await context.newPage();
        await second.goto(link);
        await second.locator('#closed-why', { hasText: 'This link is not valid, or has been used.' }).waitFor();
        const wrong = await context.newPage();
        await wrong.goto(`${origin}/#wrong`);
        await wrong.locator('#closed-why', { hasText: 'This link is not valid, or has been used.' }).waitFor();
        await page.reload();
        await page.locator('#state', { hasText: 'Ready' }).waitFor();

        const elsewhere = createServer((_request, response) => response.end('<!doctype html><title>elsewhere</title>'));
        await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
        const stranger = await context.newPage();
        await stranger.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
        const outcome = await stranger.evaluate(`new Promise((resolve) => {
            const socket = new WebSocket('ws://127.0.0.1:${port}/line');
            socket.onopen = () => resolve('open');
            socket.onerror = () => resolve('refused');
        })`);
        expect(outcome).toBe('refused');
        await stranger.close();
        await new Promise((resolve) => elsewhere.close(resolve));
    });
});
