import type { ClientMessageType, ServerMessageType } from '../protocol/message';

/**
 * The life of a session, as one named state (protocol sheet, section 6.1).
 *
 * waitOpen → opening → active ⇄ paused → disconnecting → closed → gone; `close` leads to closed from anywhere, a lost
 * socket to gone. The sheet's CLOSING lasts no longer than the handling of `close`, and is not a state here.
 */
export type SessionState = 'waitOpen' | 'opening' | 'active' | 'paused' | 'disconnecting' | 'closed' | 'gone';

export interface StateRules {
    /** Client messages that are acted on. Others are counted, logged once, ignored. */
    accepts: readonly ClientMessageType[];
    /** What becomes of the caller's audio. Never a reason to end a call. */
    callerAudio: 'hear' | 'keep' | 'drop';
    /** Messages that may leave. */
    sends: readonly ServerMessageType[];
    /** Bot audio may leave. */
    sendsAudio: boolean;
}

const EVERY_CLIENT_MESSAGE: readonly ClientMessageType[] = [
    'close',
    'ping',
    'error',
    'playback_started',
    'playback_completed',
    'dtmf',
    'update',
    'paused',
    'resumed',
    'discarded',
];

const EVERY_REPLY: readonly ServerMessageType[] = [
    'closed',
    'disconnect',
    'pong',
    'event',
    'updated',
    'pause',
    'resume',
];

export const STATE_RULES: Readonly<Record<SessionState, StateRules>> = {
    waitOpen: {
        accepts: ['open', 'close', 'ping'],
        callerAudio: 'drop',
        sends: ['disconnect', 'closed', 'pong'],
        sendsAudio: false,
    },
    opening: {
        accepts: ['close', 'ping', 'error', 'discarded', 'paused', 'resumed'],
        callerAudio: 'keep',
        sends: ['opened', 'disconnect', 'closed', 'pong'],
        sendsAudio: false,
    },
    active: { accepts: EVERY_CLIENT_MESSAGE, callerAudio: 'hear', sends: EVERY_REPLY, sendsAudio: true },
    // Audio that comes after `paused` is none that the client meant us to have. Ours to the caller goes on.
    paused: { accepts: EVERY_CLIENT_MESSAGE, callerAudio: 'drop', sends: EVERY_REPLY, sendsAudio: true },
    disconnecting: { accepts: ['close', 'ping'], callerAudio: 'drop', sends: ['closed', 'pong'], sendsAudio: false },
    closed: { accepts: [], callerAudio: 'drop', sends: [], sendsAudio: false },
    gone: { accepts: [], callerAudio: 'drop', sends: [], sendsAudio: false },
};
