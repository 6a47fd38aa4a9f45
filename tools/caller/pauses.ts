import type { CallerStream, Gap } from './caller-stream';
import { samplesToDuration } from './media';
import type { JsonObject } from './server-message';

/** Pauses of both sides: the stream runs only while neither holds (protocol sheet, section 5). */
export class Pauses {
    private byClient = false;
    private byServer = false;

    constructor(
        private readonly stream: CallerStream,
        private readonly send: (type: 'paused' | 'resumed' | 'discarded', parameters: JsonObject) => void,
    ) {}

    pause(): void {
        this.byClient = true;
        this.hold();
    }

    resume(): void {
        if (!this.byClient) return;
        this.byClient = false;
        if (!this.byServer) this.sendGap('resumed', this.stream.resume());
    }

    /** The server asked; the answer is `paused`, also a second time. */
    serverPause(): void {
        this.byServer = true;
        this.hold();
    }

    /** The server asked to go on; the answer is `paused` while a pause of the client holds. */
    serverResume(): void {
        const wasHeld = this.byServer;
        this.byServer = false;
        if (this.byClient) this.hold();
        else if (wasHeld) this.sendGap('resumed', this.stream.resume());
    }

    /** Loses `ms` of caller audio, and says so. */
    discard(ms: number): void {
        this.sendGap('discarded', this.stream.discard(ms));
    }

    private hold(): void {
        this.stream.pause();
        this.send('paused', {});
    }

    private sendGap(type: 'resumed' | 'discarded', { startSamples, discardedSamples }: Gap): void {
        this.send(type, { start: samplesToDuration(startSamples), discarded: samplesToDuration(discardedSamples) });
    }
}
