import type { AudioFormat } from './protocol';
import { synthesize } from './signal';

/** Sixty-four answers of some seconds: a few megabytes at most. */
const MAX_ENTRIES = 64;

/**
 * Items' own signals, made once: a sweep of 3 s costs some milliseconds, which a benchmark in the same process would
 * take for a delay of the server. What it returns is shared and must not be changed.
 */
export class SignalCache {
    private readonly made = new Map<string, Buffer>();

    get(format: AudioFormat, itemNumber: number, ms: number, tone: boolean): Buffer {
        const key = `${format.type} ${itemNumber} ${ms} ${tone}`;
        const known = this.made.get(key);
        if (known !== undefined) return known;
        const signal = synthesize(format, itemNumber, ms, tone);
        if (this.made.size >= MAX_ENTRIES) this.forgetOldest();
        this.made.set(key, signal);
        return signal;
    }

    private forgetOldest(): void {
        for (const key of this.made.keys()) {
            this.made.delete(key);
            return;
        }
    }
}
