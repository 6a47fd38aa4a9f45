import fc from 'fast-check';

const SURROGATES_FROM = 0xd800;
const SURROGATE_COUNT = 0x800;
const HIGHEST = 0x10ffff;

/** As `unit: 'binary'` of fast-check, which first makes a table of all of them: a second for each suite. */
const codePoint = fc.integer({ min: 0, max: HIGHEST - SURROGATE_COUNT }).map(
    (index) => String.fromCodePoint(index < SURROGATES_FROM ? index : index + SURROGATE_COUNT),
    (text) => indexOf(text),
);

function indexOf(text: unknown): number {
    const code = typeof text === 'string' ? text.codePointAt(0) : undefined;
    if (code === undefined || text !== String.fromCodePoint(code)) throw new Error('not one code point');
    return code < SURROGATES_FROM ? code : code - SURROGATE_COUNT;
}

/** Text of any code points but lone surrogates, names that are dangerous in JavaScript among it. */
export function anyText(maxLength?: number): fc.Arbitrary<string> {
    return fc.string({ unit: codePoint, ...(maxLength !== undefined && { maxLength }) });
}
