import { API_FAULTS, type ApiFault } from './api-faults';
import type { AudioFormat } from './protocol';
import { bytesPerMs } from './signal';

/** Most audio kept before a turn begins; more is thrown away from the front while the caller is silent. */
const IDLE_KEEP_MS = 10_000;

/** The input audio buffer: what was appended since the last commit or clear, and how much there was in all. */
export class InputAudio {
    private chunks: Buffer[] = [];
    private bufferedBytes = 0;
    private totalMs = 0;

    /** Milliseconds appended since the session began: the clock of the offsets (docs/REALTIME.md, 2.3). */
    get appendedMs(): number {
        return this.totalMs;
    }

    /** Where the buffer begins, on the same clock. */
    startMs(format: AudioFormat): number {
        return this.totalMs - this.bufferedBytes / bytesPerMs(format);
    }

    /** Why bytes of this length cannot be audio of this format, if so. */
    static refusal(bytes: Buffer, format: AudioFormat): ApiFault | undefined {
        if (bytes.length === 0) return API_FAULTS.emptyAudio();
        if (format.type === 'audio/pcm' && bytes.length % 2 !== 0)
            return API_FAULTS.invalidValue("Invalid 'audio'. PCM16 needs an even number of bytes.", 'audio');
        return undefined;
    }

    append(bytes: Buffer, format: AudioFormat, trim: boolean): void {
        this.chunks.push(bytes);
        this.bufferedBytes += bytes.length;
        this.totalMs += bytes.length / bytesPerMs(format);
        if (trim) this.trim(IDLE_KEEP_MS * bytesPerMs(format));
    }

    /** Takes everything out of the buffer. */
    take(): Buffer[] {
        const taken = this.chunks;
        this.clear();
        return taken;
    }

    clear(): void {
        this.chunks = [];
        this.bufferedBytes = 0;
    }

    /** A manual commit needs 100 ms (docs/REALTIME.md, 3.1). */
    commitRefusal(format: AudioFormat): ApiFault | undefined {
        const ms = this.bufferedBytes / bytesPerMs(format);
        return ms < 100 ? API_FAULTS.commitTooSmall(ms) : undefined;
    }

    private trim(limitBytes: number): void {
        while (this.bufferedBytes > limitBytes) this.bufferedBytes -= this.chunks.shift()?.length ?? limitBytes;
    }
}
