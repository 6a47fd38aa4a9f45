import { pcmuByteAt } from '../../tools/fake-openai';

/** PCMU, 8 kHz: a block is 20 ms. */
export const BLOCK_BYTES = 160;
const BLOCK_MS = 20;
const MAGIC = Buffer.from([0xa5, 0x5a, 0xc3, 0x3c, 0x96]);
const HEADER_BYTES = MAGIC.length + 4 * 3;

/** What one block of stamped speech says about itself. */
interface Stamp {
    call: number;
    /** The answer of this call, from 0. */
    answer: number;
    /** The block of this answer, from 0, and how many it has. */
    index: number;
    total: number;
}

/**
 * An answer of `ms`, in PCMU of 8 kHz, of which every 20 ms say for which call and answer they are, and where in it they stand: whatever is lost,
 * doubled, moved, or heard in another call is seen. Numbers of calls and answers are below 2 ** 32 and 2 ** 16.
 */
export function stampedSpeech(call: number, answer: number, ms: number): Buffer {
    const total = Math.max(1, Math.round(ms / BLOCK_MS));
    return Buffer.concat(Array.from({ length: total }, (_, index) => blockOf({ call, answer, index, total })));
}

function blockOf({ call, answer, index, total }: Stamp): Buffer {
    const block = Buffer.alloc(BLOCK_BYTES);
    MAGIC.copy(block);
    block.writeUInt32BE(call, MAGIC.length);
    block.writeUInt16BE(answer, MAGIC.length + 4);
    block.writeUInt16BE(index, MAGIC.length + 6);
    block.writeUInt16BE(total, MAGIC.length + 8);
    for (let at = HEADER_BYTES - 2; at < BLOCK_BYTES; at++) block[at] = pcmuByteAt(call * 64 + answer, at + index * 7);
    return block;
}

/** Reads the audio of one call, and knows of each answer how much of it came. Audio without stamps is that of another voice. */
export class StampReader {
    /** Answers of this call that came from their first block to their last. */
    wholeAnswers = 0;
    /** Blocks that are for another call. */
    foreignBlocks = 0;
    /** Blocks that do not follow the one before them, and blocks with a wrong byte. */
    misplacedBlocks = 0;
    /** Answers that had begun and were not heard to their end before another one came, or `end`. */
    cutAnswers = 0;
    private held: Buffer = Buffer.alloc(0);
    private last: Stamp | undefined;
    private mayJump = false;

    constructor(private readonly call: number) {}

    /** An answer has begun and is not over. */
    get isInAnswer(): boolean {
        return this.last !== undefined && this.last.index + 1 < this.last.total;
    }

    /** Audio came. */
    read(pcmu: Uint8Array): void {
        this.held = Buffer.concat([this.held, pcmu]);
        for (;;) {
            const at = this.held.indexOf(MAGIC);
            if (at === -1) {
                this.held = this.held.subarray(Math.max(0, this.held.length - MAGIC.length + 1));
                return;
            }
            if (this.held.length - at < BLOCK_BYTES) {
                this.held = this.held.subarray(at);
                return;
            }
            this.take(this.held.subarray(at, at + BLOCK_BYTES));
            this.held = this.held.subarray(at + BLOCK_BYTES);
        }
    }

    /** `barge_in` threw away what was not heard: the next block may stand anywhere. */
    interrupted(): void {
        this.held = Buffer.alloc(0);
        this.mayJump = true;
    }

    /** The call is over. */
    end(): void {
        this.leave();
    }

    private take(block: Buffer): void {
        const stamp = {
            call: block.readUInt32BE(MAGIC.length),
            answer: block.readUInt16BE(MAGIC.length + 4),
            index: block.readUInt16BE(MAGIC.length + 6),
            total: block.readUInt16BE(MAGIC.length + 8),
        };
        if (!block.equals(blockOf(stamp))) this.misplacedBlocks += 1;
        else if (stamp.call !== this.call) this.foreignBlocks += 1;
        else this.place(stamp);
    }

    private place(stamp: Stamp): void {
        const { last, mayJump } = this;
        const goesOn = last?.answer === stamp.answer && stamp.index === last.index + 1;
        const begins = stamp.index === 0 && (last === undefined || stamp.answer > last.answer);
        if (!goesOn && !begins && !mayJump) this.misplacedBlocks += 1;
        if (!goesOn && begins) this.leave();
        this.last = stamp;
        this.mayJump = false;
        if (stamp.index + 1 === stamp.total) this.wholeAnswers += 1;
    }

    private leave(): void {
        if (this.isInAnswer && !this.mayJump) this.cutAnswers += 1;
        this.last = undefined;
    }
}
