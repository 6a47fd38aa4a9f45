/**
 * The inner loops of the resampler, in AssemblyScript: eight outputs at a time with SIMD. `npm run resampler` compiles this file
 * into src/audio/fir-program.ts. What the filter is, and where its taps come from, is in src/audio/resampler.ts; only sums are made here.
 *
 * The memory is fixed, in this order: samples (16 bits), window (32-bit floats), output (16 bits), taps (32-bit floats), text. Each output is
 * summed in the same order of taps, wherever it lies in its block: cutting the audio otherwise changes no bit.
 */

/** Low-rate samples under the filter, and before its centre. */
const SPAN: i32 = 28;
const REACH: i32 = 14;
const MAX_RATIO: i32 = 6;
/** Most low-rate samples of one call, as src/audio/fir.ts has it. */
const MAX_BLOCK: i32 = 2048;
/** Outputs are made in groups of eight: the last group may reach beyond the block. */
const SPARE: i32 = 16;

const SAMPLES: usize = 1024;
const SAMPLES_BYTES: usize = (SPAN * MAX_RATIO + MAX_BLOCK * MAX_RATIO + SPARE) * 2;
const WINDOW: usize = SAMPLES + SAMPLES_BYTES;
const PHASE_BYTES: usize = (SPAN + MAX_BLOCK + SPARE) * 4;
const OUTPUT: usize = WINDOW + PHASE_BYTES * MAX_RATIO;
const OUTPUT_BYTES: usize = (MAX_BLOCK + SPARE) * MAX_RATIO * 2;
const TAPS: usize = OUTPUT + OUTPUT_BYTES;
const TAPS_BYTES: usize = SPAN * MAX_RATIO * 4;
const TEXT: usize = TAPS + TAPS_BYTES;

export function samplesAt(): usize {
    return SAMPLES;
}

export function outputAt(): usize {
    return OUTPUT;
}

export function tapsAt(): usize {
    return TAPS;
}

export function textAt(): usize {
    return TEXT;
}

/**
 * To `ratio` times the rate: `count` × `ratio` outputs. At the samples lie 27 old ones and `count` new ones; the taps are the branches
 * 1 … ⌊ratio / 2⌋, 28 each, oldest sample first. Branch ratio − p is branch p reversed, and branch 0 passes a sample on.
 */
export function up(count: i32, ratio: i32): void {
    const total = SPAN - 1 + count;
    for (let i = 0; i < total; i += 8) {
        const eight = v128.load(SAMPLES + (i << 1));
        v128.store(WINDOW + (i << 2), f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight)));
        v128.store(WINDOW + (i << 2) + 16, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight)));
    }
    const step = (<usize>ratio) << 1;
    let passed = OUTPUT;
    for (let i = 0; i < count; i++) {
        store<i16>(passed, load<i16>(SAMPLES + ((i + REACH - 1) << 1)));
        passed += step;
    }
    for (let p = 1; p << 1 <= ratio; p++) mirroredBranches(count, ratio, p);
}

/** The branches p and ratio − p. */
function mirroredBranches(count: i32, ratio: i32, p: i32): void {
    const firstTap = TAPS + (((p - 1) * SPAN) << 2);
    const step = (<usize>ratio) << 1;
    const mirror = (<usize>(ratio - p - p)) << 1;
    for (let i = 0; i < count; i += 8) {
        let a0 = f32x4.splat(0);
        let a1 = f32x4.splat(0);
        let b0 = f32x4.splat(0);
        let b1 = f32x4.splat(0);
        let window = WINDOW + (i << 2);
        let tap = firstTap;
        let mirrored = firstTap + ((SPAN - 1) << 2);
        for (let k = 0; k < SPAN; k++) {
            const a = v128.load_splat<f32>(tap);
            const b = v128.load_splat<f32>(mirrored);
            const first = v128.load(window);
            const second = v128.load(window, 16);
            a0 = f32x4.add(a0, f32x4.mul(a, first));
            a1 = f32x4.add(a1, f32x4.mul(a, second));
            b0 = f32x4.add(b0, f32x4.mul(b, first));
            b1 = f32x4.add(b1, f32x4.mul(b, second));
            window += 4;
            tap += 4;
            mirrored -= 4;
        }
        const a = rounded(a0, a1);
        const b = rounded(b0, b1);
        let at = OUTPUT + ((<usize>(i * ratio + p)) << 1);
        v128.store_lane<i16>(at, a, 0);
        v128.store_lane<i16>(at + mirror, b, 0);
        at += step;
        v128.store_lane<i16>(at, a, 1);
        v128.store_lane<i16>(at + mirror, b, 1);
        at += step;
        v128.store_lane<i16>(at, a, 2);
        v128.store_lane<i16>(at + mirror, b, 2);
        at += step;
        v128.store_lane<i16>(at, a, 3);
        v128.store_lane<i16>(at + mirror, b, 3);
        at += step;
        v128.store_lane<i16>(at, a, 4);
        v128.store_lane<i16>(at + mirror, b, 4);
        at += step;
        v128.store_lane<i16>(at, a, 5);
        v128.store_lane<i16>(at + mirror, b, 5);
        at += step;
        v128.store_lane<i16>(at, a, 6);
        v128.store_lane<i16>(at + mirror, b, 6);
        at += step;
        v128.store_lane<i16>(at, a, 7);
        v128.store_lane<i16>(at + mirror, b, 7);
    }
}

/**
 * To a rate lower by `ratio`: `count` outputs. At the samples lie those of the higher rate, from the oldest one under the first output on.
 * Sorted by phase, they are neighbours for each tap. The taps are 28 for each of the first ratio − 1 phases, then the one of the
 * centre: the other taps of the last phase are zero.
 */
export function down(count: i32, ratio: i32): void {
    sortByPhase(count, ratio);
    const centre = WINDOW + <usize>(ratio - 1) * PHASE_BYTES + ((REACH - 1) << 2);
    const centreTap = v128.load_splat<f32>(TAPS + (((ratio - 1) * SPAN) << 2));
    for (let i = 0; i < count; i += 8) {
        let a0 = f32x4.mul(centreTap, v128.load(centre + (i << 2)));
        let a1 = f32x4.mul(centreTap, v128.load(centre + (i << 2), 16));
        let b0 = f32x4.splat(0);
        let b1 = f32x4.splat(0);
        let tap = TAPS;
        for (let phase = 0; phase < ratio - 1; phase++) {
            let window = WINDOW + <usize>phase * PHASE_BYTES + (i << 2);
            for (let k = 0; k < SPAN; k += 2) {
                const even = v128.load_splat<f32>(tap);
                const odd = v128.load_splat<f32>(tap, 4);
                a0 = f32x4.add(a0, f32x4.mul(even, v128.load(window)));
                a1 = f32x4.add(a1, f32x4.mul(even, v128.load(window, 16)));
                b0 = f32x4.add(b0, f32x4.mul(odd, v128.load(window, 4)));
                b1 = f32x4.add(b1, f32x4.mul(odd, v128.load(window, 20)));
                window += 8;
                tap += 8;
            }
        }
        v128.store(OUTPUT + (i << 1), rounded(f32x4.add(a0, b0), f32x4.add(a1, b1)));
    }
}

function sortByPhase(count: i32, ratio: i32): void {
    const length = count + SPAN;
    const step = (<usize>ratio) << 1;
    for (let phase = 0; phase < ratio; phase++) {
        let from = SAMPLES + (phase << 1);
        let to = WINDOW + <usize>phase * PHASE_BYTES;
        for (let i = 0; i < length; i++) {
            store<f32>(to, <f32>load<i16>(from));
            from += step;
            to += 4;
        }
    }
}

/** Eight sums as 16-bit samples: rounded, half upwards, and held at full scale. */
function rounded(a: v128, b: v128): v128 {
    const half = f32x4.splat(0.5);
    return i16x8.narrow_i32x4_s(
        i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.add(a, half))),
        i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.add(b, half))),
    );
}

/**
 * Writes the first `count` bytes at the output as base64 (RFC 4648) to the text, from its byte `at` on: twelve bytes at a time. Each group of
 * three bytes is spread over four, six bits each; a letter then is its six bits plus what its range lies above them.
 *
 * @returns the number of letters, the padding included
 */
export function base64(count: i32, at: i32): i32 {
    let from = OUTPUT;
    let to = TEXT + <usize>at;
    const end = OUTPUT + <usize>count;
    const spread = i8x16(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    // By range: 0 is a … z, 1 to 10 are the digits, 11 is +, 12 is /, 13 is A … Z.
    const above = i8x16(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
    while (from + 12 <= end) {
        const four = i8x16.swizzle(v128.load(from), spread);
        const bits = v128.or(
            v128.or(
                v128.and(i32x4.shr_u(four, 10), i32x4.splat(0x3f)),
                v128.and(i32x4.shl(four, 4), i32x4.splat(0x3f00)),
            ),
            v128.or(
                v128.and(i32x4.shr_u(four, 6), i32x4.splat(0x3f0000)),
                v128.and(i32x4.shl(four, 8), i32x4.splat(0x3f000000)),
            ),
        );
        const isCapital = i8x16.lt_s(bits, i8x16.splat(26));
        const range = v128.or(i8x16.sub_sat_u(bits, i8x16.splat(51)), v128.and(isCapital, i8x16.splat(13)));
        v128.store(to, i8x16.add(bits, i8x16.swizzle(above, range)));
        from += 12;
        to += 16;
    }
    while (from < end) {
        const left = <i32>(end - from);
        const a = <u32>load<u8>(from);
        const b = left > 1 ? <u32>load<u8>(from, 1) : 0;
        const c = left > 2 ? <u32>load<u8>(from, 2) : 0;
        store<u8>(to, letter(a >> 2));
        store<u8>(to, letter(((a & 3) << 4) | (b >> 4)), 1);
        store<u8>(to, left > 1 ? letter(((b & 15) << 2) | (c >> 6)) : PADDING, 2);
        store<u8>(to, left > 2 ? letter(c & 63) : PADDING, 3);
        from += 3;
        to += 4;
    }
    return <i32>(to - TEXT) - at;
}

const PADDING: u32 = 0x3d;

function letter(bits: u32): u32 {
    if (bits < 26) return bits + 65;
    if (bits < 52) return bits + 71;
    if (bits < 62) return bits - 4;
    return bits === 62 ? 0x2b : 0x2f;
}
