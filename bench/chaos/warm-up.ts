import type { Clock } from '../../src/support/clock';
import { Caller } from '../../tools/caller/client';
import type { CallerKey } from '../measured-server';
import type { ServerProcess } from './server-process';

const BOTS = ['bench', 'bench', 'local', 'local'];
const LASTS_MS = 3500;
const SETTLES_MS = 1500;

/** A few short calls to each kind of bot: what a process loads only once belongs to no fault. */
export async function warmUp({ port }: ServerProcess, key: CallerKey, clock: Clock): Promise<void> {
    await Promise.all(
        BOTS.map(async (bot) => {
            const caller = new Caller({ url: `ws://127.0.0.1:${port}/?bot=${bot}`, ...key, clock, keepAudio: false });
            const outcome = await caller.dial();
            if (!outcome.ok) throw new Error(`The server refuses the first calls: ${outcome.why}.`);
            await wait(LASTS_MS);
            caller.hangUp();
            await caller.ended;
        }),
    );
    await wait(SETTLES_MS);
}

function wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
}
