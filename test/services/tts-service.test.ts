import { TTSService, type SpeechEngine, type TTSDeps, type SpeakOptions } from '../../src/services/tts-service';
import { FliteEngine } from '../../src/speech/tts/flite-engine';
import { CodedError } from '../../src/support/errors';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';

/** An engine whose audio is the text itself, in pieces of a word; what it was asked for can be read afterwards. */
class FakeEngine implements SpeechEngine {
    readonly voice = 'own';
    readonly asked: string[] = [];
    /** The languages that it was asked for, in the same order. */
    readonly languages: (string | undefined)[] = [];
    closed = 0;
    /** What to throw, and after how many pieces. */
    fault: { error: unknown; after: number } | undefined;
    /** Sentences that are not finished before this is called. */
    private release: () => void = () => undefined;
    private gate: Promise<void> = Promise.resolve();

    constructor(
        readonly kind: string,
        private readonly mark = '',
    ) {}

    hold(): () => void {
        this.gate = new Promise((resolve) => {
            this.release = resolve;
        });
        return this.release;
    }

    async *speak(
        text: string,
        { voice, language, signal }: SpeakOptions = {},
    ): AsyncGenerator<Uint8Array, void, undefined> {
        this.asked.push(`${voice ?? ''}: ${text}`);
        this.languages.push(language);
        await this.gate;
        for (const [at, word] of text.split(' ').entries()) {
            signal?.throwIfAborted();
            if (this.fault?.after === at) throw this.fault.error;
            yield Buffer.from(`${this.mark}${word} `);
        }
    }

    warm(): Promise<void> {
        return this.fault === undefined ? Promise.resolve() : Promise.reject(new CodedError('ERR_TTS_ENGINE'));
    }

    close(): Promise<void> {
        this.closed++;
        return Promise.resolve();
    }
}

async function hear(speech: AsyncIterable<Uint8Array>): Promise<string> {
    let text = '';
    for await (const piece of speech) text += Buffer.from(piece).toString();
    return text.trim();
}

let clock: FakeClock;
let logger: LogRecorder;
let engine: FakeEngine;
let standIn: FakeEngine;
let service: TTSService;

function create(deps: Partial<TTSDeps> = {}): TTSService {
    service = new TTSService({ clock, logger, engine, createFallback: () => standIn, ...deps });
    return service;
}

beforeEach(() => {
    clock = new FakeClock();
    logger = new LogRecorder();
    engine = new FakeEngine('fake');
    standIn = new FakeEngine('flite', '*');
    create();
});

afterEach(() => service.close());

describe('TTSService', () => {
    it('reads rows of five and more digits one by one, in the language of the text', async () => {
        await hear(service.speak('Your number is 48213907, in 2026.'));
        await hear(service.speak('Ihre Nummer ist 123456.', { language: 'de-DE' }));
        await hear(service.speak('See **[here](https://x.example.com)**. {"name": "f"}'));
        expect(engine.asked).toEqual([
            'own: Your number is four eight two one, three nine zero seven, in 2026.',
            'own: Ihre Nummer ist eins zwei drei, vier fünf sechs.',
            'own: See here.',
        ]);
    });

    it('gives the language of a text to the voice, with each of its sentences', async () => {
        await hear(service.speak('Guten Tag. Bis bald.', { language: 'de-DE' }));
        await hear(service.speak('Hello.'));
        expect(engine.languages).toEqual(['de-DE', 'de-DE', undefined]);
    });

    it('makes the same words anew in another language, and takes them from the cache in the same one', async () => {
        for (const language of ['de-DE', 'en-US', 'de-DE', undefined, 'en-US'])
            await hear(service.speak('Hotel.', { language }));
        expect(engine.languages).toEqual(['de-DE', 'en-US', undefined]);
    });

    it('gives the language to the voice that speaks instead: its own, and that of the fallback engine', async () => {
        engine.fault = { error: new CodedError('ERR_TTS_VOICE'), after: 0 };
        const own = service.speak('Guten Tag.', { voice: 'anna', language: 'de-DE' });
        await hear(own);
        expect(engine.asked).toEqual(['anna: Guten Tag.', 'own: Guten Tag.']);
        expect(engine.languages).toEqual(['de-DE', 'de-DE']);
        expect(standIn.languages).toEqual(['de-DE']);
    });

    it('gives a number of eight digits the sound of its digits, and not of millions', async () => {
        const flite = new TTSService({ engine: new FliteEngine() });
        const soundOf = async (text: string): Promise<Buffer> => {
            const pieces: Uint8Array[] = [];
            for await (const piece of flite.speak(text)) pieces.push(piece);
            return Buffer.concat(pieces);
        };
        const read = await soundOf('Number: 48213907.');
        expect(read.equals(await soundOf('Number: four eight two one, three nine zero seven.'))).toBe(true);
        await flite.close();
    });

    it('speaks a text sentence by sentence, in order', async () => {
        expect(await hear(service.speak('Hello there. How are you? Fine.'))).toBe('Hello there. How are you? Fine.');
        expect(engine.asked).toEqual(['own: Hello there.', 'own: How are you?', 'own: Fine.']);
    });

    it('begins with the second sentence as soon as the first one sounds, and not with the third', async () => {
        const pieces = service.speak('One two. Three four. Five.');
        await pieces.next();
        expect(engine.asked).toEqual(['own: One two.', 'own: Three four.']);
        await pieces.return();
    });

    it('makes nothing before it is listened to, and nothing at all for a text without words', async () => {
        service.speak('Never.');
        expect(await hear(service.speak(' ... ?! \n'))).toBe('');
        expect(engine.asked).toEqual([]);
    });

    it('cuts a long sentence, so that no engine gets more than 600 characters', async () => {
        await hear(service.speak(Array.from({ length: 400 }, (_, index) => 1000 + index).join(' ')));
        expect(engine.asked.length).toBe(4);
        expect(Math.max(...engine.asked.map((asked) => asked.length - 'own: '.length))).toBeLessThanOrEqual(600);
    });

    it('makes a sentence once, also within other texts', async () => {
        await hear(service.speak('Please hold on.'));
        expect(await hear(service.speak('Sorry. Please   hold on.'))).toBe('Sorry. Please hold on.');
        expect(engine.asked).toEqual(['own: Please hold on.', 'own: Sorry.']);
    });

    it('speaks with the own voice of the engine where it does not have the one that is asked for, and says so once', async () => {
        service = new TTSService({ engine: new FliteEngine(), clock, logger });
        const own = await hear(service.speak('One. Two.'));
        expect(await hear(service.speak('One. Two.', { voice: 'klaus' }))).toBe(own);
        expect(await hear(service.speak('Two.', { voice: 'klaus' }))).not.toBe('');
        expect(logger.lines).toMatchObject([
            {
                level: 'warn',
                fields: { code: 'ERR_TTS_VOICE', asked: 'klaus' },
                message: 'its own voice speaks instead',
            },
        ]);
    });

    it('makes it again for another voice', async () => {
        await hear(service.speak('Hello.'));
        await hear(service.speak('Hello.', { voice: 'other' }));
        expect(engine.asked).toEqual(['own: Hello.', 'other: Hello.']);
    });

    it('keeps as many bytes as it is given', async () => {
        create({ cacheBytes: 10 });
        for (const text of ['First.', 'Second.', 'First.']) await hear(service.speak(text));
        expect(engine.asked).toEqual(['own: First.', 'own: Second.', 'own: First.']);
    });

    it('serves two calls that say the same at the same time by one making', async () => {
        const release = engine.hold();
        const both = [hear(service.speak('Hello.')), hear(service.speak('Hello.'))];
        await new Promise((resolve) => setImmediate(resolve));
        release();
        expect(await Promise.all(both)).toEqual(['Hello.', 'Hello.']);
        expect(engine.asked.length).toBe(1);
    });

    it('says a sentence from its beginning with the fallback engine when the engine fails', async () => {
        engine.fault = { error: new CodedError('ERR_TTS_OPENAI'), after: 1 };
        expect(await hear(service.speak('One two. Three.', { voice: 'marin' }))).toBe('One *One *two. *Three.');
        expect(standIn.asked).toEqual(['own: One two.', 'own: Three.']);
        expect(logger.codes).toContain('ERR_TTS_OPENAI');
        expect(logger.text).not.toContain('Three');
    });

    it('does not use an engine that failed for 30 s, and then tries it again', async () => {
        engine.fault = { error: new CodedError('ERR_TTS_TIMEOUT'), after: 0 };
        await hear(service.speak('One.'));
        engine.fault = undefined;
        expect(await hear(service.speak('Two.'))).toBe('*Two.');
        clock.advance(30_000);
        expect(await hear(service.speak('Three.'))).toBe('Three.');
        expect(engine.asked).toEqual(['own: One.', 'own: Three.']);
    });

    it('does not blame the engine for a text that it cannot speak', async () => {
        engine.fault = { error: new CodedError('ERR_TTS_TEXT'), after: 0 };
        expect(await hear(service.speak('One.'))).toBe('*One.');
        engine.fault = undefined;
        expect(await hear(service.speak('Two.'))).toBe('Two.');
    });

    it('throws when the fallback engine fails too', async () => {
        engine.fault = { error: new CodedError('ERR_TTS_OPENAI'), after: 0 };
        standIn.fault = { error: new CodedError('ERR_TTS_ENGINE'), after: 0 };
        await expect(hear(service.speak('One.'))).rejects.toMatchObject({ code: 'ERR_TTS_ENGINE' });
    });

    it('has no fallback unless it is given one', async () => {
        create({ engine: standIn, createFallback: undefined });
        standIn.fault = { error: new CodedError('ERR_TTS_FAILED'), after: 0 };
        await expect(hear(service.speak('One.'))).rejects.toMatchObject({ code: 'ERR_TTS_FAILED' });
        expect(standIn.asked.length).toBe(1);
    });

    it('ends at once with the signal’s reason, without a fallback', async () => {
        engine.hold();
        const giveUp = new AbortController();
        const speech = hear(service.speak('One.', { signal: giveUp.signal })).catch((fault: unknown) => fault);
        await new Promise((resolve) => setImmediate(resolve));
        giveUp.abort(new Error('hung up'));
        expect(await speech).toMatchObject({ message: 'hung up' });
        expect(standIn.asked).toEqual([]);
        await expect(hear(service.speak('Two.', { signal: giveUp.signal }))).rejects.toThrow('hung up');
    });

    it('says nothing when it is switched off', async () => {
        service = new TTSService({ engine: undefined });
        expect(await hear(service.speak('Hello.'))).toBe('');
        expect(service.kind).toBe('none');
        await service.warm();
    });

    it('logs that the engine cannot be made ready, and starts all the same', async () => {
        engine.fault = { error: new CodedError('ERR_TTS_ENGINE'), after: 0 };
        await service.warm();
        expect(logger.codes).toEqual(['ERR_TTS_ENGINE']);
    });

    it('closes both engines, and speaks no more', async () => {
        engine.fault = { error: new CodedError('ERR_TTS_OPENAI'), after: 0 };
        await hear(service.speak('One.'));
        await service.close();
        expect([engine.closed, standIn.closed]).toEqual([1, 1]);
        await expect(hear(service.speak('Two.'))).rejects.toMatchObject({ code: 'ERR_TTS_CLOSED' });
    });

    it('speaks with the real embedded voice when the engine is missing or mute', async () => {
        engine.fault = { error: new CodedError('ERR_TTS_NOT_INSTALLED'), after: 0 };
        service = new TTSService({ clock, logger, engine, createFallback: () => new FliteEngine({ clock, logger }) });
        let bytes = 0;
        for await (const piece of service.speak('One moment please. Thank you.')) bytes += piece.length;
        expect(bytes).toBeGreaterThan(12_000);
        expect(bytes).toBeLessThan(28_000);
    });
});
