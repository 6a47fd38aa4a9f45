import { SilencePolicy } from '../../src/common/silence-policy';
import { SILENCE_RULES, type SilenceSettings } from '../../src/common/silence-rules';
import type { BotWait, SilenceStep } from '../../src/services/conversation';
import { TimerSet } from '../../src/support/timer-set';
import { FakeClock } from '../support/fake-clock';

/** A call of which only the silence is real: playback and conversation in one fake. */
class SilenceBench {
    readonly clock = new FakeClock();
    readonly done: string[] = [];
    /** The conversation can do something about silence. */
    helps = true;
    responseActiveAtMs: number | undefined;
    readonly policy: SilencePolicy;
    private soundUntilMs = 0;

    constructor(settings: SilenceSettings = { noInputMs: 10_000, maxReprompts: 2, deadAirMs: 4000 }) {
        const { clock } = this;
        const timers = new TimerSet(clock, (fault) => {
            throw fault;
        });
        this.policy = new SilencePolicy(clock, timers, settings, {
            playback: this,
            conversation: this,
            goodbye: (code) => {
                this.note(`goodbye ${code}`);
            },
            endCall: (code) => {
                this.note(`end_call ${code}`);
                this.policy.stop();
            },
        });
    }

    /** A piece of a response. */
    say(responseId: string, ms: number): void {
        this.policy.botAudio(responseId, ms);
        this.sound(ms);
    }

    sound(ms: number): void {
        this.soundUntilMs = Math.max(this.clock.nowMs(), this.soundUntilMs) + ms;
    }

    note(what: string): void {
        this.done.push(`${what} ${this.clock.nowMs()}`);
    }

    get soundLeftMs(): number {
        return Math.max(0, this.soundUntilMs - this.clock.nowMs());
    }

    comfort(): void {
        this.note('comfort');
    }

    askAgain(): void {
        this.note('ask_again');
    }

    onSilence(step: SilenceStep): boolean {
        this.note(step);
        if (!this.helps) return false;
        if (step === 'takeover') this.policy.stop();
        return true;
    }
}

describe('SilencePolicy', () => {
    describe('the rules', () => {
        /** Brings a call into a state. */
        const ENTER: Record<string, (bench: SilenceBench) => void> = {
            response: ({ policy }) => {
                policy.waiting('ready');
                policy.callerStopped();
            },
            goodbye: ({ policy }) => {
                policy.waiting('ready');
                policy.goodbyeAsked();
            },
            rest_of_response: (bench) => {
                bench.policy.waiting('ready');
                bench.say('r1', 1000);
            },
            recovered: ({ policy }) => {
                policy.waiting('reconnect');
                policy.waiting('recovered');
            },
            probe_takeover_ready: ({ policy }) => {
                policy.waiting('probe_takeover');
                policy.waiting('probe_takeover_ready');
            },
        };
        const off = { noInputMs: 0, maxReprompts: 2, deadAirMs: 0 };

        it.each<[string, string[]]>([
            ['first_audio', ['filler 2500', 'takeover 6000']],
            ['start', ['takeover 6000']],
            ['probe', ['filler 800', 'takeover 2500']],
            ['probe_ready', ['filler 1700', 'takeover 6000']],
            ['takeover', ['filler 1200', 'takeover 6000']],
            ['probe_takeover', ['filler 1200', 'takeover 2500']],
            ['probe_takeover_ready', ['filler 1200', 'takeover 6000']],
            ['reconnect', ['filler 1200', 'takeover 4000']],
            ['recovered', ['filler 1200', 'takeover 6000']],
            ['response', ['filler 2500', 'takeover 6000']],
            ['goodbye', ['filler 2500', 'takeover 6000']],
            ['rest_of_response', ['filler 3500', 'takeover 7000']],
            ['idle', []],
            ['work', []],
            ['key_entry', []],
            ['nothing', []],
        ])('of %p give %p', (state, expected) => {
            const bench = new SilenceBench(off);
            const enter =
                ENTER[state] ??
                ((each: SilenceBench) => {
                    each.policy.waiting(state as BotWait);
                });
            enter(bench);
            bench.clock.advance(30_000);
            expect(bench.done).toEqual(expected);
        });

        it('hold a limit for every wait, and name a code for every end of a call', () => {
            for (const { action, code, waitsFor } of SILENCE_RULES) {
                if (action === 'end_call' || action === 'goodbye') expect(code).toBeDefined();
                expect(waitsFor === 'caller').toBe(action === 'ask_again' || action === 'goodbye');
            }
        });

        it('that follow others have one to follow', () => {
            for (const { state, following } of SILENCE_RULES.filter((rule) => rule.following !== undefined)) {
                const before = SILENCE_RULES.find((rule) => rule.state === state && rule.action === following);
                expect(before?.atMost).toBeDefined();
            }
        });
    });

    describe('of a bot without fallback options', () => {
        it('gives up a bot that speaks first and gives no sound for 8 s', () => {
            const { policy, clock, done } = new SilenceBench();
            policy.start(true);
            policy.callerStarted();
            clock.advance(20_000);
            expect(done).toEqual(['end_call ERR_BOT_FIRST_AUDIO_TIMEOUT 8000']);
        });

        it('gives up a response that stops in the middle 6 s after its last sound', () => {
            const bench = new SilenceBench();
            bench.say('r1', 1000);
            bench.say('r1', 500);
            bench.clock.advance(7499);
            expect(bench.done).toEqual([]);
            bench.clock.advance(1);
            expect(bench.done).toEqual(['end_call ERR_BOT_STALLED 7500']);
        });

        it('waits longer where the sound is slower than it was reckoned', () => {
            const bench = new SilenceBench();
            bench.say('r1', 1000);
            bench.clock.advance(900);
            bench.sound(7000);
            bench.clock.advance(13_099);
            expect(bench.done).toEqual([]);
            bench.clock.advance(1000);
            expect(bench.done).toEqual(['end_call ERR_BOT_STALLED 14000']);
        });

        it('lets a finished response be followed by silence', () => {
            const bench = new SilenceBench();
            bench.say('r1', 1000);
            bench.policy.responseEnded('r1');
            bench.clock.advance(60_000);
            expect(bench.done).toEqual([]);
        });

        it('comforts a caller whom the bot leaves waiting, twice, and then gives the bot up', () => {
            const { policy, clock, done } = new SilenceBench();
            policy.callerStopped();
            clock.advance(30_000);
            expect(done).toEqual(['comfort 4000', 'comfort 8000', 'end_call dead_air 12000']);
            expect(clock.pendingCount).toBe(0);
        });

        it('stops to wait when the bot gives a sound', () => {
            const bench = new SilenceBench();
            bench.policy.callerStopped();
            bench.clock.advance(3999);
            bench.say('r1', 100);
            bench.policy.responseEnded('r1');
            bench.clock.advance(20_000);
            expect(bench.done).toEqual([]);
        });

        it('does not wait for a response to a cough into the bot’s words', () => {
            const bench = new SilenceBench();
            bench.say('r1', 1000);
            bench.policy.responseEnded('r1');
            bench.policy.callerStarted();
            bench.policy.callerStopped();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual([]);
        });
    });

    describe('of the caller', () => {
        it('is asked about twice, counted from the end of playback, and then ends the call', () => {
            const bench = new SilenceBench();
            bench.policy.drained(true);
            for (let i = 0; i < 2; i++) {
                bench.clock.advance(10_500);
                bench.say(`r${i}`, 1500);
                bench.policy.responseEnded(`r${i}`);
                bench.clock.advance(1500);
                bench.policy.drained(true);
            }
            bench.clock.advance(10_000);
            expect(bench.done).toEqual(['ask_again 10000', 'ask_again 22000', 'goodbye no_input 34000']);
        });

        it('counts anew when they talk', () => {
            const { policy, clock, done } = new SilenceBench();
            policy.drained(true);
            clock.advance(9999);
            policy.callerStarted();
            clock.advance(30_000);
            expect(done).toEqual([]);
        });

        it('does not count while they talk, also where a response ends meanwhile', () => {
            const { policy, clock, done } = new SilenceBench();
            policy.callerStarted();
            policy.drained(true);
            clock.advance(30_000);
            expect(done).toEqual([]);
        });

        it('does not count while the bot owes them a response', () => {
            const { policy, clock, done } = new SilenceBench({ noInputMs: 1000, maxReprompts: 2, deadAirMs: 4000 });
            policy.callerStopped();
            policy.drained(true);
            clock.advance(3999);
            expect(done).toEqual([]);
        });

        it('does not count while a secret is to be typed', () => {
            const { policy, clock, done } = new SilenceBench();
            policy.drained(true);
            policy.awaitsSecret();
            policy.drained(false);
            clock.advance(30_000);
            expect(done).toEqual([]);
        });
    });

    it('rules whose setting is 0 are off', () => {
        const { policy, clock, done } = new SilenceBench({ noInputMs: 0, maxReprompts: 2, deadAirMs: 0 });
        policy.drained(true);
        policy.callerStopped();
        clock.advance(1_000_000);
        expect(done).toEqual([]);
    });

    it('acts itself where the conversation can do nothing', () => {
        const bench = new SilenceBench({ noInputMs: 0, maxReprompts: 2, deadAirMs: 0 });
        bench.helps = false;
        bench.policy.waiting('first_audio');
        bench.clock.advance(20_000);
        const expected = ['filler 2500', 'comfort 2500', 'takeover 6000', 'end_call dead_air 6000'];
        expect(bench.done).toEqual(expected);
    });

    it('asks for a response again that made no progress for 15 s, whatever the caller hears, and once each 15 s', () => {
        const bench = new SilenceBench();
        bench.policy.start(false);
        bench.clock.advance(7000);
        bench.responseActiveAtMs = 7000;
        bench.sound(120_000);
        bench.clock.advance(5000);
        bench.responseActiveAtMs = 12_000;
        bench.clock.advance(14_999);
        expect(bench.done).toEqual([]);
        bench.clock.advance(20_000);
        expect(bench.done).toEqual(['retry 27000', 'retry 42000']);
    });

    it('does nothing after its end', () => {
        const { policy, clock, done } = new SilenceBench();
        policy.waiting('takeover');
        policy.callerStopped();
        policy.stop();
        policy.drained(true);
        policy.callerStopped();
        expect(clock.pendingCount).toBe(0);
        clock.advance(60_000);
        expect(done).toEqual([]);
    });
});
