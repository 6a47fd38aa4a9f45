/** What is written of calls that run, and what the thread that writes it and its owner say to each other. */

/** What is written: bytes, which must not change until they are written, or so many bytes of silence. */
export type Piece = Uint8Array | number;

/** How a piece of work ended. */
export interface Written {
    /** So many bytes more stand in the file, from where it was written; what is not counted may stand there in part. */
    readonly bytes: number;
    readonly fault?: WriteFault;
}

/** Why a file cannot be written. */
export interface WriteFault {
    readonly message: string;
    /** The system's name, such as ENOSPC; undefined: it has none. */
    readonly code: string | undefined;
}

/** The code of work that was given up before it was begun. */
export const NOT_BEGUN = 'ECANCELED';

/** What becomes of a text file once a piece of it is written: it stays open, is closed, or is removed. */
export type Then = 'keep' | 'close' | 'remove';

/** One text file, to which is only ever added. At most one operation of it is on its way. */
export interface TextFile {
    /**
     * Adds text, unless it is empty. The file is made when it is missing: mode 0600, and its folder with mode 0700. After a fault some of the text may
     * stand in the file, and the file is closed; the next text opens it again. Never rejects.
     */
    write(text: string, then: Then): Promise<Written>;
}

/** One file of sound that is being made. At most one operation of it is on its way. None rejects. */
export interface DiskFile {
    /**
     * Writes the pieces from byte `at` on, one after another.
     *
     * @param header stands before them. With it the file is made: mode 0600, and its folder with mode 0700 where it is missing. A file that
     *   is there already is a fault (EEXIST), and is not touched.
     */
    append(at: number, pieces: readonly Piece[], header?: Uint8Array): Promise<Written>;
    /**
     * The file is over: it gets `bytes` bytes, of which the first are `header`. With 0 bytes it is removed, if `append` has made it. Of the result only
     * the fault counts.
     */
    close(bytes: number, header: Uint8Array): Promise<Written>;
    /** What has not been begun is not done, and ends with the fault NOT_BEGUN; what has been begun is not waited for at the end of the process. */
    giveUp(): void;
}

/** The disk, for all calls of a process. */
export interface Disk {
    /** Nothing is made yet. */
    file(path: string): DiskFile;
    /** Nothing is made yet. */
    textFile(path: string): TextFile;
    /** Ends it, after what is on its way; for 2 s at most. Never rejects. */
    close(): Promise<void>;
}

/** What the thread is asked, all that is due in one message; `end`: it closes all files and ends. */
export type WriteRequest = readonly Work[] | 'end';
/** Its answer: one for each, in their order. */
export type WriteReply = readonly Written[];

export type Work = AppendWork | CloseWork | TextWork;

interface FileWork {
    /** The file's number, which no other file of this process has. */
    readonly file: number;
    readonly path: string;
}

export interface AppendWork extends FileWork {
    readonly do: 'append';
    readonly at: number;
    readonly header: Uint8Array | undefined;
    readonly pieces: readonly Piece[];
}

export interface CloseWork extends FileWork {
    readonly do: 'close';
    readonly bytes: number;
    readonly header: Uint8Array;
}

export interface TextWork extends FileWork {
    readonly do: 'text';
    readonly text: string;
    readonly then: Then;
}
