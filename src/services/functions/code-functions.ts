import { isFields } from '../../support/json';
import { TOOL_NAME_PATTERN } from '../profiles/fields';
import { BUILT_IN_TOOLS } from '../profiles/rules';
import { nestedQuantifierProblems } from '../profiles/tool-pattern';
import { schemaProblem } from '../profiles/tool-schema';

/**
 * What is wrong with functions that are registered in code, a sentence for each place: `.0 (lookup).parameters: …`. Compiles the
 * schema of every function, so that none is found wrong in the middle of a call.
 */
export function codeFunctionProblems(functions: readonly unknown[]): string[] {
    return functions.flatMap((each, at) => {
        const label = `.${at}${nameOf(each) === '' ? '' : ` (${nameOf(each)})`}`;
        return [...shapeProblems(each), ...nameTaken(each, functions.slice(0, at))].map((why) => `${label}${why}`);
    });
}

function shapeProblems(given: unknown): string[] {
    if (!isFields(given)) return [': must be an object'];
    const { description, limitMs, filler, run } = given;
    const isLimit = limitMs === undefined || (typeof limitMs === 'number' && limitMs > 0 && limitMs < Infinity);
    const isFiller = filler === undefined || filler === false || typeof filler === 'string';
    return [
        ...(TOOL_NAME_PATTERN.test(nameOf(given)) ? [] : [`.name: must be ${NAME_WORDS}`]),
        ...(typeof description === 'string'
            ? []
            : ['.description: must be text: when to use it, in words for the model']),
        ...parameterProblems(nameOf(given), given['parameters']).map((why) => `.parameters: ${why}`),
        ...(typeof run === 'function' ? [] : ['.run: must be a function (args, call, signal) => Promise']),
        ...(isLimit ? [] : ['.limitMs: must be a number of milliseconds above 0']),
        ...(isFiller ? [] : ['.filler: must be text, or false']),
    ];
}

const NAME_WORDS = '1 to 64 letters, digits, "_" and "-", a letter first';

function parameterProblems(tool: string, parameters: unknown): string[] {
    if (!isFields(parameters) || parameters['type'] !== 'object') return ['must be a JSON Schema of the type "object"'];
    const problem = schemaProblem(parameters);
    return problem === undefined ? nestedQuantifierProblems(tool, parameters) : [problem];
}

function nameTaken(given: unknown, before: readonly unknown[]): string[] {
    const name = nameOf(given);
    if (name === '') return [];
    if (BUILT_IN_TOOLS.has(name)) return ['.name: the server has a function of this name; rename it'];
    const first = before.findIndex((other) => nameOf(other) === name);
    return first < 0 ? [] : [`.name: functions.${first} has this name already; rename one of them`];
}

/** Empty: it has none. */
function nameOf(given: unknown): string {
    const name = isFields(given) ? given['name'] : undefined;
    return typeof name === 'string' ? name : '';
}
