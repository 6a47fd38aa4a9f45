import type { CallDocument, RecordEvent, RecordTurn } from '../../src/call-records/document';
import type { Limits } from './limits';
import { turnAt } from './call-words';

/** A stretch of time, ms of the call. */
export interface Stretch {
    readonly fromMs: number;
    readonly toMs: number;
}

/** One unbroken run of bot audio at the client. */
export interface Playing extends Stretch {
    readonly end: 'completed' | 'interrupted' | 'held' | 'cut';
    /** What had come and was not heard when it ended, ms. */
    readonly unheardMs: number;
}

/** The events of one kind. */
export type EventOf<Kind extends RecordEvent['kind']> = Extract<RecordEvent, { kind: Kind }>;

/** What the caller said to the bot is a turn, or what the bot said about it. */
export interface CallFacts {
    readonly call: CallDocument;
    readonly limits: Limits;
    /** What callers say when they only listen, and what is always an interruption; see docs/TURNS.md. */
    readonly phrases: { readonly backchannels: readonly string[]; readonly alwaysYield: readonly string[] };
    readonly playing: readonly Playing[];
    /** Where the caller talked and did not hear the bot when they began. */
    readonly talking: readonly Stretch[];
}

/** The events of one kind, oldest first. */
export function eventsOf<Kind extends RecordEvent['kind']>(call: CallDocument, kind: Kind): EventOf<Kind>[] {
    return call.events.filter((event): event is EventOf<Kind> => event.kind === kind);
}

/** The place of a moment, for a finding. */
export function placeAt(call: CallDocument, atMs: number): { turn: number | undefined; atMs: number } {
    return { turn: turnAt(call, atMs)?.number, atMs };
}

/** The place of a turn, for a finding: where it begins, unless a moment in it is better. */
export function placeOf({ number, startMs }: RecordTurn, atMs = startMs): { turn: number; atMs: number } {
    return { turn: number, atMs };
}

/**
 * Where the client played bot audio, from its reports and from what stopped it. Playback that was held for speech that turned out to be an
 * interruption was interrupted where it was held.
 */
export function playingOf(call: CallDocument): Playing[] {
    const runs: Playing[] = [];
    let fromMs: number | undefined;
    const end = (toMs: number, how: Playing['end'], unheardMs = 0): void => {
        if (fromMs !== undefined) runs.push({ fromMs, toMs, end: how, unheardMs });
        fromMs = undefined;
    };
    for (const event of call.events) {
        const { atMs } = event;
        if (event.kind === 'playback' && event.state === 'started') {
            end(atMs, 'cut');
            fromMs = atMs;
        } else if (event.kind === 'playback') end(atMs, 'completed');
        else if (event.kind === 'overlap' && event.verdict === 'held') end(atMs, 'held');
        else if (event.kind === 'bargeIn') {
            const unheardMs = event.items.reduce((sum, item) => sum + Math.max(0, item.receivedMs - item.heardMs), 0);
            const last = runs.at(-1);
            if (fromMs === undefined && last?.end === 'held')
                runs[runs.length - 1] = { ...last, end: 'interrupted', unheardMs };
            end(atMs, 'interrupted', unheardMs);
        }
    }
    end(call.durationMs, 'cut');
    return runs;
}

/**
 * Where the caller talked: with `overBot` what they began while they heard the bot, too. What was said over the bot and was no turn is a stretch
 * of its own: it ends where the verdict says that it did, whether or not its end was reported.
 */
export function talkingOf(call: CallDocument, overBot = false): Stretch[] {
    const spans: { fromMs: number; toMs: number; isOver: boolean }[] = [];
    for (const event of call.events) {
        const last = spans.at(-1);
        const lasting = last?.toMs === Infinity ? last : undefined;
        if (event.kind === 'speech') {
            const edgeMs = Math.max(0, event.atMs - event.agoMs);
            const isOver = event.overBot === true;
            if (!event.talking) {
                if (lasting !== undefined) lasting.toMs = Math.max(lasting.fromMs, edgeMs);
            } else if (lasting !== undefined) lasting.isOver &&= isOver;
            else if (overBot || !isOver) spans.push({ fromMs: edgeMs, toMs: Infinity, isOver });
        } else if (event.kind === 'overlap' && (event.verdict === 'ignored' || event.verdict === 'resumed')) {
            const beganMs = Math.max(0, event.atMs - event.afterMs);
            if (last?.isOver !== true || last.toMs < beganMs) continue;
            last.fromMs = Math.min(last.fromMs, beganMs);
            last.toMs = Math.max(last.fromMs, Math.min(last.toMs, beganMs + event.spanMs));
        }
    }
    return spans.map(({ fromMs, toMs }) => ({ fromMs, toMs: Math.min(toMs, Math.max(fromMs, call.durationMs)) }));
}
