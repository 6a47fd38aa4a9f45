import type { CallDocument } from './document';

/** What a list of calls shows of one. */
export interface StoredCall {
    readonly sessionId: string;
    readonly conversationId: string;
    /** ISO 8601, UTC. */
    readonly startedAt: string;
    readonly durationMs: number;
    readonly bot: string;
    readonly endReason: string;
    readonly worstTurnMs: number | undefined;
    /** Names of the fallback options that answered, with commas; empty: none took over. */
    readonly fallbackUsed: string;
    readonly costUsd: number | undefined;
    /** Warnings and errors. */
    readonly faults: number;
    readonly turns: number;
    readonly hasRecording: boolean;
    readonly hasFlight: boolean;
}

/** Which calls are wanted. All that is given must hold. */
export interface CallQuery {
    /** The beginning of a conversation id or of a session id. */
    readonly id?: string;
    readonly bot?: string;
    readonly endReason?: string;
    readonly withFallback?: boolean;
    readonly withFaults?: boolean;
    readonly minWorstTurnMs?: number;
    readonly minCostUsd?: number;
    /** ISO 8601: begun at or after, and before. */
    readonly from?: string;
    readonly until?: string;
    readonly sort?: 'newest' | 'worst' | 'costliest';
    /** 1 … 500. */
    readonly limit: number;
    readonly offset?: number;
}

export interface CallPage {
    readonly calls: readonly StoredCall[];
    /** All that match. */
    readonly total: number;
}

/** Reads what is stored of calls. Every method rejects with a coded error (`ERR_CALL_STORE…`) when the store cannot be read. */
export interface CallReader {
    list(query: CallQuery): Promise<CallPage>;
    /** By session id, or the newest of a conversation id. undefined: there is none. */
    get(id: string): Promise<CallDocument | undefined>;
    /** Bytes of a file beside the record; undefined: there is none. */
    file(sessionId: string, name: string): Promise<Uint8Array | undefined>;
    close(): Promise<void>;
}

/** Keeps the documents of calls that are over. Rejects with a coded error when it cannot. */
export interface CallStore extends CallReader {
    put(document: CallDocument): Promise<void>;
    /** A file beside the record, from a file of this machine, which is moved or copied and then removed. */
    putFile(sessionId: string, name: string, path: string): Promise<void>;
    /** Removes what is older or larger than the limits. @returns how many calls were removed */
    tidy(): Promise<number>;
}
