/** Whose fault it is: the one who can mend it. */
export type Fault = 'operator' | 'client' | 'openai' | 'network' | 'ours';

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
