/** What goes into the `error` of an `error` event (docs/REALTIME.md, 8.2). */
export interface ApiFault {
    type: string;
    code: string | null;
    message: string;
    /** Path of the part at fault, where there is one. */
    param: string | null;
}

export function apiFault(code: string | null, message: string, param: string | null = null): ApiFault {
    return { type: 'invalid_request_error', code, message, param };
}

/** Codes that a correct client meets too, by a race or after a clamp (docs/REALTIME.md, 8.2). */
const BENIGN_CODES: ReadonlySet<string | null> = new Set([
    'input_audio_buffer_commit_empty',
    'response_cancel_not_active',
    'conversation_already_has_active_response',
    'item_truncate_invalid_item_id',
    'item_delete_invalid_item_id',
    'item_retrieve_invalid_item_id',
    'unsupported_content_type',
]);

export function isBenign(fault: ApiFault): boolean {
    return BENIGN_CODES.has(fault.code) || fault.message.includes('is already shorter than');
}

export const API_FAULTS = {
    unknownParameter: (path: string) => apiFault('unknown_parameter', `Unknown parameter: '${path}'.`, path),
    missingParameter: (path: string) =>
        apiFault('missing_required_parameter', `Missing required parameter: '${path}'.`, path),
    invalidJson: () => apiFault('invalid_json', 'Invalid event: failed to parse JSON value.'),
    binaryFrame: () => apiFault('invalid_event', 'Expected a text WebSocket message; binary frames are not supported.'),
    notAnEvent: () => apiFault('invalid_event', 'Invalid event: expected an object with a type.'),
    invalidValue: (message: string, path: string | null) => apiFault('invalid_value', message, path),
    emptyAudio: () =>
        apiFault('invalid_value', "Invalid 'audio'. Expected base64-encoded audio bytes but got empty bytes.", 'audio'),
    commitTooSmall: (ms: number) =>
        apiFault(
            'input_audio_buffer_commit_empty',
            `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`,
        ),
    nothingToCancel: () => apiFault('response_cancel_not_active', 'Cancellation failed: no active response found'),
    alreadyActive: (responseId: string) =>
        apiFault(
            'conversation_already_has_active_response',
            `Conversation already has an active response in progress: ${responseId}. Wait until the response is finished before creating a new one.`,
        ),
    unknownItem: (verb: 'truncate' | 'delete' | 'retrieve', itemId: string) =>
        apiFault(
            `item_${verb}_invalid_item_id`,
            `Error ${VERBS[verb]} item: the item with id '${itemId}' does not exist.`,
        ),
    truncatePastEnd: (hasMs: number, askedMs: number) =>
        apiFault('invalid_value', `Audio content of ${hasMs}ms is already shorter than ${askedMs}ms`),
    notTruncatable: () => apiFault('unsupported_content_type', 'Only model output audio messages can be truncated'),
    voiceLocked: () =>
        apiFault('cannot_update_voice', "Cannot update a conversation's voice if assistant audio is present."),
    sessionExpired: () => apiFault('session_expired', 'Your session hit the maximum duration of 60 minutes.'),
    serverError: (): ApiFault => ({
        type: 'server_error',
        code: null,
        message: 'The server had an error while processing your request.',
        param: null,
    }),
} as const;

const VERBS = { truncate: 'truncating', delete: 'deleting', retrieve: 'retrieving' } as const;
