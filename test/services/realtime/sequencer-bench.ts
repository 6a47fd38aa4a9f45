import { ResponseSequencer, type ResponseRequest } from '../../../src/services/realtime/response-sequencer';
import type { ApiError, ClientEvent, ResponseEnd, ResponseStatus } from '../../../src/services/realtime/events';
import { FakeClock } from '../../support/fake-clock';

export const TURN: ResponseRequest = { purpose: 'turn', params: {} };
export const GREETING: ResponseRequest = { purpose: 'greeting', params: { instructions: 'Greet.' } };

/** A sequencer with everything that it sends and tells. */
export function setUp() {
    const clock = new FakeClock();
    const sent: ClientEvent[] = [];
    const stalled: string[] = [];
    const gaveUp: (ApiError | undefined)[] = [];
    let count = 0;
    const port = {
        newEventId: () => `e_${++count}`,
        send: (event: ClientEvent) => sent.push(event),
        stalled: (id: string) => stalled.push(id),
        gaveUp: (error: ApiError | undefined) => gaveUp.push(error),
    };
    const sequencer = new ResponseSequencer(clock, port, (fault) => {
        throw fault;
    });
    return {
        clock,
        sequencer,
        sent,
        stalled,
        gaveUp,
        creates: () => sent.filter((event) => event.type === 'response.create'),
    };
}

/** `response.done`, as it is read. */
export function end(id: string, status: ResponseStatus = 'completed', code?: string): ResponseEnd {
    const error =
        code === undefined
            ? undefined
            : { type: '', code, message: 'try again in 2s', param: undefined, eventId: undefined };
    return { id, status, reason: undefined, error, items: [], usage: undefined };
}

/** The refusal of a request that came beside an active answer. */
export function busy(eventId: string | undefined): ApiError {
    return {
        type: 'invalid_request_error',
        code: 'conversation_already_has_active_response',
        message: '',
        param: undefined,
        eventId,
    };
}
