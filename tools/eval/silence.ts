import type { CallerAct, HeardPiece } from './ear';

/** A longer pause behind a sentence with all its words is the caller's, ms: the bot has finished. */
const PAUSE_MS = 4000;
/** What stopped a sentence may be heard so much later than its last sound, ms. */
const STOP_MS = 100;

/**
 * The longest time in which nothing was heard of the bot although it was its turn: from the beginning of the call, from the end of what
 * the caller said or pressed, and from a sentence that broke off, to the next sound; and in the middle of what it says, from one sentence to the next. While
 * the bot waits for the caller, it may be silent.
 */
export function longestSilence(
    pieces: readonly HeardPiece[],
    acts: readonly CallerAct[],
    endMs: number,
): { ms: number; atMs: number } {
    const turns = acts.filter(({ isTurn }) => isTurn);
    const silentFrom = (fromMs: number, others: readonly CallerAct[] = turns): { ms: number; atMs: number } => {
        const nextTurnMs = others.find(({ atMs }) => atMs >= fromMs)?.atMs ?? endMs;
        const next = pieces.find(({ toMs }) => toMs > fromMs);
        const toMs = Math.min(Math.max(next?.fromMs ?? endMs, fromMs), Math.max(nextTurnMs, fromMs));
        return { ms: toMs - fromMs, atMs: fromMs };
    };
    const isTheirTurn = ({ fromMs, toMs }: HeardPiece): boolean =>
        turns.some((turn) => turn.toMs >= fromMs && turn.atMs <= toMs + STOP_MS);
    const brokenOff = pieces.filter((piece) => !piece.isWhole && !isTheirTurn(piece));
    const pauses = pieces
        .filter(({ isWhole, toMs }) => isWhole && !turns.some((turn) => turn.atMs <= toMs && turn.toMs > toMs))
        .map(({ toMs }) => silentFrom(toMs))
        .filter(
            ({ ms, atMs }) => ms <= PAUSE_MS && atMs + ms < endMs && !turns.some((turn) => turn.atMs === atMs + ms),
        );
    // Keys take no time: the turn that has just ended is not the one that ends the silence.
    const waits = turns.map(({ toMs }, at) => silentFrom(toMs, turns.slice(at + 1)));
    const breaks = [0, ...brokenOff.map(({ toMs }) => toMs)].map((fromMs) => silentFrom(fromMs));
    return [...breaks, ...waits, ...pauses].reduce((longest, each) => (each.ms > longest.ms ? each : longest), {
        ms: 0,
        atMs: 0,
    });
}
