import type { RealtimeToolsConfigUnion } from 'openai/resources/realtime/realtime';
import type { Clock } from '../../support/clock';
import type { CodedError } from '../../support/errors';
import type { Logger } from '../../support/logger';
import type { ResponseEnd, ServerEvent } from './events';
import type { CreateSocket } from './transport';
import type { Purpose } from './response-sequencer';

/** What a session tells its owner. `lost` or `fatal` comes at most once, and nothing after it; neither before `ready`. */
export interface RealtimeServiceEvents {
    /** The session is configured (see `formats`). Audio that `sendAudio` has kept goes out right afterwards. */
    ready: [];
    /** A server event of the running session, except those that have an event of their own here. */
    event: [event: ServerEvent];
    /** `response.created`, with why the answer was made. */
    answering: [responseId: string, purpose: Purpose];
    /** `response.done`; `again`: the answer failed and will be asked for once more. */
    answered: [end: ResponseEnd, purpose: Purpose, again: boolean];
    /** The active answer gave no event for 15 s and was cancelled; it will be asked for once more. */
    stalled: [responseId: string];
    /** An answer was asked for and refused for good; it is not asked for again. */
    refused: [purpose: Purpose];
    /** The connection is gone, or of no use; another one may do. */
    lost: [why: string];
    /** The conversation cannot go on; no other connection would help. */
    fatal: [error: CodedError];
}

export interface RealtimeServiceDeps {
    clock: Clock;
    logger: Logger;
    /** Opens the socket; a `ws` one unless a test hands in its own. */
    createSocket?: CreateSocket | undefined;
    /** Chance, 0 … 1; `Math.random` unless a test hands in its own. */
    random?: () => number;
    /** Functions that the model may call, and MCP servers that OpenAI may. */
    tools?: readonly RealtimeToolsConfigUnion[];
    /** May the caller interrupt from the start? Default true. */
    interruptible?: boolean;
}
