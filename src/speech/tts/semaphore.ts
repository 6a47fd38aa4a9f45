import { CodedError } from '../../support/errors';

/** A few places at a time, the rest wait in order. */
export class Semaphore {
    private free: number;
    private readonly waiting: (() => void)[] = [];

    constructor(
        count: number,
        private readonly maxWaiting: number,
    ) {
        this.free = count;
    }

    /**
     * Waits for a place; what is returned gives it back, once. Throws `ERR_TTS_BUSY` when too many wait already, and the
     * reason of `signal` when that is aborted first.
     */
    async acquire(signal: AbortSignal): Promise<() => void> {
        signal.throwIfAborted();
        if (this.free === 0) await this.wait(signal);
        else this.free--;
        let isHeld = true;
        return () => {
            if (!isHeld) return;
            isHeld = false;
            const next = this.waiting.shift();
            if (next === undefined) this.free++;
            else next();
        };
    }

    private wait(signal: AbortSignal): Promise<void> {
        if (this.waiting.length >= this.maxWaiting) return Promise.reject(new CodedError('ERR_TTS_BUSY'));
        return new Promise((resolve, reject) => {
            const onTurn = (): void => {
                signal.removeEventListener('abort', onAbort);
                resolve();
            };
            const onAbort = (): void => {
                this.waiting.splice(this.waiting.indexOf(onTurn), 1);
                reject(signal.reason instanceof Error ? signal.reason : new Error('The speech was given up.'));
            };
            this.waiting.push(onTurn);
            signal.addEventListener('abort', onAbort, { once: true });
        });
    }
}
