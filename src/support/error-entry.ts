/** Who can fix it: the operator of this server, the client (Genesys), OpenAI, the network, or this server's authors. */
export type Fault = 'operator' | 'client' | 'openai' | 'network' | 'server';

export interface ErrorDescription {
    whose: Fault;
    /** What happened. */
    cause: string;
    /** What to do next. */
    cure: string;
}

/** One row of the catalogue. */
export function entry(whose: Fault, cause: string, cure: string): ErrorDescription {
    return { whose, cause, cure };
}
