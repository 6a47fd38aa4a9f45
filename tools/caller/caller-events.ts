import type { CallEvent } from './call-event';
import type { CallSummary, Disconnect } from './call-record';
import type { Violation } from './manner-catalogue';
import type { Media } from './media';
import type { Stretch } from './playout';
import type { ServerMessage } from './server-message';

/** What a caller tells. Audio is PCMU, 8 kHz, mono; stretches are those of the caller's ear. */
export interface CallerEvents {
    /** The call stands; `media`: what the server took of the offer, undefined for a call without audio. */
    opened: [media: Media | undefined];
    /** Any text message of the server that could be read, before the caller acts on it. */
    message: [message: ServerMessage];
    /** Bot audio as it came. */
    audio: [pcmu: Uint8Array];
    playbackStarted: [];
    playbackCompleted: [stretch: Stretch];
    /** `barge_in` came; undefined: nothing was playing. */
    bargeIn: [stretch: Stretch | undefined];
    disconnected: [disconnect: Disconnect];
    closed: [];
    violation: [violation: Violation];
    /** The call is over, refused calls included. Emitted once. */
    ended: [summary: CallSummary];
    /** Every one of the above and more, as the timeline shows it. */
    event: [event: CallEvent];
}

/**
 * idle → dialling → opening (`open` sent) → open (`opened` came) → closing (`close` sent) → closed (`closed` came) → gone.
 * From anywhere to gone, when the socket goes.
 */
export type CallState = 'idle' | 'dialling' | 'opening' | 'open' | 'closing' | 'closed' | 'gone';
