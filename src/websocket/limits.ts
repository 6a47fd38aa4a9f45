/** The limits of the network side: what a stranger may cost before he has proven who he is, and a call afterwards. */
export interface ServerLimits {
    /** Whole header of a request, in bytes; more is answered 431. */
    readonly maxHeaderBytes: number;
    readonly maxHeaderCount: number;
    /** From the first byte of a request to the end of its header. */
    readonly headersTimeoutMs: number;
    /** From the first byte of a request to its last. */
    readonly requestTimeoutMs: number;
    /** A connection on which nothing happens, not even a first byte. */
    readonly idleTimeoutMs: number;
    /** How often the time limits of requests are looked at. */
    readonly checkIntervalMs: number;
    /** How long a refused peer may take to read his answer. */
    readonly lingerMs: number;
    /** Upgrade requests that wait to be authenticated; further ones are answered 503. */
    readonly maxPendingUpgrades: number;
    /** Longest WebSocket message, in bytes. Genesys sends 64,000 at most (protocol sheet, section 6.7). */
    readonly maxMessageBytes: number;
    /** Frames that one message may be cut into. */
    readonly maxFragments: number;
    /** Pieces off the network that may wait for the rest of their frame. */
    readonly maxBufferedChunks: number;
    /** First TCP keep-alive probe, so that a vanished peer is noticed. */
    readonly keepAliveDelayMs: number;
}

export const SERVER_LIMITS: ServerLimits = {
    maxHeaderBytes: 16_384,
    maxHeaderCount: 100,
    headersTimeoutMs: 8000,
    requestTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
    checkIntervalMs: 1000,
    lingerMs: 3000,
    maxPendingUpgrades: 1000,
    maxMessageBytes: 65_536,
    maxFragments: 64,
    maxBufferedChunks: 4096,
    keepAliveDelayMs: 15_000,
};
