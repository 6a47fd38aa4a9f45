import type { LogFields } from '../support/logger';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** The figures of one call, for its closing log line. Counts and times only: nothing that was said. */
export class CallRecord {
    private heardBytes = 0;
    private lostMs = 0;
    private openedAtMs: number | undefined;
    private firstAudioAtMs: number | undefined;
    private endReason = 'socket_lost';
    private decided = false;
    bargeIns = 0;
    turns = 0;
    digits = 0;

    opened(nowMs: number): void {
        this.openedAtMs = nowMs;
    }

    botAudio(nowMs: number): void {
        this.firstAudioAtMs ??= nowMs;
    }

    callerAudio(byteCount: number): void {
        this.heardBytes += byteCount;
    }

    /** Caller audio that will never come (`discarded`, `resumed`). */
    skipped(ms: number): void {
        this.lostMs += ms;
    }

    /** The first reason counts: what comes after is its consequence. */
    endedBy(reason: string): void {
        if (!this.decided) this.endReason = reason;
        this.decided = true;
    }

    get hasBotAudio(): boolean {
        return this.firstAudioAtMs !== undefined;
    }

    /** Position in the caller's audio stream: what was received and what was lost (protocol sheet, section 7.1). */
    get mediaPositionMs(): number {
        return this.heardBytes / BYTES_PER_MS + this.lostMs;
    }

    sinceOpenedMs(nowMs: number): number | undefined {
        return this.openedAtMs === undefined ? undefined : nowMs - this.openedAtMs;
    }

    fields(nowMs: number): LogFields {
        return {
            endReason: this.endReason,
            durationMs: Math.round(this.sinceOpenedMs(nowMs) ?? 0),
            firstAudioMs: this.firstAudioMs(),
            callerAudioMs: Math.round(this.heardBytes / BYTES_PER_MS),
            lostCallerAudioMs: Math.round(this.lostMs),
            turns: this.turns,
            bargeIns: this.bargeIns,
            digits: this.digits,
        };
    }

    private firstAudioMs(): number | undefined {
        if (this.openedAtMs === undefined || this.firstAudioAtMs === undefined) return undefined;
        return Math.round(this.firstAudioAtMs - this.openedAtMs);
    }
}
