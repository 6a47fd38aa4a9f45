import { MAX_OUTPUT_TOTAL_CHARS, RESERVED_OUTPUT_NAMES, type OutputVariable } from './variable-schema';
import { bareRecord, cutAt } from './variable-values';

/**
 * The output variables of one call that its bot sets: only those that the profile declares, as text, bounded one by one and
 * together (protocol sheet, sections 6.6 and 6.7). Those of the call itself (`end_reason` …) are the session's to add.
 */
export class OutputVariables {
    private readonly values = new Map<string, string>();
    private totalChars = 0;

    constructor(
        private readonly declared: Readonly<Record<string, OutputVariable>>,
        /** What a name may hold that is not declared; undefined: none may be set. */
        private readonly others?: OutputVariable,
    ) {}

    /**
     * Sets one, or sets it anew. Numbers and booleans become text.
     *
     * @returns what is wrong, as a sentence for the model; undefined: it is set
     */
    set(name: string, value: unknown): string | undefined {
        const variable = this.variableFor(name);
        if (variable === undefined) return `There is no variable ${named(name)}. ${this.choices()}`;
        const text = asText(value);
        if (text === undefined) return `The value of ${name} must be text, a number, true or false.`;
        if (text.length > variable.maxLength)
            return `The value of ${name} is too long: ${variable.maxLength} characters at most.`;
        const totalChars = this.totalChars - this.charsOf(name) + name.length + text.length;
        if (totalChars > MAX_OUTPUT_TOTAL_CHARS) return `The variables of this call are full; make ${name} shorter.`;
        this.values.set(name, text);
        this.totalChars = totalChars;
        return undefined;
    }

    get(name: string): string | undefined {
        return this.values.get(name);
    }

    /** What is set, for `disconnect`: an object without a prototype. */
    entries(): Record<string, string> {
        return bareRecord(this.values);
    }

    /** What the call itself sets is nobody else's, declared or not. */
    private variableFor(name: string): OutputVariable | undefined {
        if (Object.hasOwn(this.declared, name)) return this.declared[name];
        return RESERVED_OUTPUT_NAMES.has(name) ? undefined : this.others;
    }

    private charsOf(name: string): number {
        const value = this.values.get(name);
        return value === undefined ? 0 : name.length + value.length;
    }

    private choices(): string {
        const names = Object.keys(this.declared);
        return names.length === 0 ? 'None can be set.' : `Right is one of: ${names.join(', ')}.`;
    }
}

/** What JSON can hold, as text without characters that no log and no screen can bear. */
function asText(value: unknown): string | undefined {
    if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
    if (typeof value === 'boolean') return String(value);
    return typeof value === 'string' ? value.replace(UNPRINTABLE, '').trim() : undefined;
}

/** A name that the model made up may be anything. */
function named(name: string): string {
    return JSON.stringify(cutAt(name, 64));
}

/** Controls except line breaks and tabs, and lone surrogates, which are no UTF-8. */
const UNPRINTABLE = /[\p{Cs}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/gu;
