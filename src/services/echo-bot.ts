import { SpeechGate } from '../audio/speech-gate';
import { beepPcmu, silencePcmu } from '../audio/tone';
import { BotResponse } from './bot-response';
import { BasicConversation, type AudioOrigin } from './conversation';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;
/** Longest sentence that is played back; the rest of it is lost. */
const MAX_SENTENCE_BYTES = 30_000 * BYTES_PER_MS;
/** Sound before the gate opened that still belongs to the sentence: the first syllable. */
const PRE_ROLL_BYTES = 300 * BYTES_PER_MS;
/** When a sentence begins and ends. */
const SENTENCE = { onsetMs: 120, releaseMs: 700 };

/**
 * A bot that needs nothing (`?bot=echo`): a beep, and then the caller hears what they said, sentence by sentence, with the
 * real pacing, and may interrupt it. It tests a line, a codec and a barge-in by listening.
 */
export class EchoBot extends BasicConversation {
    readonly botName = 'echo';
    private readonly gate = new SpeechGate(SENTENCE);
    private sentence: Uint8Array[] = [];
    private sentenceBytes = 0;
    private responseCount = 0;
    private ended = false;

    override start(): Promise<void> {
        if (this.ended) return Promise.resolve();
        this.emit('ready');
        this.say(beepPcmu());
        return Promise.resolve();
    }

    override hear(pcmu: Uint8Array): void {
        if (this.ended) return;
        const wasTalking = this.gate.talking;
        const change = this.gate.feed(pcmu);
        this.record(pcmu, wasTalking || this.gate.talking);
        if (change === 'started') this.emit('speechStarted');
        if (change === 'stopped') this.sayBack();
    }

    /** A key entry is answered with a beep. */
    override tell(): void {
        if (!this.ended) this.say(beepPcmu());
    }

    /** Asks with a beep. */
    override askAgain(): void {
        if (!this.ended) this.say(beepPcmu());
    }

    /** Says goodbye with two beeps. */
    override sayGoodbye(): void {
        if (this.ended) return;
        this.say(Buffer.concat([beepPcmu(), silencePcmu(100), beepPcmu()]));
        this.ended = true;
        this.emit('ended', { reason: 'completed', info: 'conversation finished' });
    }

    override end(): void {
        this.ended = true;
        this.forget();
        this.removeAllListeners();
    }

    /** Keeps the sentence while it lasts, and between sentences the last moment before the next one. */
    private record(pcmu: Uint8Array, talking: boolean): void {
        const limitBytes = talking ? MAX_SENTENCE_BYTES : PRE_ROLL_BYTES;
        if (talking && this.sentenceBytes + pcmu.length > limitBytes) return;
        // The socket's buffer may be used again: a sentence outlives the frame.
        this.sentence.push(Uint8Array.from(pcmu));
        this.sentenceBytes += pcmu.length;
        while (!talking && this.sentenceBytes - (this.sentence[0]?.length ?? 0) >= limitBytes) {
            this.sentenceBytes -= this.sentence.shift()?.length ?? 0;
        }
    }

    private sayBack(): void {
        const pcmu = Buffer.concat(this.sentence);
        this.forget();
        this.emit('speechStopped', SENTENCE.releaseMs);
        this.say(pcmu);
        const seconds = (pcmu.length / BYTES_PER_MS / 1000).toFixed(1);
        this.emit('turn', new BotResponse('match', `(echo of ${seconds} s)`));
    }

    private say(pcmu: Uint8Array): void {
        this.responseCount += 1;
        const responseId = `echo_${this.responseCount}`;
        const origin: AudioOrigin = { responseId, itemId: responseId, contentIndex: 0 };
        this.emit('audio', pcmu, origin);
        this.emit('responseEnded', responseId);
    }

    private forget(): void {
        this.sentence = [];
        this.sentenceBytes = 0;
    }
}
