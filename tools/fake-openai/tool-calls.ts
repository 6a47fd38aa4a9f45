import type { FunctionCall, ResponseRequest, ScriptedResponse } from './responses';

/**
 * A function call as the command line names it: `NAME={"order":"A1"}`; NAME alone has no arguments.
 *
 * @throws Error with a sentence for the user
 */
export function readToolCall(text: string): FunctionCall {
    const cut = text.indexOf('=');
    const name = cut < 0 ? text : text.slice(0, cut);
    if (!/^[\w-]{1,64}$/.test(name))
        throw new Error(`--call-tool takes NAME or NAME='{"argument":"value"}'; "${text}" is neither.`);
    return { name, arguments: cut < 0 ? {} : readArguments(name, text.slice(cut + 1)) };
}

/** Each session makes these calls in this order, one with each turn of the caller; after that it answers as ever. */
export function callsWithTurns(
    calls: readonly FunctionCall[],
): (request: ResponseRequest) => ScriptedResponse | undefined {
    const made = new Map<number, number>();
    return ({ trigger, sessionIndex }) => {
        const count = made.get(sessionIndex) ?? 0;
        const call = calls[count];
        if (trigger !== 'turn' || call === undefined) return undefined;
        made.set(sessionIndex, count + 1);
        return { functionCalls: [call] };
    };
}

function readArguments(name: string, text: string): object {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch (fault) {
        throw new Error(
            `The arguments of ${name} are no JSON: ${fault instanceof Error ? fault.message : String(fault)}. In a shell they stand in single quotes: --call-tool ${name}='{"argument":"value"}'`,
        );
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    throw new Error(`The arguments of ${name} are no JSON object.`);
}
