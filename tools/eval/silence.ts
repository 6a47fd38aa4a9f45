import type { CallerAct, HeardPiece } from './ear';

/** A longer pause behind a sentence with all its words is the caller's, ms: the bot has finished. */
const PAUSE_MS = 4000;
/** What stopped a sentence may be heard so much later than its last sound, ms. */
const STOP_MS = 100;

/**
 * The longest time in which nothing was heard of the bot although it was its turn: from the beginning of the call, from the end of what
 * the caller said, and from a sentence that broke off, to the next sound; and in the middle of what it says, from one sentence to the next. While
 * the bot waits for the caller, it may be silent.
 */
export function longestSilence(
    pieces: readonly HeardPiece[],
    acts: readonly CallerAct[],
    endMs: number,
): { ms: number; atMs: number } {
    const turns = acts.filter(({ isTurn }) => isTurn);
    const silentFrom = (fromMs: number): { ms: number; atMs: number } => {
        const nextTurnMs = turns.find(({ atMs }) => atMs >= fromMs)?.atMs ?? endMs;
        const next = pieces.find(({ toMs }) => toMs > fromMs);
        const toMs = Math.min(Math.max(next?.fromMs ?? endMs, fromMs), Math.max(nextTurnMs, fromMs));
        return { ms: toMs - fromMs, atMs: fromMs };
    };
    const isTheirTurn = ({ fromMs, toMs }: HeardPiece): boolean =>
        turns.some((turn) => turn.toMs >= fromMs && turn.atMs <= toMs + STOP_MS);
    const brokenOff = pieces.filter((piece) => !piece.isWhole && !isTheirTurn(piece));
    const pauses = pieces
        .filter(({ isWhole }) => isWhole)
        .map(({ toMs }) => silentFrom(toMs))
        .filter(
            ({ ms, atMs }) => ms <= PAUSE_MS && atMs + ms < endMs && !turns.some((turn) => turn.atMs === atMs + ms),
        );
    const waits = [0, ...turns.map(({ toMs }) => toMs), ...brokenOff.map(({ toMs }) => toMs)].map(silentFrom);
    return [...waits, ...pauses].reduce((longest, each) => (each.ms > longest.ms ? each : longest), {
        ms: 0,
        atMs: 0,
    });
}
