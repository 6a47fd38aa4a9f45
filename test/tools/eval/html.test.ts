import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { callSvg } from '../../../tools/eval/call-svg';
import { htmlReport } from '../../../tools/eval/html';
import { findChromium, startBrowser, type HeadlessBrowser } from '../../../tools/console/browser';
import { callOutcome, failedResult, reportOf, runResult } from './results';

const ROOT = join(__dirname, '../../..');
/** Where the pictures of a test run lie; git does not see it. */
const PICTURES = join(ROOT, 'coverage', 'eval');

const TRICK = '<img src=x onerror="document.title=1"> & </script> \'"\u0007';

const REPORT = reportOf([
    failedResult(),
    runResult({ name: 'greeting', outcome: callOutcome({ functions: [] }) }),
    runResult({ name: 'mood', verdict: 'unknown', notJudged: [`judge: ${TRICK}`], outcome: callOutcome() }),
    runResult({
        name: TRICK,
        bot: 'reception',
        file: 'bots/reception.eval.yaml',
        verdict: 'failed',
        failures: [{ of: 'case', why: `${TRICK}\nsecond line`, sentence: TRICK }],
        outcome: callOutcome({
            done: [{ atMs: 0, toMs: 10, what: 'say', text: TRICK }],
            outputs: { trick: TRICK },
            functions: [{ atMs: 10, ms: 5, name: 'f', arguments: { a: TRICK }, outcome: TRICK }],
        }),
    }),
]);

describe('the page of results', () => {
    const page = htmlReport(REPORT);

    it('strikes through what was generated and not heard', () => {
        expect(page).toContain(
            'Your balance is<del><span class="hidden">not heard: </span> twelve euros and forty cents.</del>',
        );
    });

    it('tells functions with their arguments and outcome, waits, and the end', () => {
        expect(page).toContain('read_balance({&quot;customer&quot;:4711})');
        expect(page).toContain('after 1.4 s');
        expect(page).toContain('<dt><code>end_reason</code></dt><dd>bot_ended</dd>');
    });

    it('escapes every text, and has no control characters', () => {
        expect(page).not.toContain('<img');
        expect(page).not.toContain('\u0007');
        expect(page.match(/<\/script>/g)).toHaveLength(1);
        expect(page).toContain('&lt;img src=x onerror=&quot;');
    });

    it('loads nothing from elsewhere', () => {
        expect(page).not.toMatch(/https?:|src="|@import|url\(/);
        expect(page).toContain("default-src 'none'");
    });
});

describe('the picture of a call', () => {
    it('has the stretches, what was cut off, the waits, the functions and the failures that have a place', () => {
        const svg = callSvg(callOutcome(), failedResult().failures, 'a');
        const count = (kind: string): number => svg.split(`class="${kind}"`).length - 1;
        expect({ bot: count('bot'), cut: count('cut'), caller: count('caller'), flags: count('flag') }).toEqual({
            bot: 3,
            cut: 1,
            caller: 2,
            flags: 2,
        });
        expect(count('function') + count('function bad')).toBe(2);
        expect(svg).toContain(
            '<title>0:11.0 within_ms: Expected an answer within 1500 ms, and it took 2100 ms.</title>',
        );
        expect(svg).toMatch(/<desc id="a-desc">The bot is heard 3 times, 1 of them cut off.*within_ms at 0:11\.0/);
    });

    it('of a call without any event is an empty one', () => {
        const empty = callOutcome({ events: [], answers: [], done: [], functions: [], durationMs: 0 });
        expect(callSvg(empty, [], 'a')).not.toContain('NaN');
    });

    it('of an hour stays in bounds', () => {
        const svg = callSvg(callOutcome({ durationMs: 3_600_000 }), [], 'a');
        expect(Number(/width="(\d+)"/.exec(svg)?.[1])).toBeLessThan(8200);
        expect(svg.split('class="tick"').length).toBeLessThan(200);
    });
});

const chromium = findChromium();
if (chromium === undefined && process.env['CI'] === undefined) process.stderr.write('skipped: chromium\n');
const describeWithBrowser = chromium !== undefined || process.env['CI'] !== undefined ? describe : describe.skip;

describeWithBrowser('the page of results in a browser', () => {
    let browser: HeadlessBrowser;
    let folder: string;
    const complaints: string[] = [];

    beforeAll(async () => {
        if (chromium === undefined) throw new Error('There is no Chromium: apt-get install chromium.');
        browser = await startBrowser(chromium, new Uint8Array(0));
        folder = mkdtempSync(join(tmpdir(), 'eval-page-'));
        mkdirSync(PICTURES, { recursive: true });
        writeFileSync(join(folder, 'page.html'), htmlReport(REPORT));
    });

    afterAll(async () => {
        await browser.close();
        rmSync(folder, { recursive: true, force: true });
    });

    async function open(width: number): Promise<Page> {
        const { page } = await browser.open(width, 900);
        page.on('console', (message) => complaints.push(message.text()));
        page.on('pageerror', (fault) => complaints.push(String(fault)));
        await page.goto(pathToFileURL(join(folder, 'page.html')).href);
        return page;
    }

    it.each([
        [1280, 'light'],
        [1280, 'dark'],
        [390, 'light'],
    ] as const)('fits %d pixels, %s', async (width, colorScheme) => {
        const page = await open(width);
        await page.emulateMedia({ colorScheme });
        const path = join(PICTURES, `page-${width}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: true });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        expect(await page.title()).toBe('Bots, tested as calls');
        expect(complaints).toEqual([]);
    });

    it('shows the cases that are asked for', async () => {
        const page = await open(1280);
        const shown = (): Promise<number> => page.locator('details.case:visible').count();
        expect(await shown()).toBe(4);
        await page.getByLabel('failed', { exact: true }).check();
        expect(await shown()).toBe(2);
        await page.getByRole('searchbox').fill('MUST NOT BE THERE');
        expect(await shown()).toBe(0);
        expect(await page.locator('#told').textContent()).toBe('0 of 4 shown');
        await page.getByRole('searchbox').fill('within_ms');
        expect(await shown()).toBe(1);
        expect(complaints).toEqual([]);
    });

    it('has nothing that axe finds fault with', async () => {
        const page = await open(1280);
        // By the debugger: the page itself allows no other script.
        await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
        const found = await page.evaluate<string[]>(
            'axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].html))',
        );
        expect(found).toEqual([]);
    });
});
