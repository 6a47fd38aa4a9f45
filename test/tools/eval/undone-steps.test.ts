import { EventEmitter } from 'node:events';
import type { Step } from '../../../tools/eval/case-schema';
import type { Caller } from '../../../tools/caller/client';
import { ScriptedCaller } from '../../../tools/eval/scripted-caller';
import { FakeClock } from '../../support/fake-clock';

/** A line on which nothing is heard; the server may end the call. */
class FakeLine extends EventEmitter {
    readonly ended = new Promise<void>(() => undefined);
    readonly queuedMs = 0;
    readonly heardBytes = 0;
    readonly pressed: string[] = [];
    readonly said: number[] = [];
    hasHungUp = false;

    say({ length }: Uint8Array): void {
        this.said.push(length);
    }

    dtmf(keys: string): void {
        this.pressed.push(keys);
    }

    hangUp(): void {
        this.hasHungUp = true;
        this.emit('disconnected');
    }
}

/** Plays a script; the server ends the call after `endsMs`. */
async function play(steps: readonly Step[], endsMs: number): Promise<{ caller: ScriptedCaller; line: FakeLine }> {
    const [clock, line] = [new FakeClock(), new FakeLine()];
    const voice = { of: () => Promise.resolve(new Uint8Array(800)) };
    const bot = { isBusy: false, responses: 0 };
    const caller = new ScriptedCaller(line as unknown as Caller, bot, clock, voice, '.');
    clock.after(endsMs, () => line.emit('disconnected'));
    const state = { isOver: false };
    void caller.play(steps).then(() => {
        state.isOver = true;
    });
    while (!state.isOver && clock.nowMs() < 120_000) await clock.advanceAsync(1000);
    return { caller, line };
}

/** The first answer of the bot never comes: the caller waits for 20 s, and then acts. */
const FIRST_ACT_MS = 20_300;

describe('the caller of a script', () => {
    it('does each step', async () => {
        const { caller, line } = await play([{ keys: '12#' }, { hang_up: true }], 100_000);
        expect([line.pressed, line.hasHungUp]).toEqual([['12#'], true]);
        expect(caller.problems.join()).not.toContain('was over');
    });

    it.each<[string, Step]>([
        ['say “No, thank you.”', { say: 'No, thank you.' }],
        ['keys, 4 of them', { keys: '4711' }],
        ['keys, 1 of them', { keys: '1', answer: 3, after_ms: 100 }],
        ['interrupt “Stop.”', { interrupt: 'Stop.' }],
        ['silent_ms', { silent_ms: 500 }],
        ['hang_up', { hang_up: true }],
    ])('names a last step that was not done because the call was over: %s', async (what, step) => {
        const { caller } = await play([step], 5000);
        expect(caller.problems).toEqual([
            `The call was over before the caller could do step 1 of 1 (${what}). \`optional: true\` in the step says that it may be.`,
        ]);
        expect(caller.done).toEqual([]);
    });

    it('lets a step be left out where the case says so, and names the next one that may not be', async () => {
        const optional = await play([{ say: 'Bye.', optional: true }], 5000);
        expect([optional.caller.problems, optional.caller.done]).toEqual([[], []]);
        const { caller } = await play([{ say: 'Bye.', optional: true }, { keys: '1' }, { keys: '2' }], 5000);
        expect(caller.problems).toEqual([expect.stringContaining('step 2 of 3 (keys, 1 of them)')]);
    });

    it('has done a step in which the call ends, and a wait for the bot whenever it ends', async () => {
        const { caller } = await play([{ silent_ms: 9000 }], FIRST_ACT_MS);
        expect(caller.problems.filter((why) => why.includes('was over'))).toEqual([]);
        expect((await play([{ wait_for_bot: true }], 5000)).caller.problems).toEqual([]);
    });
});
