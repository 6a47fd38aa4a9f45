import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelDbfs } from '../../../src/audio/loudness';
import { FliteEngine } from '../../../src/speech/tts/flite-engine';

const BYTES_PER_SECOND = 8000;

let engine: FliteEngine;

async function bytesOf(speech: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of speech) pieces.push(piece);
    return Buffer.concat(pieces);
}

function sha256(bytes: Uint8Array): string {
    return createHash('sha256').update(bytes).digest('hex');
}

describe('FliteEngine, the real one', () => {
    beforeAll(() => {
        engine = new FliteEngine();
    });

    afterAll(() => engine.close());

    it.each([
        ['rms', 'Are you still there?', 1.33],
        ['rms', 'One moment please.', 1.39],
        ['rms', 'I am sorry, we have a technical problem. Please hold on, or call again later.', 5.4],
        ['rms', 'Your balance is $5,000.25 on 3/4/2026 at 5 p.m.', 7.6],
        ['slt', 'Are you still there?', 1.25],
        ['slt', 'I am sorry, we have a technical problem. Please hold on, or call again later.', 5.6],
    ])('%s says "%s" in about %d s, at the level of a telephone voice', async (voice, text, seconds) => {
        const pcmu = await bytesOf(engine.speak(text, { voice }));
        expect(pcmu.length / BYTES_PER_SECOND).toBeGreaterThan(seconds * 0.9);
        expect(pcmu.length / BYTES_PER_SECOND).toBeLessThan(seconds * 1.1);
        expect(levelDbfs(pcmu)).toBeGreaterThan(-25);
        expect(levelDbfs(pcmu)).toBeLessThan(-15);
    });

    it('begins to speak within a tenth of a second of sound, and ends with a pause', async () => {
        const pcmu = await bytesOf(engine.speak('Are you still there?'));
        expect(levelDbfs(pcmu.subarray(0, 320))).toBeLessThan(-45);
        expect(levelDbfs(pcmu.subarray(320, 800))).toBeGreaterThan(-50);
        expect(levelDbfs(pcmu.subarray(-1200))).toBeLessThan(-45);
    });

    it('says the same with the same bytes, and other voices and words with others', async () => {
        const said = await Promise.all([
            bytesOf(engine.speak('Goodbye.')),
            bytesOf(engine.speak('Goodbye.')),
            bytesOf(engine.speak('Goodbye.', { voice: 'slt' })),
            bytesOf(engine.speak('Good day.')),
        ]);
        const [first, again, otherVoice, otherWords] = said.map(sha256);
        expect(again).toBe(first);
        expect(new Set([first, otherVoice, otherWords]).size).toBe(3);
    });

    it.each([
        '-voice',
        '--help',
        '-o /tmp/x.wav',
        '<speak>hi</speak>',
        'a\0b\x07c',
        '"; $(reboot) `ls`',
        '/etc/passwd',
    ])('takes %j for text', async (text) => {
        expect((await bytesOf(engine.speak(text))).length).toBeGreaterThan(0.4 * BYTES_PER_SECOND);
    });

    it.each(['', ' ', '...', '?!', '\0\x1b', '—'])('says nothing for %j', async (text) => {
        expect((await bytesOf(engine.speak(text))).length).toBe(0);
    });

    it('refuses other scripts, long sentences and unknown voices by a code', async () => {
        await expect(bytesOf(engine.speak('Привет'))).rejects.toMatchObject({ code: 'ERR_TTS_TEXT' });
        await expect(bytesOf(engine.speak('a '.repeat(301)))).rejects.toMatchObject({ code: 'ERR_TTS_TEXT' });
        await expect(bytesOf(engine.speak('Hi', { voice: '../kal' }))).rejects.toMatchObject({ code: 'ERR_TTS_VOICE' });
        expect(() => new FliteEngine({ voice: 'kal' })).toThrow(
            expect.objectContaining({ code: 'ERR_TTS_VOICE' }) as Error,
        );
    });

    it('speaks twenty sentences that are asked for at once', async () => {
        const texts = Array.from({ length: 20 }, (_, index) => `Number ${index}.`);
        const spoken = await Promise.all(texts.map((text) => bytesOf(engine.speak(text))));
        expect(new Set(spoken.map(sha256)).size).toBe(20);
    });

    it('goes on speaking after a request that was given up', async () => {
        const giveUp = new AbortController();
        const given = bytesOf(engine.speak('Never heard.', { signal: giveUp.signal }));
        giveUp.abort(new Error('hung up'));
        await expect(given).rejects.toThrow('hung up');
        expect((await bytesOf(engine.speak('Heard.'))).length).toBeGreaterThan(0);
    });
});

describe('FliteEngine with another program', () => {
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'flite-'));
    });

    afterEach(async () => {
        await engine.close();
        rmSync(folder, { recursive: true });
    });

    it('does not run one that was changed', async () => {
        const programPath = join(folder, 'flite.wasm');
        writeFileSync(programPath, 'not the program');
        engine = new FliteEngine({ programPath });
        await expect(bytesOf(engine.speak('Hello.'))).rejects.toMatchObject({
            code: 'ERR_TTS_ENGINE',
            message: expect.stringContaining('SHA-256') as string,
        });
        await expect(engine.warm()).rejects.toMatchObject({ code: 'ERR_TTS_ENGINE' });
    });

    it('says so when it is missing', async () => {
        engine = new FliteEngine({ programPath: join(folder, 'missing.wasm') });
        await expect(bytesOf(engine.speak('Hello.'))).rejects.toMatchObject({ code: 'ERR_TTS_ENGINE' });
    });
});
