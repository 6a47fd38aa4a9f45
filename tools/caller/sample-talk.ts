import type { Clock } from '../../src/support/clock';
import { TimerSet } from '../../src/support/timer-set';
import type { Caller } from './client';
import { BYTES_PER_MS } from './media';

/** What the sample says, PCMU. */
export interface SampleWords {
    question: Uint8Array;
    interruption: Uint8Array;
}

/** A bot that is quiet for this long has said what it had to say: there are pauses between its sentences, too. */
const BOT_IS_DONE_MS = 1500;
/** After the interruption the bot may think for longer. */
const LAST_ANSWER_IS_DONE_MS = 3000;
/** A bot that makes no sound for this long is not waited for. */
const NO_SOUND_MS = 10_000;
/** So much of the answer is heard before the interruption. */
const INTERRUPT_AFTER_MS = 1000;
const LONGEST_CALL_MS = 120_000;

/**
 * Lets a recorded caller talk as one would: they hear the greeting out, ask, interrupt the answer, hear the next one and hang up.
 * Each step is a note of the timeline. Begins when the call is open.
 */
export function talkAsSample(caller: Caller, words: SampleWords, clock: Clock): void {
    const talk = new SampleTalk(caller, words, clock);
    if (caller.state === 'open') talk.begin();
    else
        caller.once('opened', () => {
            talk.begin();
        });
}

class SampleTalk {
    private heard: 'greeting' | 'answer' | 'next answer' = 'greeting';
    private talksUntilMs = 0;
    private readonly timers: TimerSet;

    constructor(
        private readonly caller: Caller,
        private readonly words: SampleWords,
        private readonly clock: Clock,
    ) {
        this.timers = new TimerSet(clock, (fault) => {
            caller.note('·', 'fault', String(fault));
        });
    }

    begin(): void {
        const { caller, timers } = this;
        caller.on('playbackStarted', () => {
            this.botSounds();
        });
        caller.on('playbackCompleted', () => {
            this.botIsQuiet();
        });
        for (const end of ['disconnected', 'ended'] as const)
            caller.once(end, () => {
                timers.clear();
            });
        timers.set('longest', LONGEST_CALL_MS, () => {
            caller.hangUp();
        });
        this.tell('the sample hears the greeting out');
        this.waitForSound();
    }

    private botSounds(): void {
        for (const name of ['no sound', 'done']) this.timers.cancel(name);
        if (this.heard !== 'answer') return;
        const leftMs = this.talksUntilMs - this.clock.nowMs();
        this.timers.set('interrupt', Math.max(0, leftMs) + INTERRUPT_AFTER_MS, () => {
            this.interrupt();
        });
    }

    private botIsQuiet(): void {
        this.timers.cancel('interrupt');
        this.timers.set('done', this.heard === 'next answer' ? LAST_ANSWER_IS_DONE_MS : BOT_IS_DONE_MS, () => {
            this.goOn();
        });
    }

    /** The bot has said what it had to say, or says nothing at all. */
    private goOn(): void {
        if (this.heard === 'greeting') this.ask();
        else {
            this.tell('the sample hangs up');
            this.caller.hangUp();
        }
    }

    private ask(): void {
        this.heard = 'answer';
        this.tell('the sample asks');
        this.say(this.words.question);
    }

    private interrupt(): void {
        this.heard = 'next answer';
        this.tell('the sample interrupts');
        this.say(this.words.interruption);
    }

    private say(pcmu: Uint8Array): void {
        this.caller.say(pcmu);
        this.talksUntilMs = this.clock.nowMs() + pcmu.length / BYTES_PER_MS;
        this.waitForSound();
    }

    private waitForSound(): void {
        const leftMs = this.talksUntilMs - this.clock.nowMs();
        this.timers.set('no sound', Math.max(0, leftMs) + NO_SOUND_MS, () => {
            this.goOn();
        });
    }

    private tell(what: string): void {
        this.caller.note('·', 'sample', what);
    }
}
