import { SilencePolicy } from '../../src/common/silence-policy';
import { SILENCE_RULES, type SilenceSettings } from '../../src/common/silence-rules';
import type { BotWait, SilenceStep } from '../../src/services/conversation';
import { TimerSet } from '../../src/support/timer-set';
import { FakeClock } from '../support/fake-clock';

/** A call of which only the silence is real: playback and conversation in one fake. */
class SilenceBench {
    readonly clock = new FakeClock();
    readonly done: string[] = [];
    readonly logged: string[] = [];
    /** The conversation can do something about silence. */
    helps = true;
    /** Length of the conversation's sentence. */
    fillerMs = 0;
    responseActiveAtMs: number | undefined;
    remoteVadMs: number | undefined = 500;
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
            log: ({ action, state, line, service }) => {
                this.logged.push(
                    `${String(action)} ${String(state)}: line ${String(line)}, service ${String(service)}`,
                );
            },
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
        if (step === 'filler') this.sound(this.fillerMs);
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
            ['first_audio', ['filler 2500', 'takeover 5200']],
            ['start', ['takeover 5200']],
            ['probe', ['filler 800', 'takeover 2500']],
            ['probe_ready', ['filler 1700', 'takeover 5200']],
            ['takeover', ['filler 1200', 'takeover 5200']],
            ['probe_takeover', ['filler 1200', 'takeover 2500']],
            ['probe_takeover_ready', ['filler 1200', 'takeover 5200']],
            ['reconnect', ['filler 1200', 'takeover 4000']],
            ['recovered', ['filler 1200', 'takeover 5200']],
            ['response', ['filler 2500', 'takeover 5200']],
            ['goodbye', ['filler 2500', 'takeover 5200']],
            ['rest_of_response', ['filler 3500', 'takeover 6200']],
            ['idle', []],
            ['sign_of_work', []],
            ['key_entry', []],
            ['nothing_awaited', []],
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

    describe('after words to which nothing comes', () => {
        const off = { noInputMs: 0, maxReprompts: 2, deadAirMs: 0 };

        it('is no wait, where fallback options would have taken over', () => {
            const bench = new SilenceBench(off);
            bench.policy.waiting('ready');
            bench.policy.callerStarted();
            bench.policy.callerStopped();
            bench.policy.waiting('nothing_awaited');
            bench.clock.advance(30_000);
            expect(bench.done).toEqual([]);
        });

        it('gives a bot no fallback options that it does not have', () => {
            const bench = new SilenceBench(off);
            bench.policy.waiting('nothing_awaited');
            bench.policy.callerStarted();
            bench.policy.callerStopped();
            bench.clock.advance(30_000);
            expect(bench.done).toEqual([]);
        });
    });

    describe('of a turn that the service does not end', () => {
        const off = { noInputMs: 0, maxReprompts: 2, deadAirMs: 0 };
        let bench: SilenceBench;

        beforeEach(() => {
            bench = new SilenceBench(off);
            bench.policy.waiting('ready');
            bench.policy.waiting('nothing_awaited');
        });

        /** The caller speaks for 2 s, which the line shows 200 ms late at the start and 400 ms late at the end. */
        function voice(): void {
            bench.clock.advance(200);
            bench.policy.voiceStarted();
            bench.clock.advance(2200);
            bench.policy.voiceEnded(400);
        }

        it('is a filler, the end of the turn and a takeover, counted from the end of the voice, when the service reports nothing', () => {
            voice();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 4500', 'end_turn 6000', 'takeover 7200']);
            expect(bench.logged).toEqual([
                'filler voice_ended: line quiet, service no speech',
                'end_turn voice_ended: line quiet, service no speech',
                'takeover voice_ended: line quiet, service no speech',
            ]);
        });

        it('is the same when the service reports the start, and not the end', () => {
            bench.clock.advance(100);
            bench.policy.callerStarted();
            bench.policy.turnStarted();
            voice();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 4600', 'end_turn 6100', 'takeover 7300']);
            expect(bench.logged[1]).toBe('end_turn voice_ended: line quiet, service speech');
        });

        it('is the same when the service reports the start after the end of the voice', () => {
            voice();
            bench.policy.callerStarted();
            bench.policy.turnStarted();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 4500', 'end_turn 6000', 'takeover 7200']);
        });

        it('waits longer for a service that may report the end of a turn late', () => {
            bench.remoteVadMs = 4000;
            voice();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 7000', 'end_turn 8500', 'takeover 9700']);
        });

        it('is judged by the response alone once the service has reported the end', () => {
            voice();
            bench.clock.advance(300);
            bench.policy.callerStopped();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 4500', 'takeover 7200']);
        });

        it('has one filler when the service reports the end just after it', () => {
            bench.fillerMs = 1500;
            voice();
            bench.clock.advance(2200);
            bench.policy.callerStopped();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 4500', 'takeover 7200']);
        });

        it('begins anew when the caller goes on', () => {
            voice();
            bench.clock.advance(1000);
            bench.policy.voiceStarted();
            bench.clock.advance(10_000);
            expect(bench.done).toEqual([]);
        });

        it('gives a voice more time that the line does not show', () => {
            bench.policy.callerStarted();
            bench.policy.turnStarted();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 6000', 'end_turn 7500', 'takeover 10000']);
        });

        it('ends after 25 s on a line that never gets quiet', () => {
            bench.policy.voiceStarted();
            bench.clock.advance(30_000);
            expect(bench.done).toEqual(['end_turn 25000']);
            expect(bench.logged).toEqual(['end_turn turn: line voice, service no speech']);
        });

        it('is not looked for where speech is detected in this process', () => {
            bench.remoteVadMs = undefined;
            voice();
            bench.policy.callerStarted();
            bench.policy.turnStarted();
            bench.clock.advance(60_000);
            expect(bench.done).toEqual([]);
        });

        it('is over when the bot responds', () => {
            voice();
            bench.say('r1', 500);
            bench.policy.responseEnded('r1');
            bench.clock.advance(60_000);
            expect(bench.done).toEqual([]);
        });

        it('is not begun by the tone of a key', () => {
            bench.policy.keyPressed();
            bench.policy.voiceStarted();
            bench.clock.advance(300);
            bench.policy.voiceEnded(0);
            bench.clock.advance(20_000);
            expect(bench.done).toEqual([]);
        });
    });

    describe('while the stream is paused', () => {
        it('neither asks the caller nor hangs up, and asks in full time and as often as ever once it goes on', () => {
            const { policy, clock, done } = new SilenceBench();
            policy.drained(true);
            clock.advance(9000);
            policy.pause();
            clock.advance(45_000);
            expect(done).toEqual([]);
            policy.resume();
            clock.advance(9999);
            expect(done).toEqual([]);
            clock.advance(1);
            expect(done).toEqual(['ask_again 64000']);
        });

        it('counts no silence of the bot: it is due later by the length of the pause', () => {
            const bench = new SilenceBench({ noInputMs: 0, maxReprompts: 2, deadAirMs: 0 });
            bench.policy.waiting('ready');
            bench.policy.callerStopped();
            bench.clock.advance(1000);
            bench.policy.pause();
            bench.clock.advance(45_000);
            bench.policy.resume();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 47500', 'takeover 50200']);
        });

        it('counts from the end of the pause where the bot was still to be heard at its beginning', () => {
            const bench = new SilenceBench({ noInputMs: 0, maxReprompts: 2, deadAirMs: 0 });
            bench.policy.waiting('ready');
            bench.say('r1', 8000);
            bench.policy.pause();
            bench.clock.advance(10_000);
            bench.policy.resume();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 12500', 'takeover 15200']);
        });

        it('leaves a limit as it is that counts from the end of sound after the pause', () => {
            const bench = new SilenceBench({ noInputMs: 0, maxReprompts: 2, deadAirMs: 0 });
            bench.policy.waiting('ready');
            bench.say('r1', 8000);
            bench.policy.pause();
            bench.clock.advance(5000);
            bench.policy.resume();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 10500', 'takeover 13200']);
        });

        it('counts what begins meanwhile from the end of the pause', () => {
            const bench = new SilenceBench({ noInputMs: 0, maxReprompts: 2, deadAirMs: 0 });
            bench.policy.waiting('ready');
            bench.policy.pause();
            bench.clock.advance(5000);
            bench.policy.callerStopped();
            bench.clock.advance(5000);
            bench.policy.resume();
            bench.clock.advance(20_000);
            expect(bench.done).toEqual(['filler 12500', 'takeover 15200']);
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
        const expected = ['filler 2500', 'comfort 2500', 'takeover 5200', 'end_call dead_air 5200'];
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
