import { Session, type SessionDeps } from '../common/session';
import type { SessionSocket } from '../common/session-wire';
import type { Flights } from '../flight/flights';
import type { ServedSession } from './calls';

/** The session of an accepted connection; with `flights`, one that is recorded where it is its turn. */
export function openSession(
    flights: Flights | undefined,
    ws: SessionSocket,
    sessionId: string,
    url: string,
    deps: SessionDeps,
): ServedSession {
    if (flights === undefined) return new Session(ws, sessionId, url, deps);
    return flights.session({ ws, sessionId, url }, deps, (socket, given) => new Session(socket, sessionId, url, given));
}
