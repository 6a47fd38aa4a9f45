import {
    createTraceState,
    isSpanContextValid,
    ROOT_CONTEXT,
    trace,
    type Context,
    type Link,
    type SpanContext,
} from '@opentelemetry/api';
import { isFields, textIn } from '../support/json';

/** The two values of the W3C recommendation “Trace Context”, as they came: nothing is checked yet. */
export interface TraceHeaders {
    readonly traceparent: string | undefined;
    readonly tracestate: string | undefined;
}

/** Where the trace of a call hangs: below the span of `context`, if that holds one, and linked to those of `links`. */
export interface TraceParent {
    readonly context: Context;
    readonly links: Link[];
}

/** Version, trace id, span id, flags. A later version may add parts; version ff does not exist. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.{0,200})?$/;
/** The version that this server knows, which has four parts. */
const VERSION = '00';
const SAMPLED = 1;
/** Most of a `tracestate` that is passed on, in characters; the recommendation asks for at least this much. */
const MAX_STATE_CHARACTERS = 512;

/**
 * The parent of a call's trace: the input variable `traceparent`, which the flow sets on purpose, else the header of the upgrade request,
 * which a proxy writes. Where both are valid, the header's span is linked. What is not valid counts as absent.
 *
 * @param inputVariables of `open`, unchecked
 */
export function parentOf(headers: TraceHeaders | undefined, inputVariables: unknown): TraceParent {
    const byHeader = headers === undefined ? undefined : spanContextOf(headers);
    const byVariable = isFields(inputVariables) ? spanContextOf(headersIn(inputVariables)) : undefined;
    const parent = byVariable ?? byHeader;
    if (parent === undefined) return { context: ROOT_CONTEXT, links: [] };
    const isOther = byHeader !== undefined && byHeader !== parent && byHeader.spanId !== parent.spanId;
    return {
        context: trace.setSpanContext(ROOT_CONTEXT, parent),
        links: isOther ? [{ context: byHeader }] : [],
    };
}

/** The span that the two values name; undefined: `traceparent` is absent or not valid. A `tracestate` that is not valid is left out. */
function spanContextOf({ traceparent, tracestate }: TraceHeaders): SpanContext | undefined {
    const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(traceparent ?? '') ?? [];
    if (version === undefined || (version === VERSION && more !== undefined)) return undefined;
    const context: SpanContext = {
        traceId,
        spanId,
        traceFlags: Number.parseInt(flags, 16) & SAMPLED,
        isRemote: true,
    };
    if (!isSpanContextValid(context)) return undefined;
    if (tracestate === undefined || tracestate.length > MAX_STATE_CHARACTERS) return context;
    const traceState = createTraceState(tracestate);
    return traceState.serialize() === '' ? context : { ...context, traceState };
}

function headersIn(variables: Record<string, unknown>): TraceHeaders {
    return { traceparent: textIn(variables, 'traceparent'), tracestate: textIn(variables, 'tracestate') };
}
