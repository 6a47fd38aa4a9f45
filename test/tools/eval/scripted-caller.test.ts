import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeMulawWav } from '../../../src/audio/wav';
import type { Step } from '../../../tools/eval/case-schema';
import { prepareSpeech, ScriptedCaller, type Telephone } from '../../../tools/eval/scripted-caller';
import { FakeClock } from '../../support/fake-clock';

/** Length of what the caller says, ms. */
const SAID_MS = 1000;

/** A telephone on which the bot is heard when a test says so, and that remembers what was done with it. */
class FakeTelephone extends EventEmitter {
    readonly did: string[] = [];
    readonly ended: Promise<void>;
    private heardBefore = 0;
    private fromMs = 0;
    private untilMs = 0;
    private end: () => void = () => undefined;

    constructor(private readonly clock: FakeClock) {
        super();
        this.ended = new Promise((resolve) => (this.end = resolve));
    }

    get queuedMs(): number {
        return Math.max(0, this.untilMs - this.clock.nowMs());
    }

    get heardBytes(): number {
        return (this.heardBefore + Math.min(this.clock.nowMs(), this.untilMs) - this.fromMs) * 8;
    }

    /** The bot is heard for so long from now on. */
    plays(ms: number): void {
        const { clock } = this;
        this.heardBefore = this.heardBytes / 8;
        [this.fromMs, this.untilMs] = [clock.nowMs(), clock.nowMs() + ms];
        this.emit('event', { kind: 'playback', what: 'started' });
        const { untilMs } = this;
        clock.after(ms, () => {
            if (this.untilMs === untilMs) this.emit('event', { kind: 'playback', what: 'completed' });
        });
    }

    /** More sound follows what is heard, without a pause. */
    playsOn(ms: number): void {
        const untilMs = (this.untilMs += ms);
        this.clock.after(untilMs - this.clock.nowMs(), () => {
            this.emit('event', { kind: 'playback', what: 'completed' });
        });
    }

    say(pcmu: Uint8Array): void {
        this.note(`says ${pcmu.length / 8} ms`);
    }

    dtmf(keys: string): void {
        this.note(`keys ${keys}`);
    }

    update(language: string): void {
        this.note(`language ${language}`);
    }

    hangUp(): void {
        this.note('hangs up');
        this.over();
    }

    /** The call is over. */
    over(): void {
        this.end();
    }

    private note(what: string): void {
        this.did.push(`${this.clock.nowMs()} ${what}`);
    }
}

describe('the caller of a case', () => {
    const folder = mkdtempSync(join(tmpdir(), 'scripted-'));
    let clock: FakeClock;
    let line: FakeTelephone;
    let bot: { isBusy: boolean; responses: number };
    let asked: string[];
    let caller: ScriptedCaller;

    beforeEach(() => {
        clock = new FakeClock();
        line = new FakeTelephone(clock);
        bot = { isBusy: false, responses: 0 };
        asked = [];
        caller = new ScriptedCaller(line as unknown as Telephone, bot, clock, sentences, folder);
    });

    afterAll(() => {
        rmSync(folder, { recursive: true });
    });

    const sentences = {
        of: (text: string): Promise<Uint8Array> => {
            asked.push(text);
            return Promise.resolve(new Uint8Array(SAID_MS * 8));
        },
    };

    /** At the moment the bot begins to be heard for so long, ms; with a response of the model. */
    function speaks(atMs: number, ms: number): void {
        clock.after(atMs - clock.nowMs(), () => {
            bot.responses += 1;
            line.plays(ms);
        });
    }

    function at(atMs: number, task: () => void): void {
        clock.after(atMs - clock.nowMs(), task);
    }

    /** Plays the steps; `untilMs` is when the test looks. */
    async function play(untilMs: number, ...steps: Step[]): Promise<{ isDone: boolean }> {
        const state = { isDone: false };
        void caller.play(steps).then(() => (state.isDone = true));
        await clock.advanceAsync(untilMs);
        return state;
    }

    it('says how long the answer was heard that was over before the step, and that the step waits for more of it', async () => {
        speaks(0, 2000);
        speaks(4500, 6100);
        at(15_000, () => {
            line.over();
        });
        await play(20_000, { say: 'Hello.' }, { interrupt: 'Stop.', answer: 2, after_ms: 20_000 });
        expect(caller.problems).toEqual([
            'The caller could not do step 2 of 2 (interrupt “Stop.”): answer 2 was heard for 6.1 s, and the step waits for 20.0 s of it (`after_ms`).',
        ]);
        expect(caller.hasLeft).toBe(false);
    });

    it('says something 300 ms after the bot was quiet for half a second, and hangs up when nothing more comes', async () => {
        speaks(0, 2000);
        speaks(4500, 1000);
        expect(await play(12_000, { say: 'Hello.' })).toEqual({ isDone: true });
        // Looked at every 10 ms: the last look at sound was at 1,990. After the answer: half a second, and three more.
        expect(line.did).toEqual(['2790 says 1000 ms', '8990 hangs up']);
        expect(caller.done).toEqual([
            { atMs: 2790, toMs: 3790, what: 'say', text: 'Hello.' },
            { atMs: 8990, toMs: 8990, what: 'hang up', text: '' },
        ]);
        expect([caller.problems, caller.answers, caller.hasLeft]).toEqual([[], 2, true]);
    });

    it('says it later where the step says so, and with the sound of a file where it names one', async () => {
        writeFileSync(join(folder, 'hello.wav'), encodeMulawWav(new Uint8Array(4000).fill(0xff)));
        speaks(0, 1000);
        await play(4000, { say: 'Hello.', wav: 'hello.wav', after_ms: 2000 });
        expect(line.did).toEqual(['3490 says 500 ms']);
        expect(asked).toEqual([]);
    });

    it('says it over an answer where the step names one', async () => {
        speaks(1000, 5000);
        await play(4000, { say: 'Stop.', answer: 1, after_ms: 2000 });
        expect(line.did).toEqual(['3000 says 1000 ms']);
    });

    it('waits for an answer while something is at work, and while the model owes one', async () => {
        speaks(0, 1000);
        at(1200, () => (bot.isBusy = true));
        at(3000, () => (bot.isBusy = false));
        await play(10_000, { keys: '1' }, { keys: '2' });
        expect(line.did).toEqual(['3790 keys 1']);
        speaks(11_000, 500);
        await clock.advanceAsync(3000);
        expect(line.did).toEqual(['3790 keys 1', '12290 keys 2']);
        expect(caller.problems).toEqual([]);
    });

    it('waits for three seconds of quiet while the model cannot be reached', async () => {
        caller.isPatient = true;
        speaks(0, 1000);
        await play(5000, { keys: '1' });
        expect(line.did).toEqual(['4290 keys 1']);
    });

    it('waits 20 s for an answer at most, says that none came, and goes on', async () => {
        await play(21_000, { keys: '1' });
        expect(caller.problems).toEqual(['The caller waited 20 s for an answer, and heard none (at 20.0 s).']);
        expect(line.did).toEqual(['20300 keys 1']);
    });

    it('presses keys over an answer when that was heard for so long', async () => {
        speaks(500, 1000);
        speaks(6000, 4000);
        await play(9000, { keys: '12#', answer: 2, after_ms: 700 });
        expect(line.did).toEqual(['6700 keys 12#']);
        expect(caller.done).toEqual([{ atMs: 6700, toMs: 6700, what: 'keys', text: '12#' }]);
    });

    it('interrupts the answer that is heard, 1.5 s after it began, with a sentence that was made before', async () => {
        speaks(200, 5000);
        await clock.advanceAsync(300);
        await play(2500, { interrupt: 'Wait.' });
        expect(line.did).toEqual(['1700 says 1000 ms']);
        expect(caller.done).toMatchObject([{ what: 'interrupt', atMs: 1700, toMs: 2700 }]);
    });

    it('interrupts the next answer while the bot is quiet, or the one that the step names', async () => {
        speaks(1000, 2000);
        speaks(9000, 3000);
        await play(11_000, { interrupt: 'Wait.', after_ms: 500 }, { interrupt: 'No.', answer: 2, after_ms: 800 });
        expect(line.did).toEqual(['1500 says 1000 ms', '9800 says 1000 ms']);
    });

    it('says that it could not interrupt an answer that is too short or never comes, and goes on', async () => {
        speaks(0, 1000);
        await play(30_000, { interrupt: 'Wait.', answer: 1 }, { language: 'de-DE' });
        expect(caller.problems).toEqual([
            'The caller could do nothing over answer 1 after 1500 ms: answer 1 was heard for 1.0 s, and the step waits for 1.5 s of it (`after_ms`).',
        ]);
        expect(line.did[0]).toBe('21510 language de-DE');
    });

    it('makes a short sound of agreement 1 s after the answer began, which is no turn', async () => {
        speaks(0, 6000);
        await clock.advanceAsync(10);
        await play(8000, { mhm: true }, { mhm: 'yes', after_ms: 3000 }, { keys: '1' });
        expect(line.did).toEqual(['1000 says 1000 ms', '3000 says 1000 ms', '6790 keys 1']);
        expect(caller.done.map(({ what, text }) => `${what} ${text}`)).toEqual(['mhm mm hm.', 'mhm yes', 'keys 1']);
        expect(caller.answers).toBe(1);
    });

    it('is silent for so long after the bot has finished, and no longer than the call', async () => {
        speaks(0, 1000);
        await play(6400, { silent_ms: 5000 }, { language: 'de' });
        expect(line.did).toEqual([]);
        await clock.advanceAsync(100);
        expect(line.did).toEqual(['6490 language de']);
        expect(caller.done[0]).toEqual({ atMs: 1490, toMs: 6490, what: 'silent', text: '5000 ms' });
    });

    it('ends its silence with the call', async () => {
        speaks(0, 1000);
        at(3000, () => {
            line.over();
        });
        expect(await play(3100, { silent_ms: 50_000 })).toEqual({ isDone: true });
        expect([line.did, caller.problems]).toEqual([[], []]);
    });

    it('waits for the bot where the step says no more, and tells another language at once', async () => {
        speaks(0, 1000);
        await play(1600, { language: 'fr' }, { wait_for_bot: true }, { language: 'de' });
        expect(line.did).toEqual(['0 language fr', '1490 language de']);
    });

    it('hangs up after the bot has finished, or in the middle of an answer', async () => {
        speaks(0, 1000);
        await play(2000, { hang_up: true });
        expect(line.did).toEqual(['1790 hangs up']);
    });

    it('hangs up in the middle of an answer, after which no step is played', async () => {
        speaks(0, 4000);
        expect(await play(6000, { hang_up: true, answer: 1, after_ms: 2000 }, { say: 'Hello?' })).toEqual({
            isDone: true,
        });
        expect(line.did).toEqual(['2000 hangs up']);
        expect(caller.problems).toEqual([
            expect.stringMatching(/^The call was over before .* step \d of \d \(say “Hello\?”\)/),
        ]);
    });

    it('does not hang up where the server ends the call within three seconds', async () => {
        speaks(0, 1000);
        speaks(3500, 1000);
        at(7000, () => {
            line.emit('disconnected');
        });
        expect(await play(8000, { say: 'Goodbye.' })).toEqual({ isDone: true });
        expect(line.did).toEqual(['1790 says 1000 ms']);
        expect([caller.hasEnded, caller.problems]).toEqual([true, []]);
    });

    it.each<[string, Step]>([
        ['say something', { say: 'Hello?' }],
        ['press keys', { keys: '1' }],
        ['press keys over an answer', { keys: '1', answer: 2 }],
        ['interrupt', { interrupt: 'Wait.', answer: 2 }],
        ['make a sound', { mhm: true, after_ms: 5000 }],
        ['be silent', { silent_ms: 1000 }],
        ['hang up', { hang_up: true }],
    ])('says that the call was over before it could %s, be it the last step', async (_what, step) => {
        speaks(0, 2000);
        at(1000, () => {
            line.over();
        });
        expect(await play(3000, step)).toEqual({ isDone: true });
        expect(caller.problems).toEqual([expect.stringMatching(/^The call was over before .* step 1 of 1 /)]);
        expect([line.did, caller.done]).toEqual([[], []]);
    });

    it('says so too where the call ends in the moment between the end of the bot and the step', async () => {
        speaks(0, 1000);
        at(1600, () => {
            line.over();
        });
        await play(3000, { say: 'Hello?' });
        expect(caller.problems).toEqual([
            expect.stringMatching(/^The call was over before .* step \d of \d \(say “Hello\?”\)/),
        ]);
        expect([line.did, caller.done]).toEqual([[], []]);
    });

    it('counts sentences with short pauses as one answer, and one after four seconds as another', async () => {
        speaks(0, 1000);
        speaks(2000, 1000);
        speaks(6990, 1000);
        await play(7000, { silent_ms: 60_000 });
        expect(caller.answers).toBe(1);
        speaks(12_000, 1000);
        await clock.advanceAsync(6000);
        expect(caller.answers).toBe(2);
        expect(caller.heardOfAnswerMs).toBe(1000);
    });

    it('counts an answer that follows another one without a pause', async () => {
        speaks(0, 4000);
        at(3000, () => {
            bot.responses += 1;
            line.playsOn(2000);
        });
        await clock.advanceAsync(10);
        await play(7000, { keys: '1', answer: 1, after_ms: 1000 }, { wait_for_bot: true });
        expect(caller.answers).toBe(2);
    });

    it('gives the words of what it has said, once, and no keys', async () => {
        speaks(0, 1000);
        speaks(4000, 3000);
        await play(8000, { say: 'Hello.' }, { interrupt: 'Wait.' }, { language: 'de' });
        expect(caller.takeWords()).toBe('Hello. Wait.');
        expect(caller.takeWords()).toBe('');
    });

    it('makes all that is said before the call, and nothing for what a file says', async () => {
        await prepareSpeech(
            [
                { say: 'Hello.' },
                { say: 'From a file.', wav: 'hello.wav' },
                { interrupt: 'Wait.' },
                { mhm: true },
                { mhm: 'yes' },
                { keys: '1' },
                { silent_ms: 10 },
                { hang_up: true },
            ],
            sentences,
        );
        expect(asked).toEqual(['Hello.', 'Wait.', 'mm hm.', 'yes']);
    });
});
