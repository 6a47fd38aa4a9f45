import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PocketSphinx, type PocketSphinxOptions } from '../../../examples/own-recognizer/pocketsphinx';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';

const PHRASES = ['Billing', 'opening hours', 'yes'];

describe('PocketSphinx, with a scripted process', () => {
    let folder: string;
    let clock: FakeClock;
    let logger: LogRecorder;
    let recognizer: PocketSphinx;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'recognizer-'));
        clock = new FakeClock();
        logger = new LogRecorder();
    });
    afterEach(async () => {
        await recognizer.close();
        rmSync(folder, { recursive: true });
    });

    function start(behaviour: string, options: Partial<PocketSphinxOptions> = {}): void {
        recognizer = new PocketSphinx({
            clock,
            logger,
            modelPath: `${behaviour}|${join(folder, 'memory')}`,
            program: join(__dirname, 'scripted-recognizer.ts'),
            ...options,
        });
    }

    function coded(code: string): unknown {
        return expect.objectContaining({ code });
    }

    it('gives back the phrase as it was asked for', async () => {
        start('right');
        expect(await recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })).toEqual({ text: 'Billing' });
        expect(await recognizer.recognize(new Uint8Array(31), { phrases: PHRASES })).toEqual({ text: 'opening hours' });
        expect(clock.pendingCount).toBe(0);
    });

    it('answers calls that ask at once, each its own', async () => {
        start('right');
        const answers = await Promise.all(
            [30, 31, 32, 33].map((length) => recognizer.recognize(new Uint8Array(length), { phrases: PHRASES })),
        );
        expect(answers.map((answer) => answer?.text)).toEqual(['Billing', 'opening hours', 'yes', 'Billing']);
    });

    it('recognizes nothing without phrases, without sound, or in what is longer than any phrase', async () => {
        start('right');
        expect(await recognizer.recognize(new Uint8Array(30))).toBeUndefined();
        expect(await recognizer.recognize(new Uint8Array(0), { phrases: PHRASES })).toBeUndefined();
        expect(await recognizer.recognize(new Uint8Array(8 * 12_001), { phrases: PHRASES })).toBeUndefined();
        expect(logger.lines).toEqual([]);
    });

    it('starts the process again when it has died', async () => {
        start('dies once');
        await expect(recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })).rejects.toEqual(
            coded('ERR_ASR_CRASHED'),
        );
        expect(await recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })).toEqual({ text: 'Billing' });
        expect(logger.codes).toEqual(['ERR_ASR_CRASHED']);
    });

    it('loses only the utterance that the process died of', async () => {
        start('dies once');
        const answers = await Promise.allSettled(
            [30, 31].map((length) => recognizer.recognize(new Uint8Array(length), { phrases: PHRASES })),
        );
        expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    });

    it('ends a process that hangs at the deadline, and starts it again', async () => {
        start('hangs once', { deadlineMs: 3000 });
        const hanging = recognizer.recognize(new Uint8Array(30), { phrases: PHRASES });
        const refused = expect(hanging).rejects.toEqual(coded('ERR_ASR_TIMEOUT'));
        while (!existsSync(join(folder, 'memory'))) await new Promise((resolve) => setTimeout(resolve, 5));
        clock.advance(2999);
        expect(clock.pendingCount).toBe(1);
        clock.advance(1);
        await refused;
        expect(await recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })).toEqual({ text: 'Billing' });
    });

    it('says what is not installed, and does not start a process for each utterance', async () => {
        start('missing');
        const refusals = await Promise.allSettled(
            [1, 2].map(() => recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })),
        );
        for (const refusal of refusals) expect(refusal).toMatchObject({ reason: { code: 'ERR_ASR_NOT_INSTALLED' } });
        await expect(recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })).rejects.toThrow('apt install it');
        expect(logger.lines).toHaveLength(1);
    });

    it('names the words that the dictionary lacks', async () => {
        start('unknown');
        await expect(recognizer.recognize(new Uint8Array(30), { phrases: ['xyzzy'] })).rejects.toThrow('"xyzzy"');
        await expect(recognizer.recognize(new Uint8Array(30), { phrases: ['press 1'] })).rejects.toThrow('"1"');
    });

    it('refuses a language that it does not know', async () => {
        start('right');
        const refused = recognizer.recognize(new Uint8Array(30), { phrases: PHRASES, language: 'de-de' });
        await expect(refused).rejects.toEqual(coded('ERR_ASR_WORDS'));
        expect(await recognizer.recognize(new Uint8Array(30), { phrases: PHRASES, language: 'en-US' })).toBeDefined();
    });

    it('passes over replies that make no sense', async () => {
        start('nonsense');
        expect(await recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })).toBeUndefined();
    });

    it('does not pass the server’s environment on', async () => {
        process.env['A_SECRET'] = 'billing';
        try {
            start('environment');
            expect(await recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })).toBeUndefined();
        } finally {
            delete process.env['A_SECRET'];
        }
    });

    it('lets only so many wait', async () => {
        start('right', { maxWaiting: 2 });
        const all = await Promise.allSettled(
            [1, 2, 3, 4].map(() => recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })),
        );
        expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
        expect(all[3]).toMatchObject({ reason: { code: 'ERR_ASR_BUSY' } });
    });

    it('gives up for a caller who has hung up, and goes on with the next', async () => {
        start('right');
        const hangUp = new AbortController();
        const first = recognizer.recognize(new Uint8Array(30), { phrases: PHRASES, signal: hangUp.signal });
        const second = recognizer.recognize(new Uint8Array(31), { phrases: PHRASES });
        hangUp.abort(new Error('hung up'));
        await expect(first).rejects.toThrow('hung up');
        expect(await second).toEqual({ text: 'opening hours' });
        expect(clock.pendingCount).toBe(0);
    });

    it('ends everything when it is closed', async () => {
        start('right');
        const pending = [30, 31].map((length) => recognizer.recognize(new Uint8Array(length), { phrases: PHRASES }));
        const ends = Promise.allSettled(pending);
        await new Promise((resolve) => setImmediate(resolve));
        await recognizer.close();
        await recognizer.close();
        for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'ERR_ASR_CLOSED' } });
        await expect(recognizer.recognize(new Uint8Array(30), { phrases: PHRASES })).rejects.toEqual(
            coded('ERR_ASR_CLOSED'),
        );
        expect(clock.pendingCount).toBe(0);
    });
});
