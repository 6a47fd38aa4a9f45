/** What the page's server gave, or a sentence that says why it gave nothing. */
export type Reading<Value> = { ok: true; value: Value } | { ok: false; why: string };

/** Reads JSON from this page's server. A visitor who is not let in any more sees the form. Never rejects. */
export async function readJson<Value>(path: string): Promise<Reading<Value>> {
    try {
        const response = await fetch(path, { headers: { Accept: 'application/json' } });
        if (response.status === 401) location.reload();
        const value: unknown = await response.json();
        if (response.ok) return { ok: true, value: value as Value };
        return { ok: false, why: complaintOf(value) };
    } catch {
        return { ok: false, why: 'The page’s server does not answer. `npm run calls -- --serve` starts it.' };
    }
}

/** Reads a file from this page's server; undefined: there is none. Never rejects. */
export async function readBytes(path: string): Promise<Uint8Array | undefined> {
    try {
        const response = await fetch(path);
        return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
    } catch {
        return undefined;
    }
}

function complaintOf(value: unknown): string {
    const { code, message, cure } = (typeof value === 'object' && value !== null ? value : {}) as Record<
        string,
        unknown
    >;
    return [code, message, cure].filter((part): part is string => typeof part === 'string' && part !== '').join(' · ');
}
