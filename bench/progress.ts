import { systemClock, type Clock } from '../src/support/clock';

/** Where a progress is shown; default: the terminal's error output, so that the table alone goes into a file. */
export interface ProgressOutput {
    write(text: string): void;
    /** One line is written over; elsewhere there is a line of its own now and then. */
    isTerminal: boolean;
}

const TERMINAL_EVERY_MS = 200;
const ELSEWHERE_EVERY_MS = 10_000;
const CLEAR_LINE = '\r\x1b[K';

const errorOutput: ProgressOutput = {
    write: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
};

/** Shows how much of a long work there is, how much is done, and how long the rest will take at this pace. */
export class Progress {
    private doneUnits = 0;
    private shownAtMs = -Infinity;
    private readonly startedAtMs: number;

    /** `units`: what is counted, in the plural. */
    constructor(
        private readonly total: number,
        private readonly units: string,
        private readonly clock: Clock = systemClock,
        private readonly output: ProgressOutput = errorOutput,
    ) {
        this.startedAtMs = clock.nowMs();
        this.show();
    }

    /** So many more are done. */
    add(count = 1): void {
        this.doneUnits += count;
        const everyMs = this.output.isTerminal ? TERMINAL_EVERY_MS : ELSEWHERE_EVERY_MS;
        if (this.clock.nowMs() - this.shownAtMs >= everyMs) this.show();
    }

    /** Prints a line of the table above the progress. */
    print(line: string): void {
        this.clear();
        console.log(line);
        if (this.output.isTerminal) this.show();
    }

    /** The work is over: the line goes away. */
    end(): void {
        this.clear();
    }

    private clear(): void {
        if (this.output.isTerminal) this.output.write(CLEAR_LINE);
    }

    private show(): void {
        this.shownAtMs = this.clock.nowMs();
        const done = Math.min(this.doneUnits, this.total);
        const line = `  ${whole(done)} of ${whole(this.total)} ${this.units} done, ${this.timeLeft(done)}`;
        this.output.write(this.output.isTerminal ? `${CLEAR_LINE}${line}` : `${line}\n`);
    }

    private timeLeft(done: number): string {
        if (done === 0) return 'time left not known yet';
        const leftMs = ((this.clock.nowMs() - this.startedAtMs) / done) * (this.total - done);
        return `about ${duration(leftMs)} left`;
    }
}

/** Shows how far a work of known length is, until `work` is done. */
export async function withClock<Result>(seconds: number, work: Promise<Result>): Promise<Result> {
    const progress = new Progress(seconds, 'seconds');
    const timer = setInterval(() => {
        progress.add();
    }, 1000);
    try {
        return await work;
    } finally {
        clearInterval(timer);
        progress.end();
    }
}

function whole(value: number): string {
    return String(Math.floor(value));
}

function duration(ms: number): string {
    const seconds = Math.ceil(ms / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
