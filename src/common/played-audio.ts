import { lastPause } from '../audio/pause';
import type { AudioOrigin } from '../services/conversation';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** Audio that was heard is kept for 1.5 s: playback that was held may go on so much earlier. */
const KEPT_BYTES = 1500 * BYTES_PER_MS;

/** A piece of bot audio, and where it begins in its item, in bytes. */
export interface ItemPiece {
    pcmu: Uint8Array;
    origin: AudioOrigin;
    itemBytes: number;
}

/**
 * Bot audio that was sent and is not heard yet, and the last 1.5 s of what was heard, so that playback can be held and can go on. The
 * buffers themselves are kept: no copies. Positions are bytes of the sent stream.
 */
export class PlayedAudio {
    /** Without a gap, oldest first; the last one ends at `endBytes`. */
    private pieces: ItemPiece[] = [];
    private startBytes = 0;
    private endBytes = 0;

    /** Audio that is kept, in bytes. */
    get keptBytes(): number {
        return this.endBytes - this.startBytes;
    }

    sent(piece: ItemPiece): void {
        this.pieces.push(piece);
        this.endBytes += piece.pcmu.length;
    }

    /** Forgets what was heard more than 1.5 s before the playhead. */
    forgetHeard(playhead: number): void {
        let count = 0;
        for (const { pcmu } of this.pieces) {
            if (this.startBytes + pcmu.length > playhead - KEPT_BYTES) break;
            this.startBytes += pcmu.length;
            count += 1;
        }
        if (count > 0) this.pieces.splice(0, count);
    }

    /** Removes the audio from `playhead` on, which the caller does not hear, and returns it. The stream goes on at the playhead. */
    takeUnheard(playhead: number): ItemPiece[] {
        const unheard = this.takeLast(this.endBytes - playhead);
        this.move(playhead);
        return unheard;
    }

    /**
     * Removes the audio from the last pause on, if one lies within the last 1.5 s of the item that goes on, and returns it. The
     * beginning of that item counts as a pause. Empty: there is no pause, or another item comes next.
     *
     * @param next what the caller hears next, 200 ms or more if they are there
     */
    takeFromPause(next: readonly ItemPiece[]): ItemPiece[] {
        const pieces = this.heardOf(next[0]);
        const first = pieces[0];
        if (first === undefined) return [];
        const heard = joined(pieces);
        const recent = heard.subarray(Math.max(0, heard.length - KEPT_BYTES));
        const isWholeItem = first.itemBytes === 0 && recent.length === heard.length;
        const speech = Buffer.concat([recent, joined(next)]);
        const place = lastPause(speech, recent.length) ?? (isWholeItem ? 0 : recent.length);
        const again = this.takeLast(recent.length - place);
        this.move(this.endBytes);
        return again;
    }

    /** Forgets everything. The stream goes on at `endBytes`. */
    clear(endBytes: number): void {
        this.pieces = [];
        this.move(endBytes);
    }

    /** What is kept is followed by what is sent next, at `endBytes`, and counts as sent just before it. */
    private move(endBytes: number): void {
        this.endBytes = endBytes;
        this.startBytes = endBytes - lengthOf(this.pieces);
    }

    /** What is kept of the item that goes on with `next`. */
    private heardOf(next: ItemPiece | undefined): ItemPiece[] {
        let first = this.pieces.length;
        for (let later = next; later !== undefined; later = this.pieces[first]) {
            const earlier = this.pieces[first - 1];
            if (earlier === undefined || !isContinued(earlier, later)) break;
            first -= 1;
        }
        return this.pieces.slice(first);
    }

    private takeLast(byteCount: number): ItemPiece[] {
        const taken: ItemPiece[] = [];
        for (let left = byteCount; left > 0;) {
            const last = this.pieces.pop();
            if (last === undefined) break;
            const keptBytes = Math.max(0, last.pcmu.length - left);
            if (keptBytes > 0) this.pieces.push({ ...last, pcmu: last.pcmu.subarray(0, keptBytes) });
            taken.unshift({ ...last, pcmu: last.pcmu.subarray(keptBytes), itemBytes: last.itemBytes + keptBytes });
            left -= last.pcmu.length - keptBytes;
        }
        return taken;
    }
}

function isContinued({ pcmu, origin, itemBytes }: ItemPiece, next: ItemPiece): boolean {
    const isSameItem = origin.itemId === next.origin.itemId && origin.contentIndex === next.origin.contentIndex;
    return isSameItem && itemBytes + pcmu.length === next.itemBytes;
}

function joined(pieces: readonly ItemPiece[]): Buffer {
    return Buffer.concat(pieces.map(({ pcmu }) => pcmu));
}

function lengthOf(pieces: readonly ItemPiece[]): number {
    return pieces.reduce((sum, { pcmu }) => sum + pcmu.length, 0);
}
