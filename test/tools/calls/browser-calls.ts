/** Part of test/tools/console/browser.test.ts: one browser at a time. */
import { readFileSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';
import { encodeMulawWav, wavToPcmu } from '../../../src/audio/wav';
import type { CallDocument } from '../../../src/call-records/document';
import { systemClock } from '../../../src/support/clock';
import type { Audit } from '../../../tools/calls/audit';
import { playingOf, talkingOf } from '../../../tools/calls/call-facts';
import { CallsServer } from '../../../tools/calls/calls-server';
import { bundleCallPages } from '../../../tools/calls/pages';
import { startBrowser, type HeadlessBrowser } from '../../../tools/console/browser';
import { interleave } from '../../../tools/caller/recording';
import { PCMU_SILENCE } from '../../../tools/caller/media';
import { plantedCall } from '../../support/planted-calls';
import { chromium, describeWithBrowser } from '../console/browser-bench';
import { MemoryReader } from './memory-reader';

const ROOT = join(__dirname, '../../..');
const PICTURES = join(ROOT, 'coverage', 'calls');
const TOKEN = 'a-token-of-the-tests-0123456789';
/** Keeps where the cursor of the picture is drawn: a line of two pixels below the axis. */
const KEEP_CURSORS = `{
    window.cursors = [];
    const fillRect = CanvasRenderingContext2D.prototype.fillRect;
    CanvasRenderingContext2D.prototype.fillRect = function (x, y, width, height) {
        if (width === 2 && y === 24) window.cursors.push(x);
        return fillRect.call(this, x, y, width, height);
    };
}`;

function sample(name: string): Uint8Array {
    return wavToPcmu(readFileSync(join(ROOT, 'samples', `${name}.wav`)));
}

/** A recording of a call: speech wherever its record says that one of the two spoke. */
function recordingOf(call: CallDocument): Uint8Array {
    const [left, right] = [0, 1].map(() => new Uint8Array(Math.ceil(call.durationMs * 8)).fill(PCMU_SILENCE));
    const fill = (track: Uint8Array, name: string, spans: readonly { fromMs: number; toMs: number }[]): void => {
        const speech = sample(name);
        for (const { fromMs, toMs } of spans)
            for (let at = Math.round(fromMs * 8); at < Math.min(track.length, toMs * 8); at++)
                track[at] = speech[at % speech.length] ?? PCMU_SILENCE;
    };
    if (left === undefined || right === undefined) throw new Error('There are two channels.');
    fill(left, 'jfk_inaugural_1961', talkingOf(call, true));
    fill(right, 'librivox_0890', playingOf(call));
    return encodeMulawWav(interleave(left, right), 2);
}

/** Faults of accessibility that make the page unusable for some people, each with its element. */
async function seriousFaults(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<axe.AxeResults>('axe.run(document)');
    return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
}

describeWithBrowser('the page of the calls', () => {
    let browser: HeadlessBrowser | undefined;
    let server: CallsServer | undefined;
    let complaints: string[] = [];
    let audits: Audit[] = [];
    const contexts: BrowserContext[] = [];
    const faulty = plantedCall(12, 'slowFunction');
    const unheard = plantedCall(21, 'questionUnheard');
    const recorded = {
        ...faulty.call,
        recording: { name: `${faulty.call.sessionId}.wav`, bytes: 1, fromMs: 0 },
    };
    const files = new Map([[`${recorded.sessionId}/${recorded.sessionId}.wav`, recordingOf(recorded)]]);
    const calls = [recorded, unheard.call, ...Array.from({ length: 128 }, (_, index) => plantedCall(100 + index).call)];

    beforeAll(async () => {
        if (chromium === undefined)
            throw new Error('There is no Chromium: apt-get install chromium, or set CHROMIUM_PATH.');
        mkdirSync(PICTURES, { recursive: true });
        browser = await startBrowser(chromium, new Uint8Array(800).fill(PCMU_SILENCE));
    });

    afterEach(async () => {
        for (const context of contexts.splice(0)) await context.close();
        await server?.close();
        server = undefined;
    });

    afterAll(async () => {
        await browser?.close();
    });

    async function open(path: string, width = 1280, token?: string): Promise<{ page: Page; origin: string }> {
        complaints = [];
        audits = [];
        server = await CallsServer.start({
            reader: new MemoryReader(calls, files),
            pages: await bundleCallPages(),
            host: '127.0.0.1',
            port: 0,
            token,
            names: [],
            clock: systemClock,
            onView: (audit) => audits.push(audit),
            onFault: (fault) => complaints.push(String(fault)),
        });
        const opened = await browser?.open(width, 900);
        if (opened === undefined) throw new Error('There is no browser.');
        contexts.push(opened.context);
        const { page } = opened;
        page.on('console', (message) => {
            if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
        });
        page.on('pageerror', (fault) => complaints.push(String(fault)));
        await page.addInitScript({ content: KEEP_CURSORS });
        const origin = `http://127.0.0.1:${server.port}`;
        await page.goto(`${origin}${path}`);
        return { page, origin };
    }

    async function picture(page: Page, name: string): Promise<void> {
        const path = join(PICTURES, `${name}.png`);
        await page.screenshot({ path });
        process.stdout.write(`    picture: ${path.slice(ROOT.length + 1)}\n`);
    }

    it('lists calls page by page, sorts them, and searches by what stands in the address', async () => {
        const { page } = await open('/');
        await page.locator('#found', { hasText: 'Calls 1 to 50 of 130' }).waitFor();
        expect(await page.locator('#rows tr').count()).toBe(50);
        await page.click('#older');
        await page.locator('#found', { hasText: 'Calls 51 to 100 of 130' }).waitFor();
        await page.click('#newer');
        await page.locator('#found', { hasText: 'Calls 1 to 50 of 130' }).waitFor();
        await page.click('th[data-sort="worst"] a');
        await page.locator('th[data-sort="worst"][aria-sort="descending"]').waitFor();
        await picture(page, 'list-1280');
        expect(await page.locator('#rows tr').first().textContent()).toContain(recorded.conversationId);
        const worst = page.locator('#rows tr').first().locator('.worst.serious, .worst.grave');
        await worst.locator('.sentence', { hasText: 'book_table' }).waitFor();
        await page.locator('#rows .worst.none', { hasText: 'no fault' }).first().waitFor();
        expect(await page.locator('#rows .worst', { hasText: /^…$/ }).count()).toBe(0);
        await page.fill('#id', recorded.conversationId.slice(0, 8));
        await page.click('#search [type="submit"]');
        await page.locator('#found', { hasText: '1 call' }).waitFor();
        expect(new URL(page.url()).searchParams.get('id')).toBe(recorded.conversationId.slice(0, 8));
        await page.fill('#min-wait', 'much');
        await page.keyboard.press('Enter');
        await page.locator('#complaint', { hasText: 'min-wait must be a number of seconds' }).waitFor();
        expect(complaints.filter((text) => !text.includes('400'))).toEqual([]);
    });

    it('leads from a whole conversation id to the call, its faulty turn, and the moment in the recording', async () => {
        const { page } = await open('/');
        await page.fill('#id', recorded.conversationId);
        await page.keyboard.press('Enter');
        await page.waitForURL(`**/calls/${recorded.sessionId}`);
        const first = page.locator('#findings li').first();
        await first.locator('a', { hasText: `turn ${faulty.turn ?? 0}` }).waitFor();
        await page.locator('#player-note', { hasText: 'Click into the picture' }).waitFor();
        await picture(page, 'call-1280');
        await first.locator('a').click();
        expect(new URL(page.url()).hash).toMatch(new RegExp(`^#turn-${faulty.turn ?? 0}-`));
        expect(await page.getAttribute('.turns-of-call .chosen', 'id')).toBe(`turn-${faulty.turn ?? 0}`);
        const turn = page.locator(`#turn-${faulty.turn ?? 0}`);
        expect(await turn.getAttribute('class')).toMatch(/serious|grave/);
        expect(await turn.locator('.wrong-here').textContent()).toContain(
            await first.locator('.sentence').textContent(),
        );
        expect(await page.textContent('#wrong-title')).toBe('What went wrong');
        const moment = /at (\d+:\d\d\.\d)/.exec((await first.textContent()) ?? '')?.[1] ?? 'none';
        expect(await turn.locator('.wrong-here button').first().textContent()).toBe(`at ${moment}`);
        const position = async (): Promise<number> => {
            const [minutes = '0', seconds = '0'] = ((await page.textContent('#position')) ?? '').split(':');
            return Number(minutes) * 60 + Number(seconds);
        };
        const startMs = recorded.turns.find(({ number }) => number === faulty.turn)?.startMs ?? 0;
        for (let tries = 0; tries < 100 && (await position()) === 0; tries++) await page.waitForTimeout(50);
        expect(await position()).toBeGreaterThan(startMs / 1000 - 4);
        await page.evaluate('window.cursors = []');
        const before = await position();
        await page.click('#play');
        // The policy of the page allows no functions made of text: it is asked again and again.
        const hasMoved = 'window.cursors.length > 10 && window.cursors.at(-1) > window.cursors[0] + 5';
        for (let tries = 0; tries < 200 && !(await page.evaluate<boolean>(hasMoved)); tries++)
            await page.waitForTimeout(100);
        expect(await page.evaluate<boolean>(hasMoved)).toBe(true);
        await page.click('#play');
        expect(await position()).toBeGreaterThan(before);
        const views = audits.map(({ view }) => view).filter((view) => view !== 'findings');
        expect(views).toEqual(['list', 'list', 'call', 'recording']);
        expect(complaints).toEqual([]);
    });

    it('strikes through what was never heard, and shows a call without a recording', async () => {
        const { page } = await open(`/calls/${unheard.call.sessionId}`);
        const struck = page.locator(`#turn-${unheard.turn ?? 0} s`);
        await struck.waitFor();
        expect(await struck.textContent()).toMatch(/two do you mean, .*\?$/);
        expect(await page.textContent('#player-note')).toContain('This call was not recorded');
        expect(await page.isDisabled('#play')).toBe(true);
        await page.locator('#rows button', { hasText: 'barge_in' }).first().click();
        expect(await page.textContent('#detail')).toContain('The caller interrupts');
        expect(await page.textContent('#position')).not.toBe('0:00.0');
        await picture(page, 'call-unheard');
        await page.click('#fit');
        const atMs = unheard.call.turns.find(({ number }) => number === unheard.turn)?.endMs ?? 0;
        const box = await page.locator('#timeline').boundingBox();
        const perMs = ((box?.width ?? 0) - 62) / (unheard.call.durationMs * 1.02);
        for (let x = 62 + (atMs - 3000) * perMs; x < 62 + (atMs + 3000) * perMs; x += 5) {
            await page.locator('#timeline').hover({ position: { x, y: 6 } });
            if (await page.locator('#tip').isVisible()) break;
        }
        expect(await page.textContent('#tip')).toContain('The caller never heard a question of the bot');
        await page.click('.key summary');
        await page.locator('.key dd', { hasText: 'what was cut off' }).waitFor();
        await picture(page, 'call-key');
        await page.goto(`${new URL(page.url()).origin}/calls/00000000-0000-4000-8000-000000000000`);
        await page.locator('#complaint', { hasText: 'There is no such call.' }).waitFor();
        expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
    });

    it.each([
        [1280, 'light'],
        [390, 'dark'],
    ])(
        'has no serious fault of accessibility and nothing beyond its edge, %i pixels wide, %s',
        async (width, theme) => {
            const { page, origin } = await open('/', width);
            if (theme === 'dark') await page.click('#theme');
            expect(await page.getAttribute('html', 'data-theme')).toBe(theme);
            for (const [path, ready, name] of [
                ['/?sort=worst', '#rows tr', 'list'],
                [`/calls/${recorded.sessionId}`, '#turn-list li', 'call'],
            ] as const) {
                await page.goto(`${origin}${path}`);
                await page.locator(ready).first().waitFor();
                if (name === 'call') await page.locator('#findings a').first().click();
                expect(await seriousFaults(page)).toEqual([]);
                expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
                await picture(page, `${name}-${width}-${theme}`);
                if (name === 'call') {
                    await page.evaluate("document.querySelector('#turns-title').scrollIntoView()");
                    await picture(page, `turns-${width}-${theme}`);
                }
            }
            expect(complaints).toEqual([]);
        },
    );

    it('asks for the token, lets the browser in with it, and out again', async () => {
        const { page } = await open(`/calls/${recorded.sessionId}`, 1280, TOKEN);
        await page.fill('#token', 'wrong');
        await page.keyboard.press('Enter');
        await page.locator('.reason', { hasText: 'The token is not right.' }).waitFor();
        expect(await seriousFaults(page)).toEqual([]);
        await picture(page, 'login');
        await page.fill('#token', TOKEN);
        await page.keyboard.press('Enter');
        await page.locator('#findings li').first().waitFor();
        expect(page.url()).not.toContain(TOKEN);
        await page.click('#logout button');
        await page.locator('#token').waitFor();
        expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
    });
});
