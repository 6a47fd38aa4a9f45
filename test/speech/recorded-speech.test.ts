import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeMulawWav } from '../../src/audio/wav';
import { LocalSpeechService } from '../../src/speech/local-speech';
import { RecordedSpeech } from '../../src/speech/recorded-speech';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { testConfig } from '../support/test-config';
import type { TextToSpeech } from '../../src/services/tts-service';
import { readPromptCatalog } from '../../src/speech/prompts';

class SpellingVoice implements TextToSpeech {
    readonly kind = 'spelling';
    readonly spoken: string[] = [];
    closed = 0;

    async *speak(text: string): AsyncGenerator<Uint8Array, void, undefined> {
        await Promise.resolve();
        this.spoken.push(text);
        yield Buffer.from(text);
    }

    close(): Promise<void> {
        this.closed += 1;
        return Promise.resolve();
    }
}

async function hear(speech: TextToSpeech, text: string, signal?: AbortSignal): Promise<string[]> {
    const pieces: string[] = [];
    for await (const piece of speech.speak(text, { signal })) pieces.push(Buffer.from(piece).toString('latin1'));
    return pieces;
}

describe('a voice with recordings', () => {
    let voice: SpellingVoice;
    let speech: RecordedSpeech;

    beforeEach(() => {
        voice = new SpellingVoice();
        speech = new RecordedSpeech(voice, [
            ['For opening hours, press 1.', Buffer.from('<hours>')],
            ['Hello. Who is there?', Buffer.from('<hello>')],
        ]);
    });

    it('plays a sentence that is recorded, and speaks the others, those beside each other in one go', async () => {
        const text = 'One. Two. For  opening hours,\npress 1. Three. Four.';
        expect(await hear(speech, text)).toEqual(['One. Two.', '<hours>', 'Three. Four.']);
        expect(speech.kind).toBe('spelling');
    });

    it('plays a text that is recorded as a whole', async () => {
        expect(await hear(speech, 'Hello. Who is there?')).toEqual(['<hello>']);
        expect(voice.spoken).toEqual([]);
    });

    it('takes other words for other words', async () => {
        expect(await hear(speech, 'For opening hours, press 2.')).toEqual(['For opening hours, press 2.']);
    });

    it('stops when it is told to, and closes the voice', async () => {
        const stopped = AbortSignal.abort(new Error('enough'));
        await expect(hear(speech, 'Hello. Who is there?', stopped)).rejects.toThrow('enough');
        await speech.close();
        expect(voice.closed).toBe(1);
        await expect(hear(speech, 'Hello. Who is there?')).rejects.toMatchObject({ code: 'ERR_TTS_CLOSED' });
    });
});

describe('a file of prompts', () => {
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'prompts-'));
        writeFileSync(join(folder, 'sorry.wav'), encodeMulawWav(new Uint8Array(800).fill(0x20)));
    });

    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    function book(content: string): string {
        const path = join(folder, 'prompts.json');
        writeFileSync(path, content);
        return path;
    }

    it('tells names of prompts from sentences, and finds the files beside itself', async () => {
        const path = book('{ "technical-problem": "sorry.wav", "Goodbye now.": "sorry.wav" }');
        const file = join(folder, 'sorry.wav');
        expect(await readPromptCatalog(path)).toEqual({
            named: { 'technical-problem': { file } },
            sentences: [['Goodbye now.', { file }]],
        });
    });

    it.each(['not json', '[]', '{ "goodbye": 3 }', '{ "goodbye": "" }'])('refuses %s', async (content) => {
        await expect(readPromptCatalog(book(content))).rejects.toMatchObject({ code: 'ERR_PROMPT' });
    });

    it('refuses a file that is not there', async () => {
        await expect(readPromptCatalog(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'ERR_PROMPT' });
    });

    it('replaces the apology and sentences of the local bot', async () => {
        const promptsFile = book('{ "technical-problem": "sorry.wav", "Goodbye now.": "sorry.wav" }');
        const local = new LocalSpeechService(
            { ...testConfig().localSpeech, promptsFile },
            { clock: new FakeClock(), logger: new LogRecorder() },
        );
        try {
            const { speech, prompts } = await local.load();
            expect(prompts.recording('technical-problem')).toEqual(new Uint8Array(800).fill(0x20));
            expect(prompts.recording('goodbye')?.length).toBeGreaterThan(800);
            expect(await hear(speech, 'Goodbye now.')).toEqual([Buffer.alloc(800, 0x20).toString('latin1')]);
        } finally {
            await local.close();
        }
    });

    it('says which file is wrong, and leaves the shipped prompts and the voice to speak', async () => {
        const promptsFile = book('{ "goodbye": "gone.wav" }');
        const logger = new LogRecorder();
        const local = new LocalSpeechService(
            { ...testConfig().localSpeech, promptsFile },
            { clock: new FakeClock(), logger },
        );
        const { prompts } = await local.load();
        expect(logger.lines).toMatchObject([{ level: 'error', fields: { code: 'ERR_PROMPT' } }]);
        expect(logger.text).toContain('gone.wav');
        expect(prompts.recording('goodbye')?.length).toBeGreaterThan(800);
        await local.close();
    });
});
