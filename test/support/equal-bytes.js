/**
 * `toEqual` looks at each byte of two buffers as a property of its own, which takes seconds for a minute of audio. Where the
 * bytes are the same, that is known at once; where not, Jest looks for itself and says what differs.
 */
function haveEqualBytes(a, b) {
    if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return undefined;
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return undefined;
    return bytesOf(a).equals(bytesOf(b)) ? true : undefined;
}

function bytesOf({ buffer, byteOffset, byteLength }) {
    return Buffer.from(buffer, byteOffset, byteLength);
}

expect.addEqualityTesters([haveEqualBytes]);
