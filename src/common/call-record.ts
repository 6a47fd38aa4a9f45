import type { StringMap } from '../protocol/core';
import type { BotResponse } from '../services/bot-response';
import type { CallMeter } from '../services/call-meter';
import type { CallFigures } from '../services/call-observer';
import type { HeardPosition } from '../services/conversation';
import type { ToolRecord } from '../services/functions/tool';
import { Transcript } from '../services/transcript';
import type { LogFields } from '../support/logger';
import { CallObservers } from './call-observers';
import { PacingRecord } from './pacing-record';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** Caller audio may be this much ahead of the clock (a network that was held up), and may come this much faster than real time. */
const MAX_AHEAD_MS = 60_000;
const MAX_PACE = 2;
/** Function calls that are logged one by one; more are only counted. */
const MAX_TOOLS = 50;

/** The record of one call: its figures, for the log line at its end (counts and times only), and the transcript. */
export class CallRecord implements CallFigures {
    /** Caller audio that the client left out, ms. */
    lostCallerAudioMs = 0;
    private callerBytes = 0;
    private openedAtMs: number | undefined;
    private firstAudioAtMs: number | undefined;
    private endReason = 'socket_lost';
    private decided = false;
    readonly transcript = new Transcript();
    readonly turnClock: TurnClock;
    /** How bot audio leaves. */
    readonly pacing = new PacingRecord();
    /** They are told what is recorded, and what else happens. */
    readonly observers = new CallObservers();
    /** What the bot cost, in US dollars; undefined: it is not known. */
    costUsd: number | undefined;
    /** The functions that were called, `MAX_TOOLS` at most. */
    readonly tools: ToolRecord[] = [];
    bargeIns = 0;
    /** The bot was stopped for speech that was no interruption, and went on. */
    takenBack = 0;
    turns = 0;
    digits = 0;
    toolCalls = 0;
    private floodBytes = 0;

    /** `meter`: hears what is recorded, for the metrics; undefined: there are none. */
    constructor(readonly meter?: CallMeter) {
        this.turnClock = new TurnClock(meter);
    }

    /** A function of the bot has run, or was refused. */
    toolCalled(record: ToolRecord): void {
        this.toolCalls += 1;
        this.meter?.tool(record);
        if (this.tools.length < MAX_TOOLS) this.tools.push(record);
        this.observers.toolCalled(record);
    }

    opened(nowMs: number): void {
        this.openedAtMs = nowMs;
        this.meter?.opened();
        this.observers.opened();
    }

    /** Bot audio was sent. */
    botAudio(nowMs: number): void {
        if (this.firstAudioAtMs === undefined) this.noteFirstAudio(nowMs);
        this.turnClock.botAudio(nowMs);
    }

    /** The caller interrupted, and had heard this much. */
    interrupted(heard: HeardPosition): void {
        this.bargeIns += 1;
        this.transcript.interrupted(heard);
        this.observers.interrupted(heard);
        this.meter?.bargeIn('yielded');
        const cut = heard.items.filter(({ heardMs, receivedMs }) => heardMs < receivedMs);
        const unheardMs = cut.reduce((sum, { heardMs, receivedMs }) => sum + receivedMs - heardMs, 0);
        if (cut.length > 0) this.meter?.truncated(cut.length, unheardMs);
    }

    /** The call ends while bot audio plays or waits: the caller had heard this much. */
    cutOff(heard: HeardPosition): void {
        this.transcript.interrupted(heard);
        if (heard.items.length > 0) this.observers.cutOff(heard);
    }

    /** A turn of the bot was heard, or interrupted: it is reported to Genesys. */
    turnReported(turn: BotResponse): void {
        this.meter?.turnReported(turn.disposition);
        this.notePace();
        this.observers.turnReported(turn);
    }

    /** The socket is gone. */
    ended(nowMs: number): void {
        const { droppedBytes } = this.pacing;
        this.notePace();
        if (droppedBytes > 0) this.meter?.dropped('playback', droppedBytes);
        if (this.floodBytes > 0) this.meter?.dropped('flood', this.floodBytes);
        this.meter?.ended({ reason: this.endReason, durationMs: this.sinceOpenedMs(nowMs) });
    }

    /** Counts caller audio. @returns false, and counts nothing, when more came than a telephone call can make in this time: it is not passed on */
    callerAudio(byteCount: number, nowMs: number): boolean {
        const plausibleMs = MAX_AHEAD_MS + MAX_PACE * (this.sinceOpenedMs(nowMs) ?? 0);
        if (this.callerBytes / BYTES_PER_MS > plausibleMs) {
            this.floodBytes += byteCount;
            return false;
        }
        this.callerBytes += byteCount;
        return true;
    }

    /** Caller audio that the client left out (`discarded`, `resumed`). */
    skipped(ms: number): void {
        this.lostCallerAudioMs += ms;
        this.observers.audio?.callerSkipped(ms);
    }

    /** Why the call ends. The first reason counts: what comes after is its consequence. */
    endedBy(reason: string): void {
        if (!this.decided) this.endReason = reason;
        this.decided = true;
    }

    /** Why the call ended, as far as is known. */
    get reason(): string {
        return this.endReason;
    }

    get isOpened(): boolean {
        return this.openedAtMs !== undefined;
    }

    get firstAudioMs(): number | undefined {
        if (this.openedAtMs === undefined || this.firstAudioAtMs === undefined) return undefined;
        return this.firstAudioAtMs - this.openedAtMs;
    }

    /** Caller audio that came, ms. */
    get callerAudioMs(): number {
        return this.callerBytes / BYTES_PER_MS;
    }

    sinceOpenedMs(nowMs: number): number | undefined {
        return this.openedAtMs === undefined ? undefined : nowMs - this.openedAtMs;
    }

    fields(nowMs: number): LogFields {
        return {
            endReason: this.endReason,
            durationMs: Math.round(this.sinceOpenedMs(nowMs) ?? 0),
            firstAudioMs: rounded(this.firstAudioMs),
            callerAudioMs: Math.round(this.callerAudioMs),
            lostCallerAudioMs: Math.round(this.lostCallerAudioMs),
            turns: this.turns,
            bargeIns: this.bargeIns,
            ...(this.takenBack > 0 && { takenBack: this.takenBack }),
            digits: this.digits,
            ...(this.toolCalls > 0 && { toolCalls: this.toolCalls, tools: this.tools.map(toolFields) }),
            costUsd: this.costUsd === undefined ? undefined : Number(this.costUsd.toFixed(4)),
            ...this.turnClock.fields(),
        };
    }

    private noteFirstAudio(nowMs: number): void {
        this.firstAudioAtMs = nowMs;
        if (this.openedAtMs !== undefined) this.meter?.firstAudio(nowMs - this.openedAtMs);
    }

    private notePace(): void {
        const pace = this.pacing.take();
        if (pace !== undefined) this.meter?.turnPaced(pace);
    }
}

function rounded(ms: number | undefined): number | undefined {
    return ms === undefined ? undefined : Math.round(ms);
}

function toolFields({ name, ms, outcome }: ToolRecord): LogFields {
    return { name, ms: Math.round(ms), outcome };
}

/** How long the caller waited for one response, in ms. */
export interface TurnLatency {
    /** End of their speech → the first audio of the response left this server. */
    toFirstAudioMs: number;
    /** End of their speech → Genesys began to play it; undefined: the client never reported it. */
    toPlaybackMs: number | undefined;
}

/** Turns that are measured; the figures of a longer call are those of its last turns. */
const MAX_MEASURED_TURNS = 500;

/** Measures how long the caller waits: the time from their last word to the bot's first. */
export class TurnClock {
    private readonly latencies: TurnLatency[] = [];
    private speechEndMs: number | undefined;
    /** The same, of the turn whose playback has not begun yet. */
    private startedAtMs: number | undefined;

    constructor(private readonly meter?: Pick<CallMeter, 'turnLatency' | 'turnPlayback'>) {}

    /** The caller's speech ended at `atMs` (not when it was noticed). */
    callerStopped(atMs: number): void {
        this.speechEndMs = atMs;
    }

    /** The caller speaks again: bot audio from now on is no response to their last words. */
    callerStarted(): void {
        this.speechEndMs = undefined;
    }

    /** Bot audio left. Only the first after the caller's turn counts. */
    botAudio(nowMs: number): void {
        if (this.speechEndMs === undefined) return;
        this.latencies.push({ toFirstAudioMs: nowMs - this.speechEndMs, toPlaybackMs: undefined });
        this.meter?.turnLatency(nowMs - this.speechEndMs);
        if (this.latencies.length > MAX_MEASURED_TURNS) this.latencies.shift();
        this.startedAtMs = this.speechEndMs;
        this.speechEndMs = undefined;
    }

    /** Genesys began to play bot audio. */
    playbackStarted(nowMs: number): void {
        const last = this.latencies.at(-1);
        if (last === undefined || this.startedAtMs === undefined) return;
        last.toPlaybackMs = nowMs - this.startedAtMs;
        this.meter?.turnPlayback(last.toPlaybackMs);
        this.startedAtMs = undefined;
    }

    /** Turn by turn, oldest first. */
    get turns(): readonly TurnLatency[] {
        return this.latencies;
    }

    /** The longest wait, ms; undefined: the caller never waited for a response. */
    get worstMs(): number | undefined {
        return this.sortedMs().at(-1);
    }

    /** The wait in the middle, ms; undefined: the caller never waited for a response. */
    get medianMs(): number | undefined {
        const sorted = this.sortedMs();
        return sorted[Math.floor(sorted.length / 2)];
    }

    /** For the log line at the end of the call; empty when the caller never waited for a response. */
    fields(): LogFields {
        if (this.latencies.length === 0) return {};
        return {
            medianTurnMs: rounded(this.medianMs),
            worstTurnMs: rounded(this.worstMs),
            turnMs: this.latencies.slice(-20).map((turn) => Math.round(waitOf(turn))),
        };
    }

    private sortedMs(): number[] {
        return this.latencies.map(waitOf).sort((a, b) => a - b);
    }
}

function waitOf({ toPlaybackMs, toFirstAudioMs }: TurnLatency): number {
    return toPlaybackMs ?? toFirstAudioMs;
}

/** What is known of the bot when the call ends. */
export interface OutcomeOfBot {
    /** Its name; empty: none was chosen. */
    readonly name: string;
    /** The names of the fallback options that answered, with commas. */
    readonly fallbackUsed: string;
    /** What it, or its functions, have set. */
    readonly variables: StringMap;
}

/** US dollars are given with four digits: a response costs less than a cent. */
const COST_DIGITS = 4;

/**
 * The output variables at the end of a call: what the bot has set, and for every call `bot`, `turns`, `fallback_used`,
 * `worst_turn_ms`, `cost_usd` and `end_reason`. All values are text (docs/PROTOCOL.md, 8.3); empty where nothing is known.
 *
 * @param given variables that come with the end itself; they replace all others
 */
export function outcomeVariables(
    record: CallRecord,
    bot: OutcomeOfBot,
    given: StringMap,
    endReason: string,
): StringMap {
    const { worstMs } = record.turnClock;
    return {
        ...bot.variables,
        bot: bot.name,
        turns: String(record.turns),
        fallback_used: bot.fallbackUsed,
        worst_turn_ms: worstMs === undefined ? '' : String(Math.round(worstMs)),
        cost_usd: record.costUsd === undefined ? '' : record.costUsd.toFixed(COST_DIGITS),
        end_reason: endReason,
        ...given,
    };
}
