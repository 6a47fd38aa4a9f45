import type { CallerAct, HeardPiece } from './ear';

/**
 * The longest time in which nothing was heard of the bot although it was its turn: from the beginning of the call, or from the end of what
 * the caller said, to the first sound; and in the middle of what it says, from one sentence to the next. While the bot waits for the
 * caller, it may be silent.
 */
export function longestSilence(
    pieces: readonly HeardPiece[],
    acts: readonly CallerAct[],
    endMs: number,
): { ms: number; atMs: number } {
    const begins = [0, ...acts.filter(({ isTurn }) => isTurn).map(({ toMs }) => toMs)];
    const waits = begins.map((fromMs, index) => {
        const untilMs = acts.filter(({ isTurn }) => isTurn)[index]?.atMs ?? endMs;
        const first = pieces.find((piece) => piece.toMs > fromMs);
        const toMs = Math.min(
            first === undefined ? untilMs : Math.max(first.fromMs, fromMs),
            Math.max(untilMs, fromMs),
        );
        return { ms: toMs - fromMs, atMs: fromMs };
    });
    return waits.reduce((longest, each) => (each.ms > longest.ms ? each : longest), { ms: 0, atMs: 0 });
}
