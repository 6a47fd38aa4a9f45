import type { DialogScript } from './dialog-script';
import type { ToolSpec } from './tool-schema';
import type { InputVariable, OutputVariable } from './variable-schema';

/** What is wrong, and where in the profile. */
export interface RuleBreach {
    readonly path: (string | number)[];
    readonly message: string;
}

/** A dialog before it gets the name of its bot. */
export type UnnamedDialog = Omit<DialogScript, 'name'>;

/** What the rules look at. */
export interface RuleSubject {
    readonly instructions?: string | { readonly file: string } | undefined;
    readonly greeting?: string | undefined;
    readonly inputVariables: Readonly<Record<string, InputVariable>>;
    readonly outputVariables: Readonly<Record<string, OutputVariable>>;
    readonly tools: readonly ToolSpec[];
    readonly dialog?: UnnamedDialog | undefined;
}

/** One breach for each sentence, all at the same place. */
export function breachesAt(path: (string | number)[], messages: readonly string[]): RuleBreach[] {
    return messages.map((message) => ({ path, message }));
}
