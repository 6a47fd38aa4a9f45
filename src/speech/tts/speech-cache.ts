import { Recording, type Listener, type MakeSpeech } from './recording';

/**
 * Sentences that were spoken before, the least recently used ones forgotten first, bounded in bytes of audio. Who asks for
 * one that is just being made listens along.
 */
export class SpeechCache {
    /** Least recently used first. */
    private readonly complete = new Map<string, Recording>();
    private readonly running = new Map<string, Recording>();
    private bytes = 0;

    /** `maxBytes`: 8,000 are a second. 0 keeps nothing, but what is being made is still shared. */
    constructor(private readonly maxBytes: number) {}

    /** Bytes of audio that are kept. */
    get size(): number {
        return this.bytes;
    }

    has(key: string): boolean {
        return this.complete.has(key);
    }

    /** A listener to the recording under `key`, which is made when there is none. The listener must `leave()`. */
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
