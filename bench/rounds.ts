/** One response of the script. */
export interface Round {
    /** Its items, one after the other, ms each. */
    itemsMs: readonly number[];
    /** When the caller interrupts, ms after its first sound was played; undefined: it is heard out. */
    interruptAtMs: number | undefined;
}

/** A quarter of the responses is heard out; half of them has two items. */
const HEARD_OUT_SHARE = 0.25;
const TWO_ITEMS_SHARE = 0.5;

/**
 * Draws a response and the moment of its interruption: at its very beginning, while it is still being made, in what is left to
 * be heard after `response.done`, or near its end.
 *
 * @param random numbers in [0, 1)
 * @param speed times real time at which the response is delivered
 */
export function planRound(random: () => number, speed: number): Round {
    const between = (fromMs: number, toMs: number): number => Math.round(fromMs + (toMs - fromMs) * random());
    if (random() < HEARD_OUT_SHARE) return { itemsMs: cut(between(600, 2500), random), interruptAtMs: undefined };
    const kind = Math.floor(random() * 4);
    if (kind === 0) return { itemsMs: cut(between(1500, 6000), random), interruptAtMs: between(5, 300) };
    const wholeMs = kind === 3 ? between(700, 2500) : between(2500, 7000);
    const madeMs = wholeMs / speed;
    const latestMs = Math.min(wholeMs - 400, madeMs + 2500);
    if (kind === 1) return { itemsMs: cut(wholeMs, random), interruptAtMs: between(10, madeMs) };
    if (kind === 2) return { itemsMs: cut(wholeMs, random), interruptAtMs: between(madeMs, latestMs) };
    return { itemsMs: cut(wholeMs, random), interruptAtMs: wholeMs - between(30, 400) };
}

function cut(wholeMs: number, random: () => number): number[] {
    if (random() >= TWO_ITEMS_SHARE) return [wholeMs];
    const firstMs = Math.round(wholeMs * (0.2 + 0.6 * random()));
    return [firstMs, wholeMs - firstMs];
}
