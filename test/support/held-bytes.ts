/** Bytes of all typed arrays that can be reached from `value`, without those of the objects that are `shared`. */
export function heldBytes(value: unknown, shared: readonly unknown[] = []): number {
    return bytesOf(value, new Set(shared));
}

function bytesOf(value: unknown, seen: Set<unknown>): number {
    if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
    seen.add(value);
    if (ArrayBuffer.isView(value)) return value.buffer.byteLength;
    return Object.values(value).reduce<number>((total, part) => total + bytesOf(part, seen), 0);
}
