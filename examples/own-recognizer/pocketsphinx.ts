import { extname, join } from 'node:path';
import type { Clock, Timer } from '../../src/support/clock';
import { CodedError } from '../../src/support/errors';
import type { Logger } from '../../src/support/logger';
import { unknownWords, wordPhrases, type WordedPhrase } from './phrase-grammar';
import { replySchema, type RecognizerReply, type RecognizerRequest } from './pocketsphinx-messages';
import { RecognizerProcess } from './recognizer-process';
import type { Recognition, RecognizeOptions, SpeechToText } from '../../src/services/asr-service';

export interface PocketSphinxOptions {
    clock: Clock;
    logger: Logger;
    /** Folder with `en-us/` and `cmudict-en-us.dict`; default: where Debian's pocketsphinx-en-us puts them. */
    modelPath?: string;
    /** From the request to the answer, waiting included. Default 5,000. */
    deadlineMs?: number;
    /** Utterances that may wait for the one that is being recognized. Default 16. */
    maxWaiting?: number;
    /** The program that recognizes; default: pocketsphinx-child of this folder. */
    program?: string;
}

interface Job {
    readonly request: RecognizerRequest;
    readonly phrases: readonly WordedPhrase[];
    readonly timer: Timer;
    settle(result: Recognition | undefined): void;
    fail(fault: Error): void;
}

const MODEL_PATH = '/usr/share/pocketsphinx/model/en-us';
const DEADLINE_MS = 5000;
const MAX_WAITING = 16;
/** Longer ones are no phrase of a menu, and would hold up the others. */
const MAX_UTTERANCE_BYTES = 8 * 12_000;

/**
 * Recognizes given phrases of English, offline: PocketSphinx in a process of its own, which starts with the first utterance,
 * is shared by all calls and starts again when it has ended. What is none of the phrases is mostly noticed, not always:
 * have the caller confirm (docs/SPEECH.md has the figures).
 *
 * Rejects with ERR_ASR_NOT_INSTALLED (for good), ERR_ASR_WORDS, ERR_ASR_TIMEOUT, ERR_ASR_CRASHED, ERR_ASR_BUSY, ERR_ASR_CLOSED.
 */
export class PocketSphinx implements SpeechToText {
    readonly kind = 'closed';
    private readonly waiting: Job[] = [];
    private running: Job | undefined;
    private process: RecognizerProcess | undefined;
    private missing: CodedError | undefined;
    private isClosed = false;
    private lastId = 0;

    constructor(private readonly options: PocketSphinxOptions) {}

    async recognize(pcmu: Uint8Array, options: RecognizeOptions = {}): Promise<Recognition | undefined> {
        const { phrases = [], language = 'en', signal } = options;
        signal?.throwIfAborted();
        if (this.isClosed) throw new CodedError('ERR_ASR_CLOSED');
        if (this.missing !== undefined) throw this.missing;
        if (!/^en\b/i.test(language)) throw new CodedError('ERR_ASR_WORDS', 'This recognizer knows only English.');
        const worded = wordPhrases(phrases);
        if (worded.length === 0 || pcmu.length === 0 || pcmu.length > MAX_UTTERANCE_BYTES) return undefined;
        if (this.waiting.length >= (this.options.maxWaiting ?? MAX_WAITING)) throw new CodedError('ERR_ASR_BUSY');
        return await this.enqueue(pcmu, worded, signal);
    }

    /** Ends the process. */
    close(): Promise<void> {
        this.isClosed = true;
        this.process?.kill();
        this.process = undefined;
        for (const job of [this.running, ...this.waiting]) job?.fail(new CodedError('ERR_ASR_CLOSED'));
        return Promise.resolve();
    }

    private enqueue(
        pcmu: Uint8Array,
        phrases: readonly WordedPhrase[],
        signal: AbortSignal | undefined,
    ): Promise<Recognition | undefined> {
        return new Promise((resolve, reject) => {
            const request = { id: ++this.lastId, phrases: phrases.map(({ words }) => words), pcmu };
            const onAbort = (): void => {
                job.fail(signal?.reason instanceof Error ? signal.reason : new Error('The recognition was given up.'));
            };
            const timer = this.options.clock.after(this.options.deadlineMs ?? DEADLINE_MS, () => {
                this.overdue(job);
            });
            const finish = (): void => {
                timer.cancel();
                signal?.removeEventListener('abort', onAbort);
                this.drop(job);
            };
            const job: Job = {
                request,
                phrases,
                timer,
                settle: (result) => {
                    finish();
                    resolve(result);
                },
                fail: (fault) => {
                    finish();
                    reject(fault);
                },
            };
            signal?.addEventListener('abort', onAbort, { once: true });
            this.waiting.push(job);
            this.next();
        });
    }

    /** Begins the next utterance, if none is being recognized. */
    private next(): void {
        if (this.running !== undefined || this.isClosed) return;
        this.running = this.waiting.shift();
        if (this.running === undefined) {
            this.process?.hold(false);
            return;
        }
        this.process ??= this.start();
        this.process.hold(true);
        this.process.send(this.running.request);
    }

    private start(): RecognizerProcess {
        const { modelPath = MODEL_PATH, program = join(__dirname, `pocketsphinx-child${extname(__filename)}`) } =
            this.options;
        this.options.logger.info({}, 'The speech recognizer starts.');
        return new RecognizerProcess(program, [modelPath], {
            onMessage: (message) => {
                const reply = replySchema.safeParse(message);
                if (reply.success && reply.data.id === this.running?.request.id) this.answer(this.running, reply.data);
            },
            onDeath: (why) => {
                this.process = undefined;
                this.options.logger.warn({ code: 'ERR_ASR_CRASHED', why }, 'The speech recognizer ended.');
                this.running?.fail(new CodedError('ERR_ASR_CRASHED', `${why}.`));
            },
        });
    }

    private answer(job: Job, reply: RecognizerReply): void {
        switch (reply.kind) {
            case 'heard':
                job.settle(recognitionOf(job.phrases, reply.words));
                return;
            case 'nothing':
                job.settle(undefined);
                return;
            case 'unknownWords':
                job.fail(unknownWords(reply.words));
                return;
            case 'missing':
                // It is not installed while the server runs; asking again would start a process for each utterance.
                this.missing = new CodedError('ERR_ASR_NOT_INSTALLED', `${reply.what}.`);
                for (const waiting of [job, ...this.waiting]) waiting.fail(this.missing);
        }
    }

    private overdue(job: Job): void {
        // The library cannot be interrupted, its process can.
        if (job === this.running) this.restart();
        job.fail(new CodedError('ERR_ASR_TIMEOUT'));
    }

    private restart(): void {
        this.process?.kill();
        this.process = undefined;
    }

    private drop(job: Job): void {
        const at = this.waiting.indexOf(job);
        if (at >= 0) this.waiting.splice(at, 1);
        if (job !== this.running) return;
        this.running = undefined;
        this.next();
    }
}

function recognitionOf(phrases: readonly WordedPhrase[], words: string): Recognition | undefined {
    const found = phrases.find((phrase) => phrase.words.join(' ') === words);
    return found === undefined ? undefined : { text: found.phrase };
}
