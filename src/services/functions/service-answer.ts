import { CodedError } from '../../support/errors';
import { isFields, textIn } from '../../support/json';
import type { ResponseSpec } from '../profiles/tool-schema';
import type { HttpAnswer } from './http-client';
import { pick, redact, valueAt, variableText } from './json-path';
import { frame } from './outside-data';
import type { CallContext, ToolResult } from './tool';

/** What is kept of an answer. */
export interface Mapping {
    response?: ResponseSpec | undefined;
    /** Output variable → place in the answer. */
    setVariables?: Readonly<Record<string, string>> | undefined;
}

/** A success as the model is told of it: redacted, mapped, bounded and framed; and the output variables that it sets. */
export function told(answer: HttpAnswer, call: CallContext, { response, setVariables = {} }: Mapping): ToolResult {
    const document = documentOf(answer);
    for (const [name, path] of Object.entries(setVariables)) {
        const text = variableText(valueAt(document, path));
        const problem = text === undefined ? 'The answer has no such value.' : call.setVariable(name, text);
        if (problem !== undefined) call.logger.warn({ variable: name, problem }, 'An output variable was not set.');
    }
    const clean = redact(document, response?.redact ?? []);
    const kept = response?.pick === undefined ? clean : pick(clean, response.pick);
    return { output: frame(kept, response?.maxChars) };
}

/** A status that is no success, in words for the model and one line for the log: nothing of the answer's text. */
export function statusFailure(status: number, host: string, call: CallContext): ToolResult {
    const fields = { code: 'ERR_TOOL_FAILED', host, status };
    call.logger.warn(fields, 'A web service answered a tool with a failure.');
    const redirect = status >= 300 && status < 400 ? ' It points elsewhere, where it is not asked.' : '';
    return { output: { error: `The service answered with status ${status}.${redirect}` }, failure: 'error' };
}

/** The service could not be asked, in words for the model and one line for the log. */
export function askFailure(fault: unknown, host: string, call: CallContext): ToolResult {
    const code = fault instanceof CodedError ? fault.code : 'ERR_TOOL_FAILED';
    call.logger.warn({ code, host, why: whyOf(fault) }, 'A web service could not be asked by a tool.');
    return { output: { error: explain(fault) }, failure: 'error' };
}

/** Was it a success? */
export function isSuccess({ status }: HttpAnswer): boolean {
    return status >= 200 && status < 300;
}

/** The system's name of the fault where there is one: its message is empty when several addresses failed. */
function whyOf(fault: unknown): string {
    if (fault instanceof CodedError) return fault.message;
    const code = isFields(fault) ? textIn(fault, 'code') : undefined;
    return code ?? (fault instanceof Error ? fault.message : 'unknown');
}

function explain(fault: unknown): string {
    if (!(fault instanceof CodedError)) return 'The service cannot be reached.';
    if (fault.code === 'ERR_TOOL_ADDRESS') return 'The address is not allowed.';
    return fault.code === 'ERR_TOOL_ANSWER'
        ? 'The answer of the service cannot be used.'
        : 'The service cannot be used.';
}

/** JSON where it is JSON, whatever the service calls it; text otherwise; null where there is nothing. */
function documentOf({ text }: HttpAnswer): unknown {
    if (text.trim() === '') return null;
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}
