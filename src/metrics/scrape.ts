import type { Clock } from '../support/clock';

/** So long one reading serves all who ask, in ms. */
const FRESH_MS = 1000;

/** The text of the metrics, made once a second at most: scrapes side by side share one reading. */
export class Scrape {
    private latest: Promise<string> | undefined;
    private readAtMs = 0;

    constructor(
        private readonly clock: Clock,
        private readonly read: () => Promise<string>,
    ) {}

    /** Rejects with what `read` throws; the next call reads again. */
    text(): Promise<string> {
        const nowMs = this.clock.nowMs();
        if (this.latest !== undefined && nowMs - this.readAtMs < FRESH_MS) return this.latest;
        this.readAtMs = nowMs;
        const latest = this.read();
        latest.catch(() => {
            if (this.latest === latest) this.latest = undefined;
        });
        this.latest = latest;
        return latest;
    }
}
