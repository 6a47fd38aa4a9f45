import { EventEmitter } from 'node:events';
import { SpeechGate } from '../src/audio/speech-gate';
import type { Conversation, ConversationEvents } from '../src/services/conversation';
import type { Takeover } from '../src/services/fallback-ladder';
import type { Clock, Timer } from '../src/support/clock';
import { pcmuByteAt } from '../tools/fake-openai/signal';

/** A synthesizer needs so long for a sentence. */
const THINKS_MS = 250;
const SENTENCE_MS = 900;

/** Sentences that all sound different, so that one that is said twice is found. */
export class Sentences {
    private count = 0;
    /** Audio of every sentence so far: PCMU, 8 kHz, mono. */
    readonly all: Buffer[] = [];
    greetings = 0;

    next(durationMs: number): Buffer {
        this.count += 1;
        const pcmu = Buffer.alloc(durationMs * 8);
        for (let i = 0; i < pcmu.length; i++) pcmu[i] = pcmuByteAt(this.count, i);
        this.all.push(pcmu);
        return pcmu;
    }

    /** Sentences of which a stretch stands more than once in what a caller received. */
    repeatedIn(received: Buffer): number {
        return this.all.filter((sentence) => isRepeated(sentence, received)).length;
    }
}

function isRepeated(sentence: Buffer, received: Buffer): boolean {
    for (let at = 0; at + 64 <= sentence.length; at += 800) {
        const stretch = sentence.subarray(at, at + 64);
        const first = received.indexOf(stretch);
        if (first >= 0 && received.indexOf(stretch, first + 1) >= 0) return true;
    }
    return false;
}

/** A bot without any service: greets or takes over with a sentence, and answers each utterance with another one. */
export class PlainBot extends EventEmitter<ConversationEvents> implements Conversation {
    readonly botName = 'plain';
    readonly costUsd = 0;
    readonly listensOnly = false;
    readonly speaksFirst = true;
    private readonly gate = new SpeechGate({ releaseMs: 500 });
    private timer: Timer | undefined;
    private answers = 0;

    constructor(
        private readonly clock: Clock,
        private readonly sentences: Sentences,
        private readonly takeover: Takeover | undefined,
    ) {
        super();
    }

    start(): Promise<void> {
        if (this.takeover?.greeted !== true) this.sentences.greetings += 1;
        this.emit('ready');
        this.answer();
        return Promise.resolve();
    }

    hear(pcmu: Uint8Array): void {
        const change = this.gate.feed(pcmu);
        if (change === 'started') this.emit('speechStarted');
        if (change === 'stopped') {
            this.emit('speechStopped', 500);
            this.answer();
        }
    }

    tell(): void {
        this.answer();
    }

    askAgain(): void {
        this.answer();
    }

    sayGoodbye(): void {
        this.emit('ended', { reason: 'completed', info: 'conversation finished' });
    }

    interrupt(): void {
        this.timer?.cancel();
    }

    end(): void {
        this.timer?.cancel();
        this.removeAllListeners();
    }

    private answer(): void {
        this.timer?.cancel();
        this.timer = this.clock.after(THINKS_MS, () => {
            this.answers += 1;
            const responseId = `plain_${this.answers}`;
            this.emit('audio', this.sentences.next(SENTENCE_MS), { responseId, itemId: responseId, contentIndex: 0 });
            this.emit('responseEnded', responseId);
        });
    }
}
