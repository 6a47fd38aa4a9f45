import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { SHIPPED_PROMPTS, type ShippedPrompt, type SpeakOptions, type TextToSpeech } from '../services/tts-service';
import { languageCode, promptWords, wordsFor, type Words } from '../services/words';
import { wavToPcmu } from '../audio/wav';
import { CodedError } from '../support/errors';

/** A WAV file: PCM or µ-law; 8, 16, 24 or 48 kHz (32 and 40 too); channels are averaged. */
export interface RecordedPrompt {
    file: string;
}

/** Words for the speech synthesizer; `voice` is one of its own. */
export interface SpokenPrompt {
    text: string;
    voice?: string;
}

/** Where a prompt comes from. */
export type PromptSource = RecordedPrompt | SpokenPrompt;

/** The folder of the recordings: beside `src`, and beside `dist`. */
export const PROMPTS_FOLDER = join(__dirname, '..', '..', 'assets', 'prompts');

/** The bot that prompts are for. */
export interface PromptsOfBot {
    words: Words;
    /** Language tag; undefined: English. */
    language?: string | undefined;
    /** Voice of the synthesizer; undefined: its own. */
    voice?: string | undefined;
}

/** The prompts of one bot: PCMU, 8 kHz, mono, at once, to be read only. */
export interface BotPrompts {
    /** undefined: there is none in the bot's language and words, or none yet. */
    recording(name: string): Uint8Array | undefined;
}

/** Longest recording, in bytes of PCMU: five minutes. */
const MAX_BYTES = 2_400_000;

/** Sentences that a bot says by name, recorded or spoken. One for all calls. */
export class Prompts {
    /** What the synthesizer has made, or is making (undefined), by language, voice and words. */
    private readonly made = new Map<string, Uint8Array | undefined>();

    private constructor(
        private readonly recordings: ReadonlyMap<string, Uint8Array>,
        private readonly texts: ReadonlyMap<string, SpokenPrompt>,
        private readonly speech: TextToSpeech,
        /** Names of shipped prompts that have a recording of the operator's. */
        private readonly replaced: ReadonlySet<string>,
    ) {}

    /**
     * Reads and converts every recording, once: the shipped ones, and those of `sources`, which win over them.
     *
     * @throws CodedError `ERR_PROMPT` when a file cannot be read, or is no WAV file that can be used
     */
    static async load(speech: TextToSpeech, sources: Readonly<Record<string, PromptSource>> = {}): Promise<Prompts> {
        const recordings = new Map<string, Uint8Array>();
        const texts = new Map<string, SpokenPrompt>();
        for (const [name, file] of shippedFiles()) recordings.set(name, await readRecording(file));
        for (const [name, source] of Object.entries(sources)) {
            if ('file' in source) recordings.set(name, await readRecording(source.file));
            else texts.set(name, source);
        }
        const replaced = Object.keys(sources).filter((name) => !texts.has(name));
        return new Prompts(recordings, texts, speech, new Set(replaced));
    }

    has(name: string): boolean {
        return this.recordings.has(name) || this.texts.has(name);
    }

    /**
     * A recording, at once: PCMU, 8 kHz, to be read only. A shipped prompt has one even where its words are spoken anew.
     * undefined: there is none of that name.
     */
    recording(name: string): Uint8Array | undefined {
        return this.recordings.get(name);
    }

    /**
     * The prompts in the words of one bot. A recording counts where it says them: one of the prompt file that is for the language (`goodbye.de`)
     * or for all (`goodbye`), else a shipped one, which is English. Where there is none, the synthesizer begins to make it now. The apology
     * is given in any case, at worst in English.
     */
    forBot(bot: PromptsOfBot): BotPrompts {
        void this.makeMissing(bot);
        return {
            recording: (name) => {
                if (!isShipped(name)) return this.recordings.get(name);
                const pcmu = this.recorded(name, bot) ?? this.made.get(keyOf(name, bot));
                return pcmu ?? (name === 'technical-problem' ? this.recordings.get(name) : undefined);
            },
        };
    }

    /** A recording that says what the bot would say. */
    private recorded(name: ShippedPrompt, { words, language }: PromptsOfBot): Uint8Array | undefined {
        const said = promptWords(name, words);
        const isUsual = said === promptWords(name, wordsFor(words.language));
        const code = language === undefined ? words.language : languageCode(language);
        const ofLanguage = isUsual ? this.recordings.get(`${name}.${code}`) : undefined;
        if (ofLanguage !== undefined) return ofLanguage;
        const isRight = this.replaced.has(name) ? isUsual : said === SHIPPED_PROMPTS[name];
        return isRight ? this.recordings.get(name) : undefined;
    }

    /** One after the other, so that the first words of the bot wait for one of them at most. */
    private async makeMissing(bot: PromptsOfBot): Promise<void> {
        for (const name of NAMES) {
            const key = keyOf(name, bot);
            if (this.recorded(name, bot) === undefined && !this.made.has(key)) await this.make(key, name, bot);
        }
    }

    /** A failure is the synthesizer's to report; the next call tries again. */
    private async make(key: string, name: ShippedPrompt, { words, language, voice }: PromptsOfBot): Promise<void> {
        const oldest = this.made.size >= MAX_MADE ? this.made.keys().next().value : undefined;
        if (oldest !== undefined) this.made.delete(oldest);
        this.made.set(key, undefined);
        const pieces: Uint8Array[] = [];
        try {
            for await (const piece of this.speech.speak(promptWords(name, words), { voice, language }))
                pieces.push(piece);
        } catch {
            pieces.length = 0;
        }
        if (pieces.length === 0) this.made.delete(key);
        else this.made.set(key, Buffer.concat(pieces));
    }

    /** A prompt as `TextToSpeech.speak` gives it. Throws `ERR_PROMPT` while iterating when there is none of that name. */
    async *play(name: string, options: SpeakOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
        options.signal?.throwIfAborted();
        const spoken = this.texts.get(name);
        const recording = this.recordings.get(name);
        if (spoken !== undefined) yield* this.speech.speak(spoken.text, { voice: spoken.voice, ...options });
        else if (recording !== undefined) yield recording;
        else throw new CodedError('ERR_PROMPT', `There is none named ${JSON.stringify(name)}.`);
    }
}

/** Sentences that are kept, for all bots together: four for each language, voice and wording. */
const MAX_MADE = 400;

const NAMES = Object.keys(SHIPPED_PROMPTS).filter(isShipped);

function isShipped(name: string): name is ShippedPrompt {
    return Object.hasOwn(SHIPPED_PROMPTS, name);
}

/** Which prompt, and how it sounds. */
function keyOf(name: ShippedPrompt, { words, language, voice }: PromptsOfBot): string {
    return JSON.stringify([language, voice, promptWords(name, words)]);
}

function shippedFiles(): [name: string, file: string][] {
    return NAMES.map((name) => [name, join(PROMPTS_FOLDER, `${name}.wav`)]);
}

/** One recording: PCMU, 8 kHz, mono.
 *
 * @throws CodedError `ERR_PROMPT` when it cannot be read, or is no WAV file that can be used
 */
export async function readRecording(file: string): Promise<Uint8Array> {
    try {
        const pcmu = wavToPcmu(await readFile(file));
        if (pcmu.length === 0 || pcmu.length > MAX_BYTES) throw new Error('It is empty, or longer than five minutes.');
        return pcmu;
    } catch (fault) {
        throw new CodedError('ERR_PROMPT', `${file}: ${fault instanceof Error ? fault.message : String(fault)}`);
    }
}

/** The recordings of a prompt file. */
export interface PromptCatalog {
    /** Instead of the shipped ones, by name. */
    named: Readonly<Record<string, RecordedPrompt>>;
    /** Instead of the synthesizer, by the words that they hold. */
    sentences: readonly (readonly [words: string, prompt: RecordedPrompt])[];
}

const catalogSchema = z.record(z.string().min(1).max(2000), z.string().min(1).max(1000));

/**
 * Reads a prompt file: JSON, with the path of a WAV file (from the file's own folder) for each name of a shipped prompt or
 * each sentence that a bot says: `{ "technical-problem": "sorry.wav", "For opening hours, press 1.": "hours.wav" }`. A name with a
 * language, `technical-problem.de`, is for bots of that language.
 *
 * @throws CodedError `ERR_PROMPT` when the file cannot be read or is something else
 */
export async function readPromptCatalog(path: string): Promise<PromptCatalog> {
    const folder = dirname(resolve(path));
    const entries = Object.entries(await readCatalog(path)).map(
        ([words, file]) => [words, { file: resolve(folder, file) }] as const,
    );
    const isName = ([words]: (typeof entries)[number]): boolean => isShipped(words.replace(/\.[a-z]{2,3}$/, ''));
    return { named: Object.fromEntries(entries.filter(isName)), sentences: entries.filter((each) => !isName(each)) };
}

async function readCatalog(path: string): Promise<z.infer<typeof catalogSchema>> {
    try {
        return catalogSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (fault) {
        const what = fault instanceof z.ZodError ? 'it must be an object of names and files' : String(fault);
        throw new CodedError('ERR_PROMPT', `PROMPTS_FILE ${path}: ${what}`);
    }
}
