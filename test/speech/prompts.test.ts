import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelDbfs } from '../../src/audio/loudness';
import { decodeWav, encodeMulawWav } from '../../src/audio/wav';
import { Prompts, PROMPTS_FOLDER, type PromptsOfBot } from '../../src/speech/prompts';
import { TTSService, type TextToSpeech, SHIPPED_PROMPTS } from '../../src/services/tts-service';
import { wordsFor } from '../../src/services/words';
import { FliteEngine } from '../../src/speech/tts/flite-engine';
import { CodedError } from '../../src/support/errors';
import { settle } from './dialog/fakes';
import { promptWav } from '../../tools/make-prompts';

/** Speaks the text itself. */
const speech: TextToSpeech = {
    kind: 'fake',
    async *speak(text, { voice } = {}) {
        await Promise.resolve();
        yield Buffer.from(`${voice ?? ''}: ${text}`);
    },
    close: () => Promise.resolve(),
};

let folder: string;

async function hear(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    return Buffer.concat(all);
}

/** PCM, 16 bits: one second of a tone. */
function pcmWav(rateHz: number, channels: number): Uint8Array {
    const wav = Buffer.alloc(44 + 2 * rateHz * channels);
    wav.write('RIFF', 0);
    wav.writeUInt32LE(wav.length - 8, 4);
    wav.write('WAVEfmt ', 8);
    wav.writeUInt32LE(16, 16);
    wav.writeUInt16LE(1, 20);
    wav.writeUInt16LE(channels, 22);
    wav.writeUInt32LE(rateHz, 24);
    wav.writeUInt32LE(2 * rateHz * channels, 28);
    wav.writeUInt16LE(2 * channels, 32);
    wav.writeUInt16LE(16, 34);
    wav.write('data', 36);
    wav.writeUInt32LE(wav.length - 44, 40);
    for (let i = 0; i < rateHz * channels; i++)
        wav.writeInt16LE(
            Math.round(9000 * Math.sin((2 * Math.PI * 500 * Math.floor(i / channels)) / rateHz)),
            44 + 2 * i,
        );
    return wav;
}

beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'prompts-'));
});

afterEach(() => {
    rmSync(folder, { recursive: true });
});

describe('Prompts', () => {
    it.each([
        [8000, 1],
        [16_000, 1],
        [24_000, 2],
        [48_000, 2],
    ])('takes a recording of %d Hz with %d channels', async (rateHz, channels) => {
        const file = join(folder, 'tone.wav');
        writeFileSync(file, pcmWav(rateHz, channels));
        const prompts = await Prompts.load(speech, { tone: { file } });
        const pcmu = await hear(prompts.play('tone'));
        expect(pcmu.length).toBe(8000);
        expect(levelDbfs(pcmu)).toBeCloseTo(-14.2, 0);
    });

    it('reads a file once, at the load', async () => {
        const file = join(folder, 'short.wav');
        writeFileSync(file, encodeMulawWav(Uint8Array.of(1, 2, 3)));
        const prompts = await Prompts.load(speech, { short: { file } });
        rmSync(file);
        expect([...(await hear(prompts.play('short')))]).toEqual([1, 2, 3]);
        expect([...(prompts.recording('short') ?? [])]).toEqual([1, 2, 3]);
    });

    it('speaks a prompt that is a text, with its voice or another', async () => {
        const prompts = await Prompts.load(speech, { hi: { text: 'Hello.', voice: 'slt' } });
        expect((await hear(prompts.play('hi'))).toString()).toBe('slt: Hello.');
        expect((await hear(prompts.play('hi', { voice: 'rms' }))).toString()).toBe('rms: Hello.');
        expect([prompts.has('hi'), prompts.recording('hi')]).toEqual([true, undefined]);
    });

    it('lets words of your own take the place of a shipped prompt, and keeps its recording', async () => {
        const prompts = await Prompts.load(speech, { goodbye: { text: 'So long.' } });
        expect((await hear(prompts.play('goodbye'))).toString()).toBe(': So long.');
        expect(prompts.recording('goodbye')?.length).toBeGreaterThan(4000);
    });

    it('refuses a file that is missing, empty or no WAV file, and names it', async () => {
        writeFileSync(join(folder, 'text.wav'), 'hello');
        writeFileSync(join(folder, 'empty.wav'), encodeMulawWav(new Uint8Array(0)));
        for (const name of ['missing.wav', 'text.wav', 'empty.wav'])
            await expect(Prompts.load(speech, { x: { file: join(folder, name) } })).rejects.toMatchObject({
                code: 'ERR_PROMPT',
                message: expect.stringContaining(name) as string,
            });
    });

    it('knows no other names', async () => {
        const prompts = await Prompts.load(speech);
        expect(prompts.has('constructor')).toBe(false);
        await expect(hear(prompts.play('constructor'))).rejects.toMatchObject({ code: 'ERR_PROMPT' });
    });

    it('ends when it is given up', async () => {
        const prompts = await Prompts.load(speech);
        const signal = AbortSignal.abort(new Error('hung up'));
        await expect(hear(prompts.play('goodbye', { signal }))).rejects.toThrow('hung up');
    });
});

describe('the prompts of a bot', () => {
    const ENGLISH = { words: wordsFor(undefined) };
    const GERMAN = { words: wordsFor('de-DE'), language: 'de-DE' };

    function write(name: string, ...bytes: number[]): { file: string } {
        writeFileSync(join(folder, name), encodeMulawWav(Uint8Array.of(...bytes)));
        return { file: join(folder, name) };
    }

    it('are the shipped recordings where it speaks English', async () => {
        const prompts = await Prompts.load(speech);
        for (const name of Object.keys(SHIPPED_PROMPTS))
            expect(prompts.forBot(ENGLISH).recording(name)).toBe(prompts.recording(name));
    });

    it('are made by its voice in its language, and only the apology is English until then', async () => {
        const prompts = await Prompts.load(speech);
        const ofBot = prompts.forBot({ ...GERMAN, voice: 'thorsten' });
        expect(ofBot.recording('one-moment')).toBeUndefined();
        expect(ofBot.recording('technical-problem')).toBe(prompts.recording('technical-problem'));
        await settle();
        const said = (name: string): string => Buffer.from(ofBot.recording(name) ?? []).toString();
        expect(said('one-moment')).toBe('thorsten: Einen Moment bitte.');
        expect(said('technical-problem')).toMatch(/^thorsten: Es tut mir leid/);
        expect([said('still-there'), said('goodbye')]).toEqual([
            'thorsten: Sind Sie noch da?',
            'thorsten: Auf Wiederhören.',
        ]);
        // Kept for the next call.
        expect(prompts.forBot({ ...GERMAN, voice: 'thorsten' }).recording('goodbye')).toBe(ofBot.recording('goodbye'));
    });

    it('are made anew where it has words of its own, in English too', async () => {
        const prompts = await Prompts.load(speech, { goodbye: write('bye.wav', 7) });
        const ofBot = prompts.forBot({ words: wordsFor('en', { goodbye: 'So long.', oneMoment: 'Wait.' }) });
        await settle();
        expect(Buffer.from(ofBot.recording('goodbye') ?? []).toString()).toBe(': So long.');
        expect(Buffer.from(ofBot.recording('one-moment') ?? []).toString()).toBe(': Wait.');
    });

    it('are recordings of the prompt file for its language, else for every language', async () => {
        const prompts = await Prompts.load(speech, {
            goodbye: write('all.wav', 1),
            'goodbye.de': write('de.wav', 2),
            'still-there': write('there.wav', 3),
        });
        const of = (bot: PromptsOfBot, name: string): number[] => [...(prompts.forBot(bot).recording(name) ?? [])];
        expect(of(GERMAN, 'goodbye')).toEqual([2]);
        expect(of(GERMAN, 'still-there')).toEqual([3]);
        expect(of({ words: wordsFor('fr'), language: 'fr' }, 'goodbye')).toEqual([1]);
        expect(of(ENGLISH, 'goodbye')).toEqual([1]);
    });

    it('are tried again at the next call when the voice failed', async () => {
        let fails = true;
        const unsure: TextToSpeech = {
            ...speech,
            async *speak(text) {
                await Promise.resolve();
                if (fails) throw new CodedError('ERR_TTS_FAILED');
                yield Buffer.from(text);
            },
        };
        const prompts = await Prompts.load(unsure);
        const first = prompts.forBot(GERMAN);
        await settle();
        expect(first.recording('goodbye')).toBeUndefined();
        fails = false;
        prompts.forBot(GERMAN);
        await settle();
        expect(Buffer.from(first.recording('goodbye') ?? []).toString()).toBe('Auf Wiederhören.');
    });
});

describe('assets/prompts', () => {
    it('holds a recording of each shipped prompt, and its README names the words', () => {
        const readme = readFileSync(join(PROMPTS_FOLDER, 'README.md'), 'utf8');
        const files = Object.keys(SHIPPED_PROMPTS).map((name) => `${name}.wav`);
        expect(readdirSync(PROMPTS_FOLDER).sort()).toEqual(['README.md', ...files].sort());
        for (const [name, words] of Object.entries(SHIPPED_PROMPTS)) {
            expect(readme).toContain(`\`${name}.wav\``);
            expect(readme).toContain(words);
            expect(decodeWav(readFileSync(join(PROMPTS_FOLDER, `${name}.wav`)))).toMatchObject({
                rateHz: 8000,
                channels: 1,
                encoding: 'mulaw',
            });
        }
    });

    it('is what the embedded voice says today', async () => {
        const service = new TTSService({ engine: new FliteEngine({ voice: 'rms' }) });
        try {
            for (const [name, words] of Object.entries(SHIPPED_PROMPTS)) {
                const shipped = readFileSync(join(PROMPTS_FOLDER, `${name}.wav`));
                expect(Buffer.from(await promptWav(service, words)).equals(shipped)).toBe(true);
            }
        } finally {
            await service.close();
        }
    });
});
