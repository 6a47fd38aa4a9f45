import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PHONES, soundWord } from './phrase-grammar';

type NativeFunction = (...args: unknown[]) => unknown;

interface Koffi {
    load(library: string): { func(definition: string): NativeFunction };
}

/** Weight of the grammar against the sound, as PocketSphinx has it by default. */
const LANGUAGE_WEIGHT = 6.5;
/** Grammars that are kept ready; the one unused for longest goes first. */
const MAX_GRAMMARS = 16;

/** Something that must be installed is not; `message` says how to get it. */
export class MissingPart extends Error {}

/**
 * PocketSphinx 5prealpha of Debian (libpocketsphinx3, pocketsphinx-en-us) through koffi. Every
 * call blocks, and the library may end the process: it belongs in a process of its own.
 */
export class PocketSphinxLibrary {
    private readonly functions: ReturnType<typeof bind>;
    private readonly decoder: unknown;
    /** Grammars by name, in the order of their last use. */
    private readonly grammars = new Set<string>();
    /** Words that the dictionary is known to have: each look-up of the library costs it some memory for good. */
    private readonly knownWords = new Set<string>();

    /** @param modelPath folder of the model. Throws MissingPart. */
    constructor(modelPath: string) {
        this.functions = bind();
        this.decoder = this.createDecoder(modelPath);
        PHONES.forEach((phone, index) => {
            this.functions.addWord(this.decoder, soundWord(phone), phone, index === PHONES.length - 1 ? 1 : 0);
        });
    }

    hasWord(word: string): boolean {
        if (this.knownWords.has(word)) return true;
        if (isNull(this.functions.lookupWord(this.decoder, word))) return false;
        this.knownWords.add(word);
        return true;
    }

    /** Listens for the grammar `text` from now on. The same text is built once. */
    useGrammar(text: string): void {
        if (!this.grammars.delete(text)) this.buildGrammar(text);
        this.grammars.add(text);
        this.functions.setSearch(this.decoder, text);
        for (const oldest of this.grammars) {
            if (this.grammars.size <= MAX_GRAMMARS) break;
            this.functions.unsetSearch(this.decoder, oldest);
            this.grammars.delete(oldest);
        }
    }

    /** The words of the best way through the grammar for a whole utterance of 16 kHz; empty when there is none. */
    decode(pcm16k: Int16Array): string {
        const { start, process, end, hypothesis } = this.functions;
        start(this.decoder);
        process(this.decoder, pcm16k, pcm16k.length, 0, 1);
        end(this.decoder);
        const words = hypothesis(this.decoder, [0]);
        return typeof words === 'string' ? words.trim() : '';
    }

    private createDecoder(modelPath: string): unknown {
        const { defaults, configure, create } = this.functions;
        const text = (name: string, value: string): string[] => ['str', name, 'str', value];
        const settings = [
            ...text('-hmm', join(modelPath, 'en-us')),
            ...text('-dict', join(modelPath, 'cmudict-en-us.dict')),
            // Its noise filter mistakes what a telephone line leaves of a voice.
            ...text('-remove_noise', 'no'),
            ...text('-logfn', '/dev/null'),
        ];
        const decoder = create(configure(null, defaults(), 1, ...settings, 'void *', null));
        if (isNull(decoder))
            throw new MissingPart(`${modelPath} holds no English model: apt install pocketsphinx-en-us`);
        return decoder;
    }

    private buildGrammar(text: string): void {
        const { logMath, readGrammar, setGrammar, freeGrammar } = this.functions;
        // The library takes a grammar from a file only.
        const folder = mkdtempSync(join(tmpdir(), 'phrases-'));
        try {
            const path = join(folder, 'phrases.fsg');
            writeFileSync(path, text);
            const grammar = readGrammar(path, logMath(this.decoder), LANGUAGE_WEIGHT);
            if (isNull(grammar)) throw new Error('The grammar cannot be read.');
            const status = setGrammar(this.decoder, text, grammar);
            freeGrammar(grammar);
            if (status !== 0) throw new Error('The grammar cannot be used.');
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    }
}

function bind() {
    const koffi = requireKoffi();
    const base = loadLibrary(koffi, 'libsphinxbase.so.3');
    const sphinx = loadLibrary(koffi, 'libpocketsphinx.so.3');
    return {
        defaults: sphinx.func('void *ps_args()'),
        configure: base.func('void *cmd_ln_init(void *inout, void *defn, int strict, ...)'),
        create: sphinx.func('void *ps_init(void *)'),
        addWord: sphinx.func('int ps_add_word(void *, const char *, const char *, int)'),
        lookupWord: sphinx.func('const char *ps_lookup_word(void *, const char *)'),
        logMath: sphinx.func('void *ps_get_logmath(void *)'),
        readGrammar: base.func('void *fsg_model_readfile(const char *, void *, float)'),
        setGrammar: sphinx.func('int ps_set_fsg(void *, const char *, void *)'),
        freeGrammar: base.func('int fsg_model_free(void *)'),
        setSearch: sphinx.func('int ps_set_search(void *, const char *)'),
        unsetSearch: sphinx.func('int ps_unset_search(void *, const char *)'),
        start: sphinx.func('int ps_start_utt(void *)'),
        process: sphinx.func('int ps_process_raw(void *, int16_t *, size_t, int, int)'),
        end: sphinx.func('int ps_end_utt(void *)'),
        hypothesis: sphinx.func('const char *ps_get_hyp(void *, _Out_ int32_t *)'),
    };
}

function requireKoffi(): Koffi {
    try {
        // An optional dependency: only this recognizer needs it.
        return createRequire(__filename)('koffi') as Koffi;
    } catch {
        throw new MissingPart('koffi is missing: npm install koffi');
    }
}

function loadLibrary(koffi: Koffi, name: string): ReturnType<Koffi['load']> {
    try {
        return koffi.load(name);
    } catch {
        throw new MissingPart(`${name} is missing: apt install libpocketsphinx3 pocketsphinx-en-us`);
    }
}

function isNull(pointer: unknown): boolean {
    return pointer === null || pointer === undefined || pointer === 0n;
}
