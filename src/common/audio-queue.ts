import type { AudioOrigin } from '../services/conversation';

interface Piece {
    pcmu: Uint8Array;
    origin: AudioOrigin;
}

/** Consumed entries are let go of in one go when this many have gathered. */
const COMPACT_AT = 256;

/** Bot audio that waits to be sent, in order, each byte with its origin. Holds the buffers it is given: no copies. */
export class AudioQueue {
    private pieces: Piece[] = [];
    private head = 0;
    private waitingBytes = 0;

    get bytes(): number {
        return this.waitingBytes;
    }

    push(pcmu: Uint8Array, origin: AudioOrigin): void {
        this.pieces.push({ pcmu, origin });
        this.waitingBytes += pcmu.length;
    }

    /** Takes the next `byteCount` bytes (at most `bytes`) as one buffer; `book` hears what each origin contributed. */
    take(byteCount: number, book: (origin: AudioOrigin, byteCount: number) => void): Uint8Array {
        const first = this.pieces[this.head];
        if (first !== undefined && first.pcmu.length >= byteCount) return this.takeFrom(first, byteCount, book);
        const joined = new Uint8Array(Math.min(byteCount, this.waitingBytes));
        let filled = 0;
        while (filled < joined.length) {
            const next = this.pieces[this.head];
            if (next === undefined) break;
            const part = this.takeFrom(next, Math.min(next.pcmu.length, joined.length - filled), book);
            joined.set(part, filled);
            filled += part.length;
        }
        return joined;
    }

    clear(): void {
        this.pieces = [];
        this.head = 0;
        this.waitingBytes = 0;
    }

    private takeFrom(
        piece: Piece,
        byteCount: number,
        book: (origin: AudioOrigin, byteCount: number) => void,
    ): Uint8Array {
        const part = piece.pcmu.subarray(0, byteCount);
        if (byteCount === piece.pcmu.length) this.dropHead();
        else piece.pcmu = piece.pcmu.subarray(byteCount);
        this.waitingBytes -= byteCount;
        book(piece.origin, byteCount);
        return part;
    }

    private dropHead(): void {
        this.head += 1;
        if (this.head < COMPACT_AT || this.head * 2 < this.pieces.length) return;
        this.pieces = this.pieces.slice(this.head);
        this.head = 0;
    }
}
