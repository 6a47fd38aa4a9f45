import { appendFileSync, closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writevSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AppendWork, CloseWork, TextWork, Work, WriteFault, Written } from './disk';

/** Silence is written in pieces of this length: one second of a recording. */
const SILENCE_BYTES = 16_000;

/** `fs.writevSync`: writes the pieces from byte `at` on. @returns how many bytes the disk has taken; may be less than all */
export type WriteV = (file: number, pieces: readonly Uint8Array[], at: number) => number;

/** Does the work of `Disk` at once, and waits for the disk meanwhile: it belongs into a thread of its own (write-worker.ts). */
export class FileWriter {
    /** Open files, by their number in `Work`. */
    private readonly open = new Map<number, number>();
    private readonly silence: Uint8Array;

    /** @param silentByte of which silence is made */
    constructor(
        silentByte: number,
        private readonly writev: WriteV = (file, pieces, at) => writevSync(file, pieces, at),
    ) {
        this.silence = new Uint8Array(SILENCE_BYTES).fill(silentByte);
    }

    /** Never throws. */
    do(work: Work): Written {
        if (work.do === 'text') return this.text(work);
        return work.do === 'append' ? this.append(work) : this.close(work);
    }

    /** Closes all files as they are. Never throws. */
    end(): void {
        for (const number of [...this.open.keys()]) this.closeFile(number);
    }

    private append({ file, path, at, header, pieces }: AppendWork): Written {
        let bytes = 0;
        try {
            if (header !== undefined) this.open.set(file, made(path, 'wx'));
            const opened = this.opened(file, path);
            for (const run of this.runs(header, pieces)) {
                this.writeAll(opened, run, at + bytes);
                bytes += run.reduce((sum, { length }) => sum + length, 0);
            }
            return { bytes };
        } catch (fault) {
            return { bytes, fault: faultOf(fault) };
        }
    }

    private close({ file, path, bytes, header }: CloseWork): Written {
        try {
            if (bytes > 0) {
                const opened = this.opened(file, path);
                ftruncateSync(opened, bytes);
                this.writeAll(opened, [header], 0);
                this.open.delete(file);
                closeSync(opened);
            } else if (this.closeFile(file)) rmSync(path);
            return { bytes: 0 };
        } catch (fault) {
            this.closeFile(file);
            return { bytes: 0, fault: faultOf(fault) };
        }
    }

    private text({ file, path, text, then }: TextWork): Written {
        try {
            if (text !== '') {
                let opened = this.open.get(file);
                if (opened === undefined) this.open.set(file, (opened = made(path, 'a')));
                appendFileSync(opened, text);
            }
            if (then !== 'keep') this.closeFile(file);
            if (then === 'remove') rmSync(path, { force: true });
            return { bytes: Buffer.byteLength(text) };
        } catch (fault) {
            this.closeFile(file);
            return { bytes: 0, fault: faultOf(fault) };
        }
    }

    /** A file that a thread before this one has made is opened again. */
    private opened(file: number, path: string): number {
        let opened = this.open.get(file);
        if (opened === undefined) {
            opened = openSync(path, 'r+');
            this.open.set(file, opened);
        }
        return opened;
    }

    /** What one operation writes: silence, or all pieces up to the next silence. The header stands with what follows it. */
    private runs(header: Uint8Array | undefined, pieces: readonly (Uint8Array | number)[]): Uint8Array[][] {
        const runs: Uint8Array[][] = [];
        let sound: Uint8Array[] | undefined;
        for (const piece of pieces) {
            if (typeof piece === 'number') {
                for (let left = piece; left > 0; left -= SILENCE_BYTES) runs.push([this.silence.subarray(0, left)]);
                sound = undefined;
            } else if (sound === undefined) runs.push((sound = [piece]));
            else sound.push(piece);
        }
        if (header !== undefined) runs[0]?.unshift(header);
        return runs;
    }

    /** One operation, unless the disk takes only a part. */
    private writeAll(file: number, pieces: readonly Uint8Array[], position: number): void {
        let left = pieces;
        for (let at = position; left.length > 0;) {
            const taken = this.writev(file, left, at);
            if (taken === 0) throw new Error('The disk takes nothing.');
            at += taken;
            left = withoutFirst(left, taken);
        }
    }

    /** Whether it was open. */
    private closeFile(file: number): boolean {
        const opened = this.open.get(file);
        if (opened === undefined) return false;
        this.open.delete(file);
        try {
            closeSync(opened);
        } catch {
            // The system has closed it all the same.
        }
        return true;
    }
}

/**
 * Its folder is there for all but the first call of a day. The store of another process may remove one that is empty, just before the file is in it.
 *
 * @param flags `wx`: a file that is there already is a fault; `a`: it is added to
 */
function made(path: string, flags: 'wx' | 'a'): number {
    for (let attempt = 0; ; attempt++) {
        try {
            return openSync(path, flags, 0o600);
        } catch (fault) {
            if (faultOf(fault).code !== 'ENOENT' || attempt === 2) throw fault;
            mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        }
    }
}

function withoutFirst(pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
    let skip = bytes;
    return pieces.flatMap((piece) => {
        const taken = Math.min(skip, piece.length);
        skip -= taken;
        return taken === piece.length ? [] : [piece.subarray(taken)];
    });
}

function faultOf(fault: unknown): WriteFault {
    const { code, message } = fault as NodeJS.ErrnoException;
    return { code, message };
}
