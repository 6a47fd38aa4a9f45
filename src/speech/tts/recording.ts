/** Makes the pieces; ends when `signal` is aborted. */
export type MakeSpeech = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** One who listens to a recording. */
export interface Listener {
    /** All pieces from the beginning, the later ones as they are made. Throws what the making threw, or `signal`'s reason. */
    pieces(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined>;
    /** Listens no longer. When nobody does, an unfinished recording is given up. May be called twice. */
    leave(): void;
}

/** A sentence while it is being made and afterwards: any number may listen, and each hears all of it. */
export class Recording {
    private readonly made: Uint8Array[] = [];
    private readonly giveUp = new AbortController();
    private readonly wakers = new Set<() => void>();
    private state: 'running' | 'complete' | 'failed' = 'running';
    private fault: unknown;
    private listeners = 0;
    private size = 0;

    /** Starts making at once. `onEnd` is called once, when it is complete, has failed or was given up. */
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
            leave: () => {
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
