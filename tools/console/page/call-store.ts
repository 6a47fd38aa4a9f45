import type { CallEvent } from '../../caller/call-event';
import { CallPicture } from '../../caller/call-picture';
import { BYTES_PER_MS, PCMU_SILENCE } from '../../caller/media';
import type { PlacedAudio } from '../../caller/playout';
import { layOut, concat } from '../../caller/recording';
import { TimelineRows, type TimelineRow } from '../../caller/timeline-rows';
import { LOUDNESS_STEP_SAMPLES, loudnessOf, type SavedTimeline } from '../../caller/timeline-file';

/** A row with the event that it came from, to show the message itself. */
export interface ShownRow extends TimelineRow {
    event: CallEvent;
}

/** Loudness by steps of 20 ms, growing. */
class LoudnessTrack {
    private steps = new Uint8Array(1024);
    length = 0;

    at(step: number): number {
        return step < this.length ? (this.steps[step] ?? 0) : 0;
    }

    /** Puts `loudness` at `step`; where there is something already, the louder one stays. */
    put(step: number, loudness: Uint8Array): void {
        const end = step + loudness.length;
        if (end > this.steps.length) {
            const larger = new Uint8Array(2 * end);
            larger.set(this.steps);
            this.steps = larger;
        }
        loudness.forEach((value, index) => {
            this.steps[step + index] = Math.max(value, this.steps[step + index] ?? 0);
        });
        this.length = Math.max(this.length, end);
    }

    get values(): Uint8Array {
        return this.steps.slice(0, this.length);
    }
}

/** Everything that is known of the call that is shown: one that runs, one that is over, or one from a file. */
export class CallStore {
    readonly picture = new CallPicture();
    readonly rows: ShownRow[] = [];
    readonly callerLoudness = new LoudnessTrack();
    /** Of all bot audio that was received, in order. */
    readonly botLoudness = new LoudnessTrack();
    private readonly reader = new TimelineRows({ showText: true, showKeys: true });
    private readonly events: CallEvent[] = [];
    private readonly callerAudio: PlacedAudio[] = [];
    private readonly botAudio: Uint8Array[] = [];
    private botBytes = 0;
    private lastSentMs = 0;

    constructor(readonly startedAt: string) {}

    /** A call from a file; it has no sound, only its loudness. */
    static open(saved: SavedTimeline): CallStore {
        const store = new CallStore(saved.startedAt);
        for (const event of saved.events) store.add(event);
        store.callerLoudness.put(0, saved.loudness.caller);
        store.botLoudness.put(0, saved.loudness.bot);
        return store;
    }

    get isEmpty(): boolean {
        return this.events.length === 0;
    }

    /** It was not opened from a file: its sound is here. */
    get hasSound(): boolean {
        return this.callerAudio.length > 0 || this.botAudio.length > 0;
    }

    /** Takes an event; the rows that it brought are the last ones of `rows`. */
    add(event: CallEvent): void {
        this.events.push(event);
        if (event.kind === 'audioSent') this.lastSentMs = event.atMs;
        this.picture.add(event);
        for (const row of this.reader.add(event)) this.rows.push({ ...row, event });
    }

    /** Caller audio, right after its event. */
    addCallerAudio(pcmu: Uint8Array): void {
        const atMs = Math.max(0, this.lastSentMs - pcmu.length / BYTES_PER_MS);
        this.callerAudio.push({ atMs, pcmu });
        this.callerLoudness.put(Math.round((atMs * BYTES_PER_MS) / LOUDNESS_STEP_SAMPLES), loudnessOf(pcmu));
    }

    /** Bot audio, in the order in which it came. */
    addBotAudio(pcmu: Uint8Array): void {
        this.botAudio.push(pcmu);
        this.botLoudness.put(Math.floor(this.botBytes / LOUDNESS_STEP_SAMPLES), loudnessOf(pcmu));
        this.botBytes += pcmu.length;
    }

    /** The caller's side from the moment of dialling to the end of the call: PCMU, mono. */
    get callerTrack(): Uint8Array {
        return this.toTheEnd(this.callerSide);
    }

    /** What the caller heard, on the same time line: PCMU, mono. */
    get heardTrack(): Uint8Array {
        return this.toTheEnd(this.botSide);
    }

    private get callerSide(): Uint8Array {
        return layOut(this.callerAudio, 0);
    }

    private get botSide(): Uint8Array {
        const all = concat(this.botAudio);
        const heard = this.picture.stretches.map(({ startMs, fromByte, heardMs }) => ({
            atMs: startMs,
            pcmu: all.subarray(fromByte, fromByte + Math.round(heardMs * BYTES_PER_MS)),
        }));
        return layOut(heard, 0);
    }

    /** Both tracks end together, where the call does, or where the last sound of a slow machine does. */
    private toTheEnd(track: Uint8Array): Uint8Array {
        const lastByte = Math.floor(this.picture.lastMs * BYTES_PER_MS);
        const missing = Math.max(lastByte, this.callerSide.length, this.botSide.length) - track.length;
        return missing <= 0 ? track : concat([track, new Uint8Array(missing).fill(PCMU_SILENCE)]);
    }

    get saved(): SavedTimeline {
        const loudness = { caller: this.callerLoudness.values, bot: this.botLoudness.values };
        return { startedAt: this.startedAt, events: this.events, loudness };
    }
}
