import { systemClock } from '../../src/support/clock';
import type { Caller } from './client';
import { maskKeys } from './mask-keys';
import { concat } from './bytes';
import { loudnessOf, type SavedTimeline } from './timeline-file';

/** A call as a timeline file keeps it: no keys, no sound. The call must have kept its audio. */
export function savedTimeline(caller: Caller): SavedTimeline {
    return {
        startedAt: new Date(systemClock.epochMs() - caller.nowMs).toISOString(),
        events: caller.events.map(maskKeys),
        loudness: {
            caller: loudnessOf(caller.callerTrack),
            bot: loudnessOf(concat(caller.receivedAudio.map(({ bytes }) => bytes))),
        },
    };
}
