import { type ApiFault, API_FAULTS } from './api-faults';
import type { AudioFormat, JsonObject, ServerEvent, StatusDetails } from './protocol';

/** How a connection is cut: the client sees 1006, or this close frame (docs/REALTIME.md, 1.5). */
export type CutHow = 'terminate' | { code: number; reason?: string };

/** Refusals after the handshake: 101, then this error, then the close frame (docs/REALTIME.md, 1.3). */
export type Refusal =
    | 'invalid_api_key'
    | 'missing_key'
    | 'invalid_model'
    | 'missing_model'
    | 'beta_api_shape_disabled'
    | 'insufficient_quota';

/** What goes wrong on one connection. Nothing named: nothing goes wrong. */
export interface ConnectionPlan {
    /** Refuses after the 101 (docs/REALTIME.md, 1.3). */
    refuse?: Refusal;
    /** Refuses at the upgrade, as Azure or a load balancer does. */
    httpStatus?: number;
    /** Never answers the upgrade. */
    hangUpgrade?: boolean;
    /** Closes right after the 101, before `session.created`. */
    closeOnOpen?: CutHow;
    noSessionCreated?: boolean;
    /** Takes updates but never acknowledges them. */
    noSessionUpdated?: boolean;
    /** Refuses this many updates with `updateFault` (default: a server error). */
    refuseUpdates?: number;
    updateFault?: ApiFault;
    /** Refuses every update that has one of these fields (`session.audio.input.noise_reduction`), as a service that does not know it. */
    refuseFields?: readonly string[];
    /** The session uses these formats, and not those that the client asks for (docs/REALTIME.md, 8.1). */
    forceFormat?: { input?: AudioFormat; output?: AudioFormat };
    /** Refuses this many `response.create` as if another response were active (docs/REALTIME.md, 4.2). */
    refuseCreates?: number;
    /** Answers this many truncations with this error (docs/REALTIME.md, 5.2). */
    refuseTruncations?: number;
    truncateFault?: ApiFault;
    /** Goes silent in the middle of a response: after this many audio deltas of it; 0: after `response.created`. */
    stallAfterDeltas?: number;
    /** A stalled response does not even end when it is cancelled. */
    stallIsDeaf?: boolean;
    /** Dead on an open socket once it has the first output of a function: `FakeSession.freeze`. */
    freezeAfterFunctionOutput?: boolean;
    /** Takes `response.create` and says nothing at all. */
    ignoreCreates?: boolean;
    /** Cuts after this many frames sent, frames received, or audio deltas sent. */
    cutAfterFrames?: number;
    cutAfterClientFrames?: number;
    cutAfterDeltas?: number;
    /** Default: terminate. */
    cutHow?: CutHow;
    /** Stops reading the socket after `session.updated`. */
    stopReading?: boolean;
    /** Sends `session_expired` and closes with 1001, this long after `session.created`. */
    expireAfterMs?: number;
    /** What `expires_at` says, in ms from now; the session itself lasts as long as it lasts. */
    expiresInMs?: number;
    /** `response.done` comes for responses whose `response.created` was never sent. */
    noResponseCreated?: boolean;
    /** These MCP servers (`server_label`) do not tell their tools. */
    failMcpLists?: readonly string[];
    /** Sent in this order right after the first `session.updated`. */
    junk?: readonly Junk[];
}

/** Things that a tolerant reader gets over (docs/REALTIME.md, 8.1). */
export type Junk =
    | 'notJson'
    | 'binary'
    | 'null'
    | 'array'
    | 'noType'
    | 'huge'
    | 'unknownEvent'
    | 'serverError'
    | 'conversationCreated'
    | 'doneWithoutCreated'
    | 'unknownResponseDelta'
    | 'invalidBase64Delta'
    | 'emptyDelta'
    | 'extraField'
    | 'wrongTypes'
    | 'lateDelta';

/** How a response ends if not as `completed` (docs/REALTIME.md, 4.4). */
export interface ResponseSummary {
    status: 'failed' | 'incomplete' | 'cancelled';
    details: StatusDetails;
}

function failed(type: string, code: string | null, message: string): ResponseSummary {
    return { status: 'failed', details: { type: 'failed', error: { type, code, message } } };
}

export const ENDS = {
    insufficientQuota: failed('invalid_request_error', 'insufficient_quota', 'You exceeded your current quota.'),
    rateLimited: (seconds = 1.5) =>
        failed('tokens', 'rate_limit_exceeded', `Rate limit reached. Please try again in ${seconds}s.`),
    serverError: failed('server_error', null, 'The server had an error while processing your request.'),
    maxOutputTokens: { status: 'incomplete', details: { type: 'incomplete', reason: 'max_output_tokens' } },
    contentFilter: { status: 'incomplete', details: { type: 'incomplete', reason: 'content_filter' } },
} as const satisfies Record<string, ResponseSummary | ((seconds?: number) => ResponseSummary)>;

/** One piece of junk as it goes out: text, bytes, or an event. `lastResponseId`: of a response that is over. */
export function junkFrame(kind: Junk, lastResponseId: string): string | Buffer | ServerEvent {
    switch (kind) {
        case 'notJson':
            return '{"type":';
        case 'binary':
            return Buffer.alloc(160, 0xff);
        case 'null':
            return 'null';
        case 'array':
            return '[]';
        case 'noType':
            return '{"event_id":"event_junk"}';
        case 'huge':
            return JSON.stringify({
                type: 'response.some_future.event',
                event_id: 'event_junk',
                pad: 'x'.repeat(2 ** 20),
            });
        case 'unknownEvent':
            return { type: 'response.some_future.event', response_id: lastResponseId };
        case 'serverError':
            return { type: 'error', error: { ...SERVER_ERROR, event_id: null } };
        case 'conversationCreated':
            return { type: 'conversation.created', conversation: { id: 'conv_junk', object: 'realtime.conversation' } };
        case 'doneWithoutCreated':
            return { type: 'response.done', response: DONE_WITHOUT_CREATED };
        case 'unknownResponseDelta':
            return delta('resp_junk', '////////');
        case 'invalidBase64Delta':
            return delta('resp_junk', '%%%not base64%%%');
        case 'emptyDelta':
            return delta('resp_junk', '');
        case 'lateDelta':
            return delta(lastResponseId, '////////');
        case 'extraField':
            return { ...transcriptDelta(lastResponseId), obfuscation: 'a8Xk2' };
        case 'wrongTypes':
            return {
                type: 'response.output_audio.delta',
                response_id: 7,
                item_id: null,
                content_index: '0',
                delta: {},
            };
    }
}

const SERVER_ERROR = {
    type: 'server_error',
    code: null,
    message: 'The server had an error while processing your request.',
    param: null,
};

const DONE_WITHOUT_CREATED = {
    object: 'realtime.response',
    id: 'resp_junk',
    status: 'cancelled',
    status_details: { type: 'cancelled', reason: 'turn_detected' },
    output: [],
    usage: null,
};

function delta(responseId: string, audio: string): ServerEvent {
    return { type: 'response.output_audio.delta', ...position(responseId), delta: audio };
}

function transcriptDelta(responseId: string): ServerEvent {
    return { type: 'response.output_audio_transcript.delta', ...position(responseId), delta: 'Hi' };
}

function position(responseId: string) {
    return { response_id: responseId, item_id: 'item_junk', output_index: 0, content_index: 0 };
}

/** `session.tools[0].server_url` is a path. */
function hasField(update: JsonObject, path: string): boolean {
    let part: unknown = update;
    for (const name of path.split(/[.[\]]+/).filter((each) => each !== ''))
        part = typeof part === 'object' && part !== null ? Reflect.get(part, name) : undefined;
    return part !== undefined;
}

/** The faults of one connection that are still to happen; each use takes one away. Also armed in mid-call. */
export class FaultState {
    private updatesToRefuse: number;
    private createsToRefuse: number;
    private truncationsToRefuse: number;
    private stallAfterDeltas: number | undefined;

    constructor(private readonly plan: ConnectionPlan) {
        this.updatesToRefuse = plan.refuseUpdates ?? 0;
        this.createsToRefuse = plan.refuseCreates ?? 0;
        this.truncationsToRefuse = plan.refuseTruncations ?? 0;
        this.stallAfterDeltas = plan.stallAfterDeltas;
    }

    refuseUpdates(count: number): void {
        this.updatesToRefuse = count;
    }

    refuseCreates(count: number): void {
        this.createsToRefuse = count;
    }

    refuseTruncations(count: number): void {
        this.truncationsToRefuse = count;
    }

    /** The next response goes silent after this many deltas. */
    stallNextResponse(afterDeltas: number): void {
        this.stallAfterDeltas = afterDeltas;
    }

    updateFault(update: JsonObject): ApiFault | undefined {
        if (this.updatesToRefuse-- > 0) return this.plan.updateFault ?? API_FAULTS.serverError();
        const field = this.plan.refuseFields?.find((path) => hasField(update, path));
        return field === undefined ? undefined : API_FAULTS.unknownParameter(field);
    }

    createFault(activeId: string): ApiFault | undefined {
        return this.createsToRefuse-- > 0 ? API_FAULTS.alreadyActive(activeId) : undefined;
    }

    truncateFault(): ApiFault | undefined {
        if (this.truncationsToRefuse-- <= 0) return undefined;
        return this.plan.truncateFault ?? API_FAULTS.notTruncatable();
    }

    takeStall(): number | undefined {
        const after = this.stallAfterDeltas;
        this.stallAfterDeltas = undefined;
        return after;
    }
}
