import { NO_SUCH_VALUE, NOTHING_PICKED, VARIABLE_NOT_SET } from '../../src/services/functions/service-response';
import type { ToolSpec } from '../../src/services/profiles/tool-schema';
import type { LogKeeper } from './log-keeper';
import type { FunctionCalled } from './result';

type LogLine = LogKeeper['lines'][number];

/**
 * Why output variables have no value, as far as the calls of functions tell: by the name of the variable, sentences without a full stop. Holds all
 * variables that a function of `tools` sets from a response, those that have a value included.
 */
export function whyUnset(
    tools: readonly ToolSpec[],
    called: readonly FunctionCalled[],
    lines: readonly LogLine[],
): ReadonlyMap<string, string> {
    const reasons = new Map<string, string[]>();
    const missed = pickedNothing(lines);
    for (const tool of tools) {
        if (tool.kind === 'set_variable')
            for (const variable of tool.variables) add(reasons, variable, bySetVariable(variable, called), ...missed);
        if (tool.kind !== 'http' && tool.kind !== 'data_action') continue;
        for (const [variable, path] of Object.entries(tool.setVariables ?? {}))
            add(reasons, variable, fromResponse(tool.name, variable, path, called, lines));
    }
    return new Map([...reasons].map(([variable, each]) => [variable, each.join('; ')]));
}

function add(reasons: Map<string, string[]>, variable: string, ...more: string[]): void {
    reasons.set(variable, [...(reasons.get(variable) ?? []), ...more]);
}

function bySetVariable(variable: string, called: readonly FunctionCalled[]): string {
    const own = called.filter(
        ({ name, arguments: args }) =>
            name === 'set_variable' &&
            typeof args === 'object' &&
            args !== null &&
            Reflect.get(args, 'name') === variable,
    );
    const last = own.at(-1);
    if (last === undefined) return 'set_variable was not called for it';
    return last.outcome === 'ok' ? 'set_variable set it' : `set_variable was called, and was ${last.outcome}`;
}

function fromResponse(
    name: string,
    variable: string,
    path: string,
    called: readonly FunctionCalled[],
    lines: readonly LogLine[],
): string {
    const last = called.findLast((each) => each.name === name);
    if (last === undefined) return `function ${name} was not called`;
    if (last.outcome !== 'ok') return `function ${name} was called, and ended with ${last.outcome}`;
    const line = lines.findLast(
        ({ message, fields }) =>
            message === VARIABLE_NOT_SET && fields['tool'] === name && fields['variable'] === variable,
    );
    const problem = line?.fields['problem'];
    if (problem === NO_SUCH_VALUE)
        return `function ${name} answered, but its path \`${path}\` found nothing in the answer that is text, a number, true or false`;
    if (typeof problem !== 'string') return `function ${name} answered`;
    return `function ${name} answered, but the value at \`${path}\` was not taken: ${problem.replace(/\.$/, '')}`;
}

/** What `pick` of a function did not find in an answer that was mapped, each in a sentence. A value that is there and null is found. */
export function emptyPicks(lines: readonly LogLine[]): string[] {
    const said = lines
        .filter(({ message }) => message === NOTHING_PICKED)
        .map(
            ({ fields }) =>
                `function ${String(fields['tool'])} answered, but its \`pick\` path \`${String(fields['path'])}\` found nothing: put \`null\` there if that is meant`,
        );
    return [...new Set(said)];
}

/** What the model was not told because the response has it not: it may be why the model set nothing. */
function pickedNothing(lines: readonly LogLine[]): string[] {
    const said = lines
        .filter(({ message }) => message === NOTHING_PICKED)
        .map(({ fields }) => `\`pick\` of ${String(fields['tool'])} found nothing at \`${String(fields['path'])}\``);
    return [...new Set(said)];
}
