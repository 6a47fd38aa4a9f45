import { emptyMemory, instantiate, type Program, type ProgramMemory } from '../../support/web-assembly';

/**
 * The world of a WASI program (preview 1), all of it in memory: its arguments, a clock, and one file that it writes. There
 * is no disk, no network and no environment, and what goes to standard output is dropped. Only the calls that the speech
 * program makes are answered; Node's own `node:wasi` would print a warning at every start.
 */

/**
 * Runs a program once, from its start to its end, and returns what it wrote to its file: a new array.
 *
 * @param args the command line, the program's name first; a zero octet ends an argument early
 * @param maxBytes the longest file that it may write
 * @throws Error when it exits with another code than 0, writes more than that, or crashes
 */
export function runInMemory(program: Program, args: readonly string[], maxBytes: number): Uint8Array {
    const host = new MemoryHost(args, maxBytes);
    const instance = instantiate(program, { wasi_snapshot_preview1: host.calls() }) as WasiProgram;
    host.memory = instance.memory;
    try {
        instance._start();
    } catch (fault) {
        if (!(fault instanceof Exit) || fault.exitCode !== 0) throw fault;
    }
    return host.written();
}

interface WasiProgram {
    memory: ProgramMemory;
    _start(): void;
}

/** WASI error numbers. */
const SUCCESS = 0;
const BAD_DESCRIPTOR = 8;
const NOT_SUPPORTED = 58;

/** Descriptors: 0 to 2 are the standard streams, 3 is the root folder, 4 is the file. */
const ROOT = 3;
const FILE = 4;

/** WASI file types. */
const CHARACTER_DEVICE = 2;
const DIRECTORY = 3;
const REGULAR_FILE = 4;

const ALL_RIGHTS = 0xffff_ffff_ffff_ffffn;
const NANOSECONDS_PER_MS = 1_000_000n;

class Exit extends Error {
    constructor(readonly exitCode: number) {
        super(`The program ended with exit code ${exitCode}.`);
    }
}

class MemoryHost {
    memory = emptyMemory();
    private readonly args: readonly Uint8Array[];
    private file = new Uint8Array(1 << 16);
    private length = 0;
    private position = 0;

    constructor(
        args: readonly string[],
        private readonly maxBytes: number,
    ) {
        this.args = args.map((arg) => new TextEncoder().encode(`${arg}\0`));
    }

    written(): Uint8Array {
        return this.file.slice(0, this.length);
    }

    /** What the program imports, under the names of the specification. */
    calls(): Record<string, (...args: never[]) => number> {
        return {
            args_sizes_get: (countAt: number, bytesAt: number) => this.argsSizes(countAt, bytesAt),
            args_get: (pointersAt: number, bytesAt: number) => this.argsGet(pointersAt, bytesAt),
            clock_time_get: (_clock: number, _precision: bigint, at: number) => this.time(at),
            fd_close: () => SUCCESS,
            fd_fdstat_get: (descriptor: number, at: number) => this.describe(descriptor, at),
            fd_fdstat_set_flags: () => SUCCESS,
            fd_prestat_get: (descriptor: number, at: number) => this.folder(descriptor, at),
            fd_prestat_dir_name: (_descriptor: number, at: number) => this.folderName(at),
            path_open: (...args: number[]) => this.open(args[8] ?? 0),
            fd_seek: (descriptor: number, offset: bigint, whence: number, at: number) =>
                this.seek(descriptor, Number(offset), whence, at),
            fd_read: (_descriptor: number, _vectors: number, _count: number, at: number) => this.answer(at, 0),
            fd_write: (descriptor: number, vectors: number, count: number, at: number) =>
                this.write(descriptor, vectors, count, at),
            proc_exit: (exitCode: number) => {
                throw new Exit(exitCode);
            },
        };
    }

    private get view(): DataView {
        return new DataView(this.memory.buffer);
    }

    private answer(at: number, value: number): number {
        this.view.setUint32(at, value, true);
        return SUCCESS;
    }

    private argsSizes(countAt: number, bytesAt: number): number {
        this.answer(countAt, this.args.length);
        return this.answer(
            bytesAt,
            this.args.reduce((sum, arg) => sum + arg.length, 0),
        );
    }

    private argsGet(pointersAt: number, bytesAt: number): number {
        const bytes = new Uint8Array(this.memory.buffer);
        let at = bytesAt;
        for (const [index, arg] of this.args.entries()) {
            this.view.setUint32(pointersAt + 4 * index, at, true);
            bytes.set(arg, at);
            at += arg.length;
        }
        return SUCCESS;
    }

    private time(at: number): number {
        this.view.setBigUint64(at, BigInt(Date.now()) * NANOSECONDS_PER_MS, true);
        return SUCCESS;
    }

    private describe(descriptor: number, at: number): number {
        const type = descriptor < ROOT ? CHARACTER_DEVICE : descriptor === ROOT ? DIRECTORY : REGULAR_FILE;
        const view = this.view;
        view.setUint32(at, type, true);
        view.setUint32(at + 4, 0, true);
        view.setBigUint64(at + 8, ALL_RIGHTS, true);
        view.setBigUint64(at + 16, ALL_RIGHTS, true);
        return SUCCESS;
    }

    private folder(descriptor: number, at: number): number {
        if (descriptor !== ROOT) return BAD_DESCRIPTOR;
        this.answer(at, 0);
        return this.answer(at + 4, 1);
    }

    private folderName(at: number): number {
        this.view.setUint8(at, '/'.charCodeAt(0));
        return SUCCESS;
    }

    private open(at: number): number {
        this.position = 0;
        return this.answer(at, FILE);
    }

    private seek(descriptor: number, offset: number, whence: number, at: number): number {
        if (descriptor !== FILE) return NOT_SUPPORTED;
        const from = [0, this.position, this.length][whence] ?? 0;
        this.position = Math.max(0, from + offset);
        this.view.setBigUint64(at, BigInt(this.position), true);
        return SUCCESS;
    }

    private write(descriptor: number, vectors: number, count: number, at: number): number {
        const view = this.view;
        let total = 0;
        for (let vector = vectors; vector < vectors + 8 * count; vector += 8) {
            const start = view.getUint32(vector, true);
            const length = view.getUint32(vector + 4, true);
            if (descriptor === FILE) this.append(new Uint8Array(this.memory.buffer, start, length));
            total += length;
        }
        return this.answer(at, total);
    }

    private append(bytes: Uint8Array): void {
        const end = this.position + bytes.length;
        if (end > this.maxBytes) throw new Error(`The program wrote more than ${this.maxBytes} bytes.`);
        if (end > this.file.length) {
            const larger = new Uint8Array(Math.max(end, 2 * this.file.length));
            larger.set(this.file);
            this.file = larger;
        }
        this.file.set(bytes, this.position);
        this.position = end;
        this.length = Math.max(this.length, end);
    }
}
