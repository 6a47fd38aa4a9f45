import { isFields, textIn, finiteIn } from '../../src/support/json';

/** What the log of a server says about its calls, read line by line while it runs. */
export class ServerLog {
    /** The reasons in the lines `call ended`, by the id of the session. */
    readonly ends = new Map<string, string[]>();
    /** Codes of warnings and errors, with their number. */
    readonly codes = new Map<string, number>();
    /** Lines that name a fault of the program itself. */
    readonly internalFaults: string[] = [];
    lines = 0;
    private rest = '';
    private droppedLines = 0;

    /** A piece of what the server printed. */
    add(text: string): void {
        const lines = (this.rest + text).split('\n');
        this.rest = lines.pop() ?? '';
        for (const line of lines) this.read(line);
    }

    /** Lines that the server says it dropped since this was asked last. */
    takeDropped(): number {
        const { droppedLines } = this;
        this.droppedLines = 0;
        return droppedLines;
    }

    private read(line: string): void {
        this.lines += 1;
        let fields: unknown;
        try {
            fields = JSON.parse(line);
        } catch {
            return;
        }
        if (!isFields(fields)) return;
        const session = textIn(fields, 'session');
        if (textIn(fields, 'msg') === 'call ended' && session !== undefined)
            this.ends.set(session, [...(this.ends.get(session) ?? []), textIn(fields, 'endReason') ?? '']);
        const code = textIn(fields, 'code');
        if (code !== undefined) this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
        if (code === 'ERR_LOG_DROPPED') this.droppedLines += finiteIn(fields, 'lines') ?? 0;
        if (code === 'ERR_INTERNAL') this.internalFaults.push(line.slice(0, 600));
    }
}
