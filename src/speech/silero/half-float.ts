/** IEEE 754 half floats (binary16): one sign bit, five of exponent, ten of fraction. */

/** The number that 16 bits stand for. */
export function fromHalf(bits: number): number {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The 16 bits nearest to a number, ties to even. Throws RangeError above 65,504, where a half float ends. */
export function toHalf(value: number): number {
    const magnitude = Math.abs(value);
    if (!(magnitude < 65_520)) throw new RangeError(`${value} does not fit into a half float.`);
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
    const steps = roundToEven(magnitude / 2 ** (exponent - 10));
    // A fraction that rounds up to a whole carries into the exponent by itself.
    return sign + steps + (exponent + 14) * 1024;
}

function roundToEven(value: number): number {
    const floor = Math.floor(value);
    const rest = value - floor;
    if (rest === 0.5) return floor + (floor % 2);
    return rest > 0.5 ? floor + 1 : floor;
}
