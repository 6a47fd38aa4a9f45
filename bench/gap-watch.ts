import type { Stretch } from '../tools/caller/play-queue';
import type { LoopStalls } from './loop-stalls';
import type { FakeSession, SpokenItem } from '../tools/fake-openai';

/** One silence of the playback, from its beginning to the next sound of the same response. */
interface Gap {
    atMs: number;
    endedAtMs: number | undefined;
    /** Bytes of the response that the caller had got by then, and heard. */
    heardBytes: number;
}

const BYTES_PER_MS = 8;
/** Time for a message to go through the sockets of one machine, from the stand-in to the caller. */
const HANDLING_MS = 15;

/** Watches the caller's playback for silences in the middle of a response, and tells those of the server from those of the network. */
export class GapWatch {
    starvations = 0;
    starvedMs = 0;
    /** Silences while the audio was on its way, or the machine held everything up. */
    networkGaps = 0;
    private gaps: Gap[] = [];
    private heardBytes = 0;
    private sounding = false;

    /** `maxOneWayMs`: how long audio may be on its way from the server to the caller. */
    constructor(
        private readonly session: FakeSession,
        private readonly maxOneWayMs: number,
        private readonly loopStalls: LoopStalls,
    ) {}

    /** Something is played. */
    get isSounding(): boolean {
        return this.sounding;
    }

    /** A stretch begins to play. */
    started(nowMs: number): void {
        this.sounding = true;
        const open = this.gaps.at(-1);
        if (open !== undefined) open.endedAtMs ??= nowMs;
    }

    /** The playback ran empty. */
    completed({ startedAtMs, totalBytes }: Stretch): void {
        this.sounding = false;
        this.heardBytes += totalBytes;
        const atMs = startedAtMs + totalBytes / BYTES_PER_MS;
        this.gaps.push({ atMs, endedAtMs: undefined, heardBytes: this.heardBytes });
    }

    /** `barge_in` cut off the rest. */
    cut(): void {
        this.sounding = false;
    }

    /** The response with these items is over. */
    endRound(items: readonly SpokenItem[]): void {
        for (const gap of this.gaps) this.judge(gap, items);
        this.gaps = [];
        this.heardBytes = 0;
    }

    private judge({ atMs, endedAtMs, heardBytes }: Gap, items: readonly SpokenItem[]): void {
        // The silence after a response is no gap in it.
        if (endedAtMs === undefined) return;
        const dueAtMs = atMs - this.maxOneWayMs - HANDLING_MS;
        if (this.deliveredBytes(items, dueAtMs) <= heardBytes || this.loopStalls.during(dueAtMs, endedAtMs)) {
            this.networkGaps += 1;
            return;
        }
        this.starvations += 1;
        this.starvedMs += endedAtMs - atMs;
    }

    /** PCMU bytes of these items that the stand-in had sent by then. */
    private deliveredBytes(items: readonly SpokenItem[], byMs: number): number {
        let bytes = 0;
        for (const { atMs, type, event } of this.session.sent) {
            if (type !== 'response.output_audio.delta' || atMs > byMs) continue;
            const item = items.find(({ itemId }) => itemId === event['item_id']);
            if (item === undefined || typeof event['delta'] !== 'string') continue;
            bytes += Buffer.byteLength(event['delta'], 'base64') / (item.format.type === 'audio/pcm' ? 6 : 1);
        }
        return bytes;
    }
}
