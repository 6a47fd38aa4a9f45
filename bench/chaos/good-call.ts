import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavToPcmu } from '../../src/audio/wav';
import type { Clock } from '../../src/support/clock';
import { Caller } from '../../tools/caller/client';
import type { CallerKey } from '../measured-server';
import { CALL_VARIABLE, callMark } from '../load/script';
import { StampReader } from './stamped-speech';
import { Waits } from './waits';

/** What a call came to, as its caller saw it. */
export interface CallOutcome {
    session: string;
    /** When it was dialled, ms of the bench's clock. */
    dialledMs: number;
    /** HTTP status of the refusal, 0 where no answer came; undefined: the upgrade was accepted. */
    refusedWith: number | undefined;
    /** How it ended: `hung up`, `cut`, or the `end_reason` of the server's `disconnect`. */
    end: string;
    /** The longest wait in silence for a voice, ms, and when it began. */
    worstSilenceMs: number;
    worstSilenceFromMs: number | undefined;
    /** Answers of the model that came whole, and those that did not come to their end. */
    answers: number;
    cutAnswers: number;
    foreignBlocks: number;
    misplacedBlocks: number;
    /** Bot audio that had come and was not heard yet when the server ended the call, ms; undefined: it did not end it. */
    unheardMs: number | undefined;
    /** Protocol checks that were broken; breaches of the rate limits apart, which a machine that is held up makes. */
    breaches: string[];
    rateBreaches: number;
}

export interface GoodCallOptions {
    url: string;
    key: CallerKey;
    /** Its number, by which the model's answers know it. */
    call: number;
    clock: Clock;
    random: () => number;
    /** The caller hangs up about so long after the call's beginning, ms, when they have been answered. */
    lastsMs: number;
}

const BYTES_PER_MS = 8;
/** One and a half seconds of speech, and two other voices. */
const WORDS = ['librivox_0930.wav', 'librivox_0880.wav', 'librivox_0890.wav'].map((name) =>
    wavToPcmu(readFileSync(join(process.cwd(), 'samples', name))).subarray(0, 1500 * BYTES_PER_MS),
);
/** What was said has left with the frame after it. */
const FRAME_MS = 200;
const LOOK_MS = 40;
const PAUSE_MS = { least: 250, most: 1500 };
/** A call whose caller is not answered is given up so long after its time. */
const PATIENCE_MS = 20_000;

/** A caller as there are many: they dial, listen, say something, wait for the answer, and hang up in the end. */
export class GoodCall {
    readonly caller: Caller;
    readonly waits = new Waits();
    readonly stamps: StampReader;
    /** When it was dialled, ms of the clock. */
    readonly dialledMs: number;
    /** Whether the call was taken is not known yet. */
    isDialling = false;
    private unheardMs: number | undefined;
    private speaksUntilMs = -Infinity;
    private pauseUntilMs: number | undefined;
    private isToEnd = false;

    constructor(private readonly options: GoodCallOptions) {
        const { url, key, call, clock } = options;
        this.dialledMs = clock.nowMs();
        this.stamps = new StampReader(call);
        this.caller = new Caller({
            url,
            ...key,
            clock,
            keepAudio: false,
            language: 'en-us',
            inputVariables: { [CALL_VARIABLE]: callMark(call) },
        });
        this.listen();
    }

    /** A model's answer has come whole. */
    get isAnswered(): boolean {
        return this.stamps.wholeAnswers > 0;
    }

    /** The call ends soon: when the caller was answered, or at once. */
    end(isAtOnce = false): void {
        this.isToEnd = true;
        if (isAtOnce) this.giveUp();
    }

    /** Plays the call to its end. Never rejects. */
    async run(): Promise<CallOutcome> {
        const { caller, options } = this;
        this.isDialling = true;
        const dialled = await caller.dial();
        this.isDialling = false;
        const timer = setInterval(() => {
            this.look(options.clock.nowMs());
        }, LOOK_MS);
        const { outcome, disconnect, protocol } = await caller.ended;
        clearInterval(timer);
        this.waits.end(options.clock.nowMs());
        this.stamps.end();
        const broken = protocol.broken.map(({ check, detail }) => ({
            name: check.name,
            text: `${check.name}: ${detail}`,
        }));
        const isRate = ({ name }: { name: string }): boolean => name === 'audioRate' || name === 'textRate';
        const given = disconnect?.outputVariables['end_reason'];
        const endReason = (typeof given === 'string' ? given : undefined) ?? disconnect?.info ?? disconnect?.reason;
        return {
            session: caller.sessionId,
            dialledMs: this.dialledMs,
            refusedWith: dialled.ok ? undefined : (dialled.status ?? 0),
            end: endReason === undefined ? (outcome === 'completed' ? 'hung up' : 'cut') : endReason,
            worstSilenceMs: this.waits.worstMs,
            worstSilenceFromMs: this.waits.worstFromMs,
            answers: this.stamps.wholeAnswers,
            cutAnswers: this.stamps.cutAnswers,
            foreignBlocks: this.stamps.foreignBlocks,
            misplacedBlocks: this.stamps.misplacedBlocks,
            unheardMs: this.unheardMs,
            breaches: broken.filter((each) => !isRate(each)).map(({ text }) => text),
            rateBreaches: broken.filter(isRate).length,
        };
    }

    private listen(): void {
        const { caller, waits, stamps } = this;
        const { clock } = this.options;
        caller.on('opened', () => {
            waits.asked(clock.nowMs());
        });
        caller.on('playbackStarted', () => {
            waits.soundBegan(clock.nowMs());
        });
        caller.on('playbackCompleted', () => {
            waits.soundEnded(clock.nowMs());
        });
        caller.on('bargeIn', () => {
            waits.soundEnded(clock.nowMs());
            stamps.interrupted();
        });
        caller.on('audio', (pcmu) => {
            const before = stamps.wholeAnswers;
            stamps.read(pcmu);
            if (stamps.wholeAnswers > before && clock.nowMs() >= this.speaksUntilMs) waits.answered();
        });
        // Before the caller acts on it, and stops the playback.
        caller.on('message', ({ type }) => {
            if (type === 'disconnect') this.unheardMs ??= caller.queuedMs;
        });
    }

    private look(nowMs: number): void {
        const { caller, waits, options } = this;
        if (caller.state !== 'open') return;
        const isOver = this.isToEnd || nowMs - this.dialledMs > options.lastsMs;
        if (nowMs - this.dialledMs > options.lastsMs + PATIENCE_MS) this.giveUp();
        if (nowMs < this.speaksUntilMs || !waits.isTheirTurn(nowMs)) {
            this.pauseUntilMs = undefined;
            return;
        }
        if (isOver) {
            caller.hangUp();
            return;
        }
        this.pauseUntilMs ??= nowMs + PAUSE_MS.least + options.random() * (PAUSE_MS.most - PAUSE_MS.least);
        if (nowMs >= this.pauseUntilMs) this.speak(nowMs);
    }

    /** Hangs up, and leaves the answer that is under way unheard. */
    private giveUp(): void {
        this.stamps.interrupted();
        this.caller.hangUp();
    }

    private speak(nowMs: number): void {
        const words = WORDS[Math.floor(this.options.random() * WORDS.length)] ?? Buffer.alloc(0);
        this.pauseUntilMs = undefined;
        this.speaksUntilMs = nowMs + words.length / BYTES_PER_MS + FRAME_MS;
        this.waits.asked(this.speaksUntilMs);
        this.caller.say(words);
    }
}
