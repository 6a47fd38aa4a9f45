/** Which voices are heard. */
export type Played = 'both' | 'caller' | 'bot';

/** How much of a voice is on its own side and on the other one: apart, and yet not each in one ear alone. */
const OWN_SIDE = 0.75;
const OTHER_SIDE = 0.35;

/** Both voices as two channels, interleaved: the caller more on the left, the bot more on the right; one alone is in the middle. */
export function mixOf(caller: Int16Array, bot: Int16Array, played: Played): Int16Array {
    const stereo = new Int16Array(2 * Math.max(caller.length, bot.length));
    const [callerLeft, callerRight] = sides(played, 'caller');
    const [botRight, botLeft] = sides(played, 'bot');
    for (let i = 0; 2 * i < stereo.length; i++) {
        const [c, b] = [caller[i] ?? 0, bot[i] ?? 0];
        stereo[2 * i] = limit(c * callerLeft + b * botLeft);
        stereo[2 * i + 1] = limit(c * callerRight + b * botRight);
    }
    return stereo;
}

/** The share of a voice on its own side, and on the other one. */
function sides(played: Played, voice: 'caller' | 'bot'): readonly [number, number] {
    if (played === 'both') return [OWN_SIDE, OTHER_SIDE];
    return played === voice ? [1, 1] : [0, 0];
}

function limit(sample: number): number {
    return Math.max(-32_768, Math.min(32_767, Math.round(sample)));
}
