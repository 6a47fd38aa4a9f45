import type { ObserveCall } from '../services/call-observer';
import { CallTrace } from './call-trace';
import { parentOf, type TraceHeaders } from './trace-context';

/** Begins the trace of a call, where calls are traced. @param headers what the upgrade request says about the trace that the call belongs to */
export function callTracer(headers: TraceHeaders | undefined, withContent: boolean): ObserveCall {
    return (call) => {
        const { clock, logger, conversationId, sessionId, correlationId, organizationId, language } = call;
        const ids = { conversationId, sessionId, correlationId, organizationId };
        const parent = parentOf(headers, call.inputVariables);
        return CallTrace.begin({ clock, logger, parent, ...ids, language, withContent });
    };
}
