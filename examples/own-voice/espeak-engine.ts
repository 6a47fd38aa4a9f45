import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { types } from 'node:util';
import { systemClock, type Clock, type Timer } from '../../src/support/clock';
import { CodedError } from '../../src/support/errors';
import { hasWords, MAX_SENTENCE_CHARACTERS } from '../../src/services/tts/sentences';
import { Semaphore } from '../../src/speech/tts/semaphore';
import { WavStream } from './wav-stream';
import type { SpeakOptions, SpeechEngine } from '../../src/services/tts-service';

export interface EspeakOptions {
    /** A language or voice of espeak-ng, such as `de`, `fr-fr` or `en-us+f3`. */
    voice?: string;
    clock?: Clock;
    /** The program, and arguments that stand before those of this engine. */
    command?: readonly [string, ...string[]];
    limits?: Partial<EspeakLimits>;
}

export interface EspeakLimits {
    /** For one sentence, from the start of the program to its end. */
    processMs: number;
    maxProcesses: number;
    maxWaiting: number;
    /** Output of one sentence, about 44,000 bytes a second. */
    maxBytes: number;
}

const DEFAULT_LIMITS: EspeakLimits = { processMs: 5_000, maxProcesses: 2, maxWaiting: 200, maxBytes: 12_000_000 };

type Espeak = ChildProcessByStdio<Writable, Readable, null>;

/** The ends of a program: how it came about, and that it could not be started at all. */
interface Outcome {
    exitCode: number | null;
    isMissing: boolean;
}

/**
 * The program espeak-ng, one process a sentence: a mechanical voice in more than a hundred languages. It is not part of this
 * server (GPL) and must be installed. The text goes to its standard input; no shell is involved.
 */
export class EspeakEngine implements SpeechEngine {
    readonly kind = 'espeak';
    readonly voice: string;
    private readonly clock: Clock;
    private readonly limits: EspeakLimits;
    private readonly command: readonly [string, ...string[]];
    private readonly processes: Semaphore;
    private readonly closing = new AbortController();

    /** @throws CodedError `ERR_TTS_VOICE` for what cannot be a voice */
    constructor(options: EspeakOptions = {}) {
        this.voice = checkedVoice(options.voice ?? 'en-us');
        this.clock = options.clock ?? systemClock;
        this.limits = { ...DEFAULT_LIMITS, ...options.limits };
        this.command = options.command ?? ['espeak-ng'];
        this.processes = new Semaphore(this.limits.maxProcesses, this.limits.maxWaiting);
    }

    async *speak(text: string, { voice, signal }: SpeakOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
        signal?.throwIfAborted();
        if (this.hasClosed()) throw new CodedError('ERR_TTS_CLOSED');
        if (!hasWords(text)) return;
        if (text.length > MAX_SENTENCE_CHARACTERS) throw new CodedError('ERR_TTS_TEXT', `${text.length} characters.`);
        const speaker = checkedVoice(voice ?? this.voice);
        const stop = signal === undefined ? this.closing.signal : AbortSignal.any([signal, this.closing.signal]);
        try {
            const release = await this.processes.acquire(stop);
            try {
                yield* this.run(plain(text), speaker, stop);
            } finally {
                release();
            }
        } catch (fault) {
            signal?.throwIfAborted();
            throw this.hasClosed() ? new CodedError('ERR_TTS_CLOSED') : fault;
        }
    }

    /** Speaks a word, to see whether the program is there and knows the voice. */
    async warm(): Promise<void> {
        const word = this.speak('1');
        while ((await word.next()).done !== true);
    }

    close(): Promise<void> {
        this.closing.abort();
        return Promise.resolve();
    }

    private hasClosed(): boolean {
        return this.closing.signal.aborted;
    }

    private async *run(text: string, voice: string, stop: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
        const [program, ...first] = this.command;
        const child = spawn(program, [...first, '--stdin', '--stdout', '-b', '1', '-v', voice], {
            stdio: ['pipe', 'pipe', 'ignore'],
        });
        const watch = new ProcessWatch(child, this.clock, this.limits.processMs, stop);
        try {
            // A program that ends early closes its input; its exit code says why.
            child.stdin.on('error', () => undefined).end(text);
            yield* telephoneSpeech(child.stdout, this.limits.maxBytes);
            await watch.finish();
        } finally {
            watch.end();
        }
    }
}

/** Sees a process to its end: killed when its time is up or its audio is not read any more, and its outcome put into words. */
class ProcessWatch {
    private readonly outcome: Promise<Outcome>;
    private readonly timer: Timer;
    private isLate = false;
    private readonly kill = (): void => {
        this.child.kill('SIGKILL');
    };

    constructor(
        private readonly child: Espeak,
        clock: Clock,
        limitMs: number,
        private readonly stop: AbortSignal,
    ) {
        this.outcome = new Promise((resolve) => {
            child.on('error', () => {
                resolve({ exitCode: null, isMissing: child.pid === undefined });
            });
            child.on('close', (exitCode) => {
                resolve({ exitCode, isMissing: false });
            });
        });
        this.timer = clock.after(limitMs, () => {
            this.isLate = true;
            this.kill();
        });
        stop.addEventListener('abort', this.kill, { once: true });
    }

    /** Resolves when the process ended well; else throws a coded error. */
    async finish(): Promise<void> {
        const { exitCode, isMissing } = await this.outcome;
        if (isMissing)
            throw new CodedError('ERR_TTS_NOT_INSTALLED', 'espeak-ng is missing: apt-get install espeak-ng.');
        if (this.isLate) throw new CodedError('ERR_TTS_TIMEOUT', 'espeak-ng was ended.');
        if (exitCode !== 0) throw new CodedError('ERR_TTS_FAILED', `espeak-ng: exit code ${exitCode ?? 'none'}.`);
    }

    end(): void {
        this.timer.cancel();
        this.stop.removeEventListener('abort', this.kill);
        this.kill();
    }
}

async function* telephoneSpeech(output: Readable, maxBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
    const wav = new WavStream();
    let received = 0;
    for await (const chunk of output) {
        if (!types.isUint8Array(chunk)) continue;
        received += chunk.length;
        if (received > maxBytes) throw new CodedError('ERR_TTS_FAILED', 'espeak-ng: the audio has no end.');
        const pcmu = converted(wav, chunk);
        if (pcmu.length > 0) yield pcmu;
    }
}

function converted(wav: WavStream, chunk: Uint8Array): Uint8Array {
    try {
        return wav.push(chunk);
    } catch (fault) {
        throw new CodedError('ERR_TTS_FAILED', fault instanceof Error ? `espeak-ng: ${fault.message}` : undefined);
    }
}

/** Without what the program would take for more than text: control characters, and phonemes in double brackets. */
function plain(text: string): string {
    return text
        .replace(/\p{Cc}+/gu, ' ')
        .replace(/\[(?=\[)/g, '[ ')
        .replace(/\](?=\])/g, '] ');
}

function checkedVoice(voice: string): string {
    if (/^[a-z]{2,3}(-[a-z\d]{1,12}){0,3}(\+[a-z\d]{1,12})?$/i.test(voice)) return voice;
    throw new CodedError('ERR_TTS_VOICE', 'espeak-ng --voices names those that it has.');
}
