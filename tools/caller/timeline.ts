import type { CallEvent } from './call-event';
import { CallPicture } from './call-picture';
import type { CallSummary } from './call-record';
import { TimelineRows, type TimelineRow, whole } from './timeline-rows';

export interface TimelineOptions {
    /** Takes one line, without a line end. */
    write: (line: string) => void;
    /** ANSI colours; only for a terminal. */
    colour: boolean;
    /** Shows what the bot said and the values of output variables. */
    showText?: boolean;
}

type Colour = 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const ANSI: Readonly<Record<Colour, number>> = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
const TONES: Readonly<Record<TimelineRow['tone'], Colour | undefined>> = {
    bad: 'red',
    warn: 'yellow',
    server: 'cyan',
    plain: undefined,
};
const LABEL_WIDTH = 18;

/**
 * The terminal's face of a call: its rows as lines of `seconds  arrow  what`. The console's page is the other face, of the
 * same events. Feed it `Caller`'s `event`s.
 */
export class Timeline {
    private readonly rows: TimelineRows;
    private readonly picture = new CallPicture();

    constructor(private readonly options: TimelineOptions) {
        this.rows = new TimelineRows({ showText: options.showText });
    }

    add(event: CallEvent): void {
        this.picture.add(event);
        this.print(this.rows.add(event));
    }

    /** The last lines: what was checked, and how the call went. */
    end(summary: CallSummary): void {
        this.print(this.rows.end());
        const { checked, broken, warned } = summary.protocol;
        const good = broken.length === 0;
        const warnings = warned.length === 0 ? '' : `, ${warned.length} to look at`;
        const verdict = `${good ? '✓' : '✗'} ${checked.length} protocol checks, ${broken.length} broken${warnings}`;
        const figures = [
            `audio out ${(summary.receivedMs / 1000).toFixed(1)} s`,
            ...medianOf(summary.rttsMs, 'ping', (ms) => ms.toFixed(1)),
            ...medianOf(this.picture.waitsMs, 'turn', whole),
        ];
        const line = [verdict, ...figures].join(' · ');
        this.options.write(`${' '.repeat(9)}${this.paint(line, good ? 'green' : 'red')}`);
    }

    private print(rows: readonly TimelineRow[]): void {
        for (const { atMs, arrow, label, text, tone } of rows) {
            const seconds = this.paint((Math.max(0, atMs) / 1000).toFixed(3).padStart(7), 'dim');
            const what = `${arrow} ${label.padEnd(LABEL_WIDTH)} ${text}`.trimEnd();
            this.options.write(`${seconds}  ${this.paint(what, TONES[tone])}`);
        }
    }

    private paint(text: string, colour: Colour | undefined): string {
        if (!this.options.colour || colour === undefined) return text;
        return `\u001b[${ANSI[colour]}m${text}\u001b[0m`;
    }
}

/** `4 pings, 1.9 ms`: how many, and the one in the middle. Nothing for none. */
function medianOf(valuesMs: readonly number[], name: string, write: (ms: number) => string): string[] {
    const median = [...valuesMs].sort((a, b) => a - b)[Math.floor(valuesMs.length / 2)];
    if (median === undefined) return [];
    return [`${valuesMs.length} ${name}${valuesMs.length > 1 ? 's' : ''}, ${write(median)} ms`];
}
