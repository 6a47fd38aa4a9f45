/** Makes the pieces; ends when `signal` is aborted. */
export type MakeSpeech = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Reads a recording, from its beginning. */
export interface Listener {
    /** All pieces, the later ones as they are made. Throws what making them threw, or the reason of `signal`. */
    pieces(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined>;
    /** Ends the reading. A recording without listeners that is not finished is cancelled. May be called twice. */
    close(): void;
}

/**
 * Sentences that were spoken before, bounded in bytes of audio; the least recently used ones go first. A sentence that is asked for
 * while it is being made is made once, and every call that asked gets all of it.
 */
export class SpeechCache {
    /** Least recently used first. */
    private readonly complete = new Map<string, Recording>();
    private readonly running = new Map<string, Recording>();
    private bytes = 0;

    /** `maxBytes`: 8,000 are one second. 0: nothing is kept, but what is being made is still shared. */
    constructor(private readonly maxBytes: number) {}

    /** Bytes of audio that are kept. */
    get size(): number {
        return this.bytes;
    }

    has(key: string): boolean {
        return this.complete.has(key);
    }

    /** Listens to the recording under `key`, which `make` makes when there is none. Call `close()` on the result. */
    open(key: string, make: MakeSpeech): Listener {
        const known = this.complete.get(key) ?? this.running.get(key);
        if (known === undefined) return this.record(key, make).listen();
        this.touch(key);
        return known.listen();
    }

    private record(key: string, make: MakeSpeech): Recording {
        const recording = new Recording(make, (ended) => {
            if (this.running.get(key) === ended) this.running.delete(key);
            if (ended.isComplete) this.keep(key, ended);
        });
        this.running.set(key, recording);
        return recording;
    }

    private keep(key: string, recording: Recording): void {
        // Silence may be a fault of the moment, and costs little to make again.
        if (recording.bytes === 0 || recording.bytes > this.maxBytes) return;
        this.forget(key);
        this.complete.set(key, recording);
        this.bytes += recording.bytes;
        for (const oldest of this.complete.keys()) {
            if (this.bytes <= this.maxBytes) break;
            this.forget(oldest);
        }
    }

    private touch(key: string): void {
        const recording = this.complete.get(key);
        if (recording === undefined) return;
        this.complete.delete(key);
        this.complete.set(key, recording);
    }

    private forget(key: string): void {
        const recording = this.complete.get(key);
        if (recording === undefined) return;
        this.complete.delete(key);
        this.bytes -= recording.bytes;
    }
}

/** A sentence while it is being made and afterwards: each of its listeners gets all of it. */
class Recording {
    private readonly made: Uint8Array[] = [];
    private readonly giveUp = new AbortController();
    private readonly wakers = new Set<() => void>();
    private state: 'running' | 'complete' | 'failed' = 'running';
    private fault: unknown;
    private listeners = 0;
    private size = 0;

    /** Starts making at once. `onEnd` is called once, when it is complete, has failed or was cancelled. */
    constructor(
        make: MakeSpeech,
        private readonly onEnd: (recording: Recording) => void,
    ) {
        void this.record(make);
    }

    /** Bytes of audio so far. */
    get bytes(): number {
        return this.size;
    }

    get isComplete(): boolean {
        return this.state === 'complete';
    }

    listen(): Listener {
        this.listeners++;
        let isListening = true;
        return {
            pieces: (signal) => this.pieces(signal),
            close: () => {
                if (!isListening) return;
                isListening = false;
                this.listeners--;
                if (this.listeners === 0) this.abandon();
            },
        };
    }

    private abandon(): void {
        if (this.state !== 'running') return;
        this.giveUp.abort();
        this.end('failed', this.giveUp.signal.reason);
    }

    private async record(make: MakeSpeech): Promise<void> {
        try {
            for await (const piece of make(this.giveUp.signal)) this.add(piece);
            this.end('complete');
        } catch (fault) {
            this.end('failed', fault);
        }
    }

    private add(piece: Uint8Array): void {
        if (this.state !== 'running') return;
        this.made.push(piece);
        this.size += piece.length;
        this.wake();
    }

    private end(state: 'complete' | 'failed', fault?: unknown): void {
        if (this.state !== 'running') return;
        this.state = state;
        this.fault = fault;
        this.onEnd(this);
        this.wake();
    }

    private async *pieces(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
        for (let at = 0; ; at++) {
            while (at >= this.made.length && this.state === 'running') await this.change(signal);
            signal?.throwIfAborted();
            const piece = this.made[at];
            if (piece === undefined) break;
            yield piece;
        }
        if (this.state === 'failed') throw this.fault;
    }

    /** Resolves at the next piece, at the end, or when `signal` is aborted. */
    private async change(signal?: AbortSignal): Promise<void> {
        signal?.throwIfAborted();
        await new Promise<void>((resolve) => {
            const waker = (): void => {
                this.wakers.delete(waker);
                signal?.removeEventListener('abort', waker);
                resolve();
            };
            this.wakers.add(waker);
            signal?.addEventListener('abort', waker, { once: true });
        });
    }

    private wake(): void {
        for (const waker of [...this.wakers]) waker();
    }
}
