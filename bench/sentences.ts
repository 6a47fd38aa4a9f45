import { createTranscoder } from '../src/audio/transcoder';
import { splitSentences, MAX_SENTENCE_CHARACTERS } from '../src/services/tts/sentences';
import { type TextToSpeech, SHIPPED_PROMPTS } from '../src/services/tts-service';
import { fromPcmu, pcmuByteAt } from '../tools/fake-openai/signal';

interface Sentence {
    text: string;
    /** PCMU, 8 kHz, mono. */
    pcmu: Buffer;
}

/** A stretch that is compared: 50 ms, every 100 ms of the sentence. */
const STRETCH_BYTES = 400;
const EVERY_BYTES = 800;
/** Fewer codes than this in a stretch: silence, which sounds the same everywhere. */
const LEAST_CODES = 24;
const GREETING = /^Hello\b/;
/** Said as often as the caller has to wait. */
const WAIT_PROMPT = SHIPPED_PROMPTS['one-moment'];

/**
 * What the bots of a bench said, as sound, so that it is found in what a caller received: whether they were greeted twice, and
 * whether a sentence came twice.
 */
export class Sentences {
    private readonly known: Sentence[] = [];
    private readonly spoken = new Set<string>();
    private count = 0;

    /** A sentence of a stand-in: as long as it is asked to be, and unlike every other one. */
    next(durationMs: number, text: string): Buffer {
        const pcmu = this.noise(durationMs);
        this.known.push({ text, pcmu });
        return pcmu;
    }

    /** The same as PCM of 24 kHz, 16 bits; it is known by what the server makes of it. */
    nextPcm24k(durationMs: number, text: string): Uint8Array {
        const pcm = fromPcmu(this.noise(durationMs), { type: 'audio/pcm', rate: 24_000 });
        this.known.push({ text, pcmu: Buffer.from(createTranscoder('pcm16').toCaller(pcm)) });
        return pcm;
    }

    /** The sound of the stand-in's sentences: PCMU, 8 kHz, mono. */
    get all(): readonly Buffer[] {
        return this.known.map(({ pcmu }) => pcmu);
    }

    /** Words of a bot with a synthesizer of its own; `voice` is asked how each sentence sounds. */
    async add(text: string, voice: TextToSpeech): Promise<void> {
        for (const sentence of splitSentences(text, MAX_SENTENCE_CHARACTERS)) {
            if (this.spoken.has(sentence) || sentence === WAIT_PROMPT) continue;
            this.spoken.add(sentence);
            const pieces: Uint8Array[] = [];
            for await (const piece of voice.speak(sentence)) pieces.push(piece);
            this.known.push({ text: sentence, pcmu: Buffer.concat(pieces) });
        }
    }

    /** Sentences of which a stretch stands more than once in what a caller received. */
    repeatedIn(received: Buffer): string[] {
        return this.known
            .filter((sentence) => this.ownStretches(sentence).some((stretch) => timesIn(received, stretch) > 1))
            .map(({ text }) => text);
    }

    /** How often the caller was greeted: beginnings of greetings in what they received. */
    greetingsIn(received: Buffer): number {
        return this.known
            .filter(({ text }) => GREETING.test(text))
            .map(({ pcmu }) => stretchesOf(pcmu)[0])
            .reduce((sum, stretch) => sum + (stretch === undefined ? 0 : timesIn(received, stretch)), 0);
    }
    /** Stretches that no other sentence has: a synthesizer may make the same sound of the same word. */
    private ownStretches({ pcmu }: Sentence): Buffer[] {
        return stretchesOf(pcmu).filter(
            (stretch) => this.known.reduce((times, each) => times + timesIn(each.pcmu, stretch), 0) === 1,
        );
    }

    private noise(durationMs: number): Buffer {
        this.count += 1;
        const pcmu = Buffer.alloc(durationMs * 8);
        for (let i = 0; i < pcmu.length; i++) pcmu[i] = pcmuByteAt(this.count, i);
        return pcmu;
    }
}

function stretchesOf(pcmu: Buffer): Buffer[] {
    const stretches: Buffer[] = [];
    for (let at = 0; at + STRETCH_BYTES <= pcmu.length; at += EVERY_BYTES) {
        const stretch = pcmu.subarray(at, at + STRETCH_BYTES);
        if (new Set(stretch).size >= LEAST_CODES) stretches.push(stretch);
    }
    return stretches;
}

function timesIn(received: Buffer, stretch: Buffer): number {
    let times = 0;
    for (let at = received.indexOf(stretch); at >= 0; at = received.indexOf(stretch, at + 1)) times += 1;
    return times;
}
