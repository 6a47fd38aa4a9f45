import type { ClientMessageType, ServerMessageType } from '../protocol/message';

/**
 * The state of a session (docs/PROTOCOL.md, 4.1).
 *
 * waitOpen → opening → active ⇄ paused → disconnecting → closed → gone; `close` leads to closed from every state, a lost socket to
 * gone.
 */
type SessionState = 'waitOpen' | 'opening' | 'active' | 'paused' | 'disconnecting' | 'closed' | 'gone';

interface StateRules {
    /** Client messages that are handled. Others are counted, logged once and ignored. */
    accepts: readonly ClientMessageType[];
    /** What happens to caller audio: it is passed to the bot, kept until `opened`, or dropped. */
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

const STATE_RULES: Readonly<Record<SessionState, StateRules>> = {
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
    // Audio that still arrives after `paused` is dropped. Bot audio to the caller goes on.
    paused: { accepts: EVERY_CLIENT_MESSAGE, callerAudio: 'drop', sends: EVERY_REPLY, sendsAudio: true },
    disconnecting: { accepts: ['close', 'ping'], callerAudio: 'drop', sends: ['closed', 'pong'], sendsAudio: false },
    closed: { accepts: [], callerAudio: 'drop', sends: [], sendsAudio: false },
    gone: { accepts: [], callerAudio: 'drop', sends: [], sendsAudio: false },
};

/** The state that one session is in now. The session changes it; everything that reads or writes messages asks for its rules. */
export class CurrentState {
    private state: SessionState = 'waitOpen';

    get name(): SessionState {
        return this.state;
    }

    /** What the state allows. */
    get rules(): StateRules {
        return STATE_RULES[this.state];
    }

    is(state: SessionState): boolean {
        return this.state === state;
    }

    enter(state: SessionState): void {
        this.state = state;
    }
}
