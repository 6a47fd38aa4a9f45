import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/config';
import { readFlight, type Flight } from '../../tools/replay/flight-reader';
import { replay, type Replay } from '../../tools/replay/replay-call';
import { differenceText } from '../../tools/replay/report';
import { TestBench, type TestBenchOptions } from '../support/test-bench';

/** A bench whose calls are recorded, and what they left. */
export class FlightBench {
    readonly folder = mkdtempSync(join(tmpdir(), 'flights-'));

    /** Plays calls on a server; resolves when their files are written. */
    async record(options: TestBenchOptions, play: (bench: TestBench) => Promise<void>, every = 1): Promise<void> {
        const config: Partial<Config> = { flight: { every, folder: this.folder }, ...options.config };
        const bench = await TestBench.start({ ...options, config });
        try {
            await play(bench);
        } finally {
            await bench.stop();
        }
    }

    /** The flight files. */
    get files(): string[] {
        return readdirSync(this.folder, { recursive: true, encoding: 'utf8' })
            .filter((name) => name.endsWith('.flight'))
            .map((name) => join(this.folder, name))
            .sort();
    }

    get flights(): Flight[] {
        return this.files.map(readFlight);
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** Replays it, and fails with the first difference. */
export async function replayed(flight: Flight): Promise<Replay> {
    const seen = await replay(flight);
    if (seen.difference !== undefined) throw new Error(differenceText(flight, seen.difference));
    return seen;
}

/** What left the call, by kind. */
export function outputsOf({ steps }: Flight, kind: string): unknown[][] {
    return steps.flatMap((step) => (step[0] === '>' && step[1] === kind ? [step.slice(2)] : []));
}
