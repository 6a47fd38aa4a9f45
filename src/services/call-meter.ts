import type { ToolRecord } from './functions/tool';
import type { ResponseUsage } from './realtime/events';

/** What became of a caller who spoke while they heard the bot, or pressed a key (docs/TURNS.md). */
export type BargeInOutcome = 'yielded' | 'ignored' | 'resumed';

/** Where audio was dropped. `playback`: of the bot; `upstream` and `flood`: of the caller. */
export type DropPlace = 'playback' | 'upstream' | 'flood';

/** How the bot audio of one turn was paced. */
export interface TurnPace {
    /** Most audio that was sent ahead of what the caller heard, in ms. */
    readonly mostLeadMs: number;
    /** What was left of it when a further piece was sent, at its lowest, in ms; undefined: there was one piece. */
    readonly leastLeadMs: number | undefined;
    /** Pieces that waited for a token of the message budget. */
    readonly waits: number;
    /** How long they waited together, in ms. */
    readonly waitedMs: number;
}

/** What is known of a call when its socket is gone. */
export interface EndedCall {
    /** As in the output variable `end_reason` and in the line at the call's end. */
    readonly reason: string;
    /** Since `opened`, in ms; undefined: it was never opened. */
    readonly durationMs: number | undefined;
}

/** Hears what the bots of all calls do, for the metrics. No method throws or waits. */
export interface BotMeter {
    /** A Realtime session is ready, so long after its first attempt to connect, in ms. */
    upstreamReady(ms: number): void;
    /** No Realtime session came about; `code` is one of docs/ERRORS.md. */
    upstreamFailed(code: string): void;
    /** A Realtime session was lost, and another one is being connected. */
    upstreamLost(): void;
    /** From a WebSocket ping to its pong, in ms. */
    upstreamRoundTrip(ms: number): void;
    /** A response of the model, with its cost in US dollars; undefined: the price is not known. */
    modelUsed(usage: ResponseUsage, costUsd: number | undefined): void;
    /** Words of the caller were transcribed. */
    transcribed(seconds: number, tokens: number, costUsd: number | undefined): void;
    /** A fallback option answers a call from now on, or does not any more. Each `began` is followed by one `ended`. */
    optionBegan(option: string): void;
    optionEnded(option: string): void;
    /** A fallback option took over, or a call began without its best one; `why` is a code of docs/ERRORS.md. */
    steppedDown(to: string, why: string): void;
    /** Audio was thrown away that a caller or a bot should have heard, in bytes of PCMU. */
    dropped(place: DropPlace, byteCount: number): void;
}

/** Hears what happens in all calls, for the metrics: whenever a turn or a call is over, never for a frame of audio. No method throws or waits. */
export interface CallMeter extends BotMeter {
    opened(): void;
    /** From `opened` to the first bot audio that was sent, in ms. */
    firstAudio(ms: number): void;
    /** From the end of the caller's voice to the first bot audio that was sent, in ms. */
    turnLatency(ms: number): void;
    /** From the end of the caller's voice to `playback_started`, in ms. */
    turnPlayback(ms: number): void;
    /** The caller has heard a turn of the bot, or interrupted it. */
    turnReported(disposition: string): void;
    /** The audio of a turn was sent. */
    turnPaced(pace: TurnPace): void;
    bargeIn(outcome: BargeInOutcome): void;
    /** An interruption cut this many items, of which so much audio was not heard, in ms. */
    truncated(items: number, unheardMs: number): void;
    tool(record: ToolRecord): void;
    /** A line of a call at the level warn or error; `code` is one of docs/ERRORS.md. */
    fault(code: string): void;
    /** Genesys sent an `error`; `isRateLimit`: its code was 429. */
    clientError(isRateLimit: boolean): void;
    /** A turn report waited for a token of the text budget, in ms. */
    eventWaited(ms: number): void;
    ended(call: EndedCall): void;
}
