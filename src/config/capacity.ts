/** How many calls a core carries, and how many are accepted at a time when MAX_SESSIONS is not set. docs/CAPACITY.md has the same table. */

/** What answers a call: OpenAI's model, by the format of its audio, or the local bot. */
export type CallKind = 'pcmu' | 'pcm16' | 'local';

export interface Capacity {
    /** Calls at a time that one core carries while what a caller says reaches the model within 50 ms (p99). */
    readonly callsPerCore: number;
    /** Time of one core that the beginning of a call takes, in ms. */
    readonly setUpMs: number;
}

export const CAPACITY: Readonly<Record<CallKind, Capacity>> = {
    pcmu: { callsPerCore: 700, setUpMs: 5 },
    pcm16: { callsPerCore: 550, setUpMs: 10 },
    local: { callsPerCore: 50, setUpMs: 10 },
};

/** The kind of most calls. `openai` undefined: there is no key. */
export function callKind(openai: { readonly audioFormat: 'pcmu' | 'pcm16' } | undefined): CallKind {
    return openai?.audioFormat ?? 'local';
}

/** @param coreShare the part of a core that this process may use, above 0 and at most 1: it works on one core */
export function maxCalls(kind: CallKind, coreShare: number): number {
    return Math.max(1, Math.floor(CAPACITY[kind].callsPerCore * coreShare));
}
