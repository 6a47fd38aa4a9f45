import type { ToolRecord } from '../services/functions/tool';
import type { LogFields } from '../support/logger';
import { Transcript } from '../services/transcript';
import { TurnClock } from './turn-clock';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** How far caller audio may be ahead of the clock, whatever was kept up somewhere: a real line brings a second each second. */
const MAX_AHEAD_MS = 60_000;
const MAX_PACE = 2;
/** Tool calls that are told one by one; more are only counted. */
const MAX_TOOLS = 50;

/**
 * The record of one call: its figures, for the closing log line (counts and times only, nothing that was said), and
 * beside them the transcript, which stays here.
 */
export class CallRecord {
    private heardBytes = 0;
    private lostMs = 0;
    private openedAtMs: number | undefined;
    private firstAudioAtMs: number | undefined;
    private endReason = 'socket_lost';
    private decided = false;
    readonly transcript = new Transcript();
    readonly turnClock = new TurnClock();
    /** What the bot cost, in US dollars; undefined: nothing is known. */
    costUsd: number | undefined;
    private readonly tools: ToolRecord[] = [];
    bargeIns = 0;
    turns = 0;
    digits = 0;
    toolCalls = 0;

    /** A tool of the bot has run, or was refused. */
    toolCalled(record: ToolRecord): void {
        this.toolCalls += 1;
        if (this.tools.length < MAX_TOOLS) this.tools.push(record);
    }

    opened(nowMs: number): void {
        this.openedAtMs = nowMs;
    }

    botAudio(nowMs: number): void {
        this.firstAudioAtMs ??= nowMs;
    }

    /** @returns false, and books nothing, when more was received than anybody can have said: it must cost neither time nor money. */
    callerAudio(byteCount: number, nowMs: number): boolean {
        const plausibleMs = MAX_AHEAD_MS + MAX_PACE * (this.sinceOpenedMs(nowMs) ?? 0);
        if (this.heardBytes / BYTES_PER_MS > plausibleMs) return false;
        this.heardBytes += byteCount;
        return true;
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

    /** Why the call ended, as far as is known. */
    get reason(): string {
        return this.endReason;
    }

    get isOpened(): boolean {
        return this.openedAtMs !== undefined;
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
            ...(this.toolCalls > 0 && { toolCalls: this.toolCalls, tools: this.tools.map(toolFields) }),
            costUsd: this.costUsd === undefined ? undefined : Number(this.costUsd.toFixed(4)),
            ...this.turnClock.fields(),
        };
    }

    private firstAudioMs(): number | undefined {
        if (this.openedAtMs === undefined || this.firstAudioAtMs === undefined) return undefined;
        return Math.round(this.firstAudioAtMs - this.openedAtMs);
    }
}

function toolFields({ name, ms, outcome }: ToolRecord): LogFields {
    return { name, ms: Math.round(ms), outcome };
}
