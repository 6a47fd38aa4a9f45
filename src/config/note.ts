export interface VariableNote {
    /** What the variable does. */
    meaning: string;
    /** What a right value looks like; fits after "right is". */
    right: string;
    /** What holds when it is not set and the schema has no default to show. */
    otherwise?: string;
    /** Its value is never shown. */
    secret?: true;
}

/** A note in one line. `otherwise`: what holds when it is not set. */
export function note(meaning: string, right: string, otherwise?: string): VariableNote {
    return { meaning, right, ...(otherwise !== undefined && { otherwise }) };
}

/** What a switch may be. */
export const FLAG = '`true` or `false`';
