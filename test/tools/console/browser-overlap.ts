import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavToPcmu } from '../../../src/audio/wav';
import { PCMU_SILENCE } from '../../../tools/caller/media';
import { concat } from '../../../tools/caller/recording';
import { startFakeOpenAI, type FakeOpenAI } from '../../../tools/fake-openai';
import { BrowserBench, describeWithBrowser, PICTURES } from './browser-bench';

let bench: BrowserBench | undefined;
let fake: FakeOpenAI | undefined;

afterEach(async () => {
    await bench?.close();
    await fake?.close();
    bench = fake = undefined;
});

function sample(name: string): Uint8Array {
    return wavToPcmu(readFileSync(join(__dirname, '../../../samples', `${name}.wav`)));
}

function quiet(ms: number): Uint8Array {
    return new Uint8Array(ms * 8).fill(PCMU_SILENCE);
}

/** Over the bot: a short sound, a longer one, and a sentence. */
function callerOverTheBot(): Uint8Array {
    const words = sample('jfk_inaugural_1961');
    const said = (fromMs: number, ms: number): Uint8Array => words.subarray(fromMs * 8, (fromMs + ms) * 8);
    const pauses = [quiet(2000), quiet(2500), quiet(3000), quiet(60_000)] as const;
    return concat([pauses[0], said(550, 250), pauses[1], said(400, 700), pauses[2], said(400, 2200), pauses[3]]);
}

describeWithBrowser('speech over the bot', () => {
    it('stands in the picture, the list and the words with the verdict about it and the reason', async () => {
        const audio = concat(['librivox_0890', 'librivox_0930', 'librivox_0880', 'librivox_0890'].map(sample));
        fake = await startFakeOpenAI({
            response: [{ text: 'Unless to be rather cold hearted and rather selfish.', audio }],
            callerTranscript: { texts: ['Mhm.', 'Yeah, yeah.', 'And so, my fellow Americans'] },
        });
        const env = { DEFAULT_BOT: 'openai', OPENAI_API_KEY: 'sk-x', OPENAI_REALTIME_URL: fake.url, FALLBACK: 'off' };
        bench = await BrowserBench.start(callerOverTheBot(), env);
        const { page } = await bench.window(1280, 1800);
        await page.goto(bench.running.page.link);
        await page.click('#call:enabled');
        const verdicts = page.locator('#rows button', { hasText: '(over the bot)' });
        await verdicts.filter({ hasText: 'turn: ' }).waitFor();
        await page.locator('#words li', { hasText: 'my fellow Americans' }).waitFor();
        await page.click('#call');
        await page.locator('#state', { hasText: 'Call ended' }).waitFor();
        const told = (await verdicts.allTextContents()).map((text) =>
            text.replace(/^.*bot\) /, '').replace(/\d+/g, '…'),
        );
        expect(told).toEqual([
            expect.stringMatching(/^ignored: /),
            'held: … ms of voice',
            'resumed: a backchannel, “Yeah, yeah.”, … ms back',
            'held: … ms of voice',
            expect.stringMatching(/^turn: /),
        ]);
        expect((await page.locator('#words li.ignored').allTextContents()).slice(0, 2)).toEqual([
            'caller, ignoredMhm.',
            'caller, ignoredYeah, yeah.',
        ]);
        await verdicts.first().click();
        expect(await page.textContent('#detail')).toContain('the bot goes on without a gap');
        await bench.picture(page, 'overlap-1280');
        await page.setViewportSize({ width: 390, height: 900 });
        await page.click('#fit');
        await page.click('#theme');
        expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
        await page.evaluate(`document.querySelector('#picture-title').scrollIntoView()`);
        await bench.picture(page, 'overlap-390');
        const saved = page.waitForEvent('download');
        await page.click('#save-picture');
        await (await saved).saveAs(join(PICTURES, 'overlap-file.png'));
        expect(bench.complaints).toEqual([]);
    });
});
