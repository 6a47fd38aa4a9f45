import { AudioPages } from '../audio/audio-pages';
import { lastPause } from '../audio/pause';
import type { AudioOrigin } from '../services/conversation';
import type { PlaybackLedger } from './playback-ledger';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** Audio that was heard is kept for 1.5 s: playback that was held may go on so much earlier. */
const KEPT_BYTES = 1500 * BYTES_PER_MS;
/** Audio after the playhead in which the end of a pause is looked for. */
const LOOK_AHEAD_BYTES = 200 * BYTES_PER_MS;

/** Audio of one item without a gap, between two positions of the stream. */
interface Run {
    origin: AudioOrigin;
    start: number;
    end: number;
    /** Where the run begins in its item, in bytes. */
    itemBytes: number;
}

/**
 * The bot audio of a call, one stream in the order in which it plays: what was heard in the last 1.5 s, what was sent and is not heard yet,
 * and what waits to be sent. Playback that is held takes back what was not heard, so that it waits again.
 *
 * The audio is copied into pages that all calls share. Positions are bytes of this stream; audio that is sent again keeps its position.
 */
export class BotAudio {
    private readonly pages = new AudioPages();
    /** Without a gap, oldest first; the last one ends where the stream ends. */
    private runs: Run[] = [];
    /** The run in which the next piece begins; as many as there are runs when nothing waits. */
    private nextRun = 0;
    /** Position of the next byte to send. */
    private next = 0;

    /** @param keepsHistory false: what was sent is forgotten at once, and cannot be taken back */
    constructor(private readonly keepsHistory: boolean) {}

    /** Audio that waits to be sent, in bytes. */
    get waitingBytes(): number {
        return this.pages.endBytes - this.next;
    }

    /** Audio that was sent and is kept, in bytes. */
    get keptBytes(): number {
        return this.next - this.pages.startBytes;
    }

    /** @param itemBytes where the audio begins in its item */
    push(pcmu: Uint8Array, origin: AudioOrigin, itemBytes: number): void {
        const start = this.pages.endBytes;
        this.pages.append(pcmu);
        const last = this.runs.at(-1);
        if (last !== undefined && isContinued(last, origin, itemBytes)) {
            last.end += pcmu.length;
            if (this.next === start) this.nextRun = this.runs.length - 1;
        } else this.runs.push({ origin, start, end: start + pcmu.length, itemBytes });
    }

    /** The next `byteCount` bytes, at most what waits, as one array of its own; `ledger` is told from which items they are. */
    send(byteCount: number, ledger: PlaybackLedger): Uint8Array {
        const piece = new Uint8Array(Math.min(byteCount, this.waitingBytes));
        this.pages.copyTo(piece, this.next);
        const end = this.next + piece.length;
        while (this.next < end) {
            const run = this.runs[this.nextRun];
            if (run === undefined) break;
            const sentTo = Math.min(end, run.end);
            ledger.sent(run.origin, run.itemBytes + this.next - run.start, sentTo - this.next);
            this.next = sentTo;
            if (sentTo === run.end) this.nextRun += 1;
        }
        return piece;
    }

    /** Forgets what was heard more than 1.5 s ago. @param unheardBytes how much was sent and is not heard yet */
    forgetHeard(unheardBytes: number): void {
        this.forgetBefore(this.next - (this.keepsHistory ? unheardBytes + KEPT_BYTES : 0));
    }

    /** Everything that was sent was heard, and none of it is needed any more. */
    forgetSent(): void {
        this.forgetBefore(this.next);
    }

    /** What was sent and not heard waits again, before everything else, as far as it is kept: a report of the client may have come late. */
    takeBack(unheardBytes: number): void {
        this.moveTo(this.next - Math.min(unheardBytes, this.keptBytes));
    }

    /**
     * The stream goes on at the last pause, if one lies within the last 1.5 s of the item that goes on. The beginning of that item counts
     * as a pause. Nothing moves when there is no pause, or when another item comes next.
     *
     * @returns by how many bytes it moved back
     */
    backToPause(): number {
        const run = this.runs[this.nextRun];
        if (run === undefined || run.start >= this.next) return 0;
        const from = Math.max(run.start, this.pages.startBytes, this.next - KEPT_BYTES);
        const isWholeItem = run.itemBytes === 0 && from === run.start;
        const speech = new Uint8Array(Math.min(this.pages.endBytes, this.next + LOOK_AHEAD_BYTES) - from);
        this.pages.copyTo(speech, from);
        const heardBytes = this.next - from;
        const place = lastPause(speech, heardBytes) ?? (isWholeItem ? 0 : heardBytes);
        this.moveTo(from + place);
        return heardBytes - place;
    }

    /** Forgets everything, and gives the pages back. */
    clear(): void {
        this.pages.startAt(0);
        this.runs = [];
        this.nextRun = 0;
        this.next = 0;
    }

    private moveTo(position: number): void {
        this.next = position;
        const index = this.runs.findIndex((run) => run.end > position);
        this.nextRun = index < 0 ? this.runs.length : index;
    }

    private forgetBefore(position: number): void {
        if (position <= this.pages.startBytes) return;
        this.pages.forgetBefore(position);
        let count = 0;
        while (count < this.nextRun && (this.runs[count]?.end ?? Infinity) <= position) count += 1;
        if (count === 0) return;
        this.runs.splice(0, count);
        this.nextRun -= count;
    }
}

function isContinued(run: Run, origin: AudioOrigin, itemBytes: number): boolean {
    const isSameItem = run.origin.itemId === origin.itemId && run.origin.contentIndex === origin.contentIndex;
    return isSameItem && run.itemBytes + run.end - run.start === itemBytes;
}
