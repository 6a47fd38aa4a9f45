/** What the tools that ask a service have in common: a web service, or a Data Action of Genesys. */
import { CodedError } from '../../support/errors';
import { isFields, textIn } from '../../support/json';
import type { HttpResponse } from './http/client';
import { isSuccess, toToolResult, type Mapping } from './service-response';
import type { CallContext, Tool, ToolResult } from './tool';

/** What a profile says of such a tool, as far as all of them have it. */
export interface ServiceToolSpec extends Mapping {
    readonly name: string;
    readonly description: string;
    readonly parameters: Tool['parameters'];
    readonly timeoutMs: number;
    readonly filler?: string | undefined;
}

/** The tool of a profile's entry. */
export function serviceTool(
    { name, description, parameters, timeoutMs, filler }: ServiceToolSpec,
    run: Tool['run'],
): Tool {
    return { name, description, parameters, limitMs: timeoutMs, ...(filler === undefined ? {} : { filler }), run };
}

/** One request to a service. */
export interface ServiceRequest {
    /** For the log. */
    host: string;
    /** After it is aborted the result is not read: `askService` then rejects with the signal's reason. */
    signal: AbortSignal;
    send: () => Promise<HttpResponse>;
}

/** Sends a request, and makes a result of the response, or of the failure; a failure is logged once, without any text of the response. */
export async function askService(
    { host, signal, send }: ServiceRequest,
    call: CallContext,
    mapping: Mapping,
): Promise<ToolResult> {
    try {
        const response = await send();
        return isSuccess(response) ? toToolResult(response, call, mapping) : statusFailure(response.status, host, call);
    } catch (fault) {
        signal.throwIfAborted();
        return askFailure(fault, host, call);
    }
}

function statusFailure(status: number, host: string, call: CallContext): ToolResult {
    const fields = { code: 'ERR_TOOL_FAILED', host, status };
    call.logger.warn(fields, 'A web service responded to a tool with a failure.');
    const redirect = status >= 300 && status < 400 ? ' It points elsewhere, where it is not asked.' : '';
    return { output: { error: `The service answered with status ${status}.${redirect}` }, failure: 'error' };
}

/** There was no response, or none that can be read. */
function askFailure(fault: unknown, host: string, call: CallContext): ToolResult {
    const code = fault instanceof CodedError ? fault.code : 'ERR_TOOL_FAILED';
    call.logger.warn({ code, host, why: whyOf(fault) }, 'A web service could not be asked by a tool.');
    return { output: { error: explain(fault) }, failure: 'error' };
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
