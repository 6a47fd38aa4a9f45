import type { CallEvent } from './call-event';
import type { CallSummary } from './call-record';
import type { Violation } from './manner-catalogue';
import { describeReceived, describeSent, isBargeIn, whole } from './timeline-words';

export interface TimelineOptions {
    /** Takes one line, without a line end. */
    write: (line: string) => void;
    /** ANSI colours; only for a terminal. */
    colour: boolean;
    /** Shows what the bot said and the values of output variables. */
    showText?: boolean;
}

type Colour = 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'bold';

const ANSI: Readonly<Record<Colour, number>> = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36, bold: 1 };
const LABEL_WIDTH = 18;
/** Happens all the time and says nothing: pings, and frames beyond the first. */
const COLLAPSED = new Set(['ping', 'pong']);
/** The stream finds out about silence this much later. */
const QUIET_FOUND_AFTER_MS = 600;

/**
 * A call as lines of `seconds  arrow  what`: → from the caller, ← from the server, ⇄ the connection, ⇢ elsewhere.
 * Pings and audio frames are collapsed; every breach of manners stands where it happened. Feed it `Caller`'s `event`s.
 */
export class Timeline {
    private audioMessages = 0;
    private openedAtMs: number | undefined;
    private quietAtMs: number | undefined;
    private heardBefore = false;
    private streaming = false;
    private bargeIn: (CallEvent & { kind: 'received' }) | undefined;

    constructor(private readonly options: TimelineOptions) {}

    add(event: CallEvent): void {
        if (event.kind !== 'playback') this.flushBargeIn();
        switch (event.kind) {
            case 'upgraded':
                this.line(event.atMs, '⇄', 'upgrade', event.signed ? 'accepted, signed' : 'accepted, not signed');
                break;
            case 'refused':
                this.line(event.atMs, '⇄', 'refused', event.why, 'red');
                break;
            case 'sent':
                this.sent(event);
                break;
            case 'sentRaw':
                this.line(event.atMs, '→', '(raw)', `${whole(event.bytes)} bytes outside the protocol`);
                break;
            case 'received':
                this.received(event);
                break;
            case 'audioSent':
                this.audioSent(event.atMs, event.bytes);
                break;
            case 'audioReceived':
                this.audioReceived(event.atMs);
                break;
            case 'playback':
                this.playback(event);
                break;
            case 'talk':
                this.talk(event.atMs, event.talking);
                break;
            case 'violation':
                this.violation(event.violation);
                break;
            case 'fault':
                this.line(event.atMs, '✗', 'fault', event.why, 'red');
                break;
            case 'gone':
                this.gone(event.atMs, event.byServer, event.code);
                break;
            case 'note':
                this.line(event.atMs, event.arrow, event.label, event.text);
                break;
        }
    }

    /** The last lines: what was checked, and how the call went. */
    end(summary: CallSummary): void {
        this.flushBargeIn();
        const { checked, broken, warned } = summary.manners;
        const good = broken.length === 0;
        const warnings = warned.length === 0 ? '' : `, ${warned.length} to look at`;
        const verdict = `${good ? '✓' : '✗'} ${checked.length} manners checked, ${broken.length} broken${warnings}`;
        const figures = [`audio out ${(summary.receivedMs / 1000).toFixed(1)} s`, ...pingFigures(summary.rttsMs)];
        const line = [verdict, ...figures].join(' · ');
        this.options.write(`${' '.repeat(9)}${this.paint(line, good ? 'green' : 'red')}`);
    }

    private sent(event: CallEvent & { kind: 'sent' }): void {
        if (COLLAPSED.has(event.type) || event.type.startsWith('playback_')) return;
        this.line(event.atMs, '→', event.type, describeSent(event.type, event.parameters));
    }

    private received(event: CallEvent & { kind: 'received' }): void {
        const { type = '(unreadable)', atMs, parameters } = event;
        if (COLLAPSED.has(type)) return;
        if (type === 'opened') this.openedAtMs = atMs;
        if (isBargeIn(type, parameters)) this.bargeIn = event;
        else this.line(atMs, '←', type, describeReceived(type, parameters, this.options.showText === true));
    }

    private audioSent(atMs: number, bytes: number): void {
        if (this.streaming) return;
        this.streaming = true;
        this.line(atMs, '→', 'audio', `the caller's line is open, first frame ${whole(bytes)} bytes`);
    }

    private audioReceived(atMs: number): void {
        this.audioMessages++;
        if (this.audioMessages > 1) return;
        this.line(atMs, '←', 'audio', this.firstSound(atMs));
    }

    private firstSound(atMs: number): string {
        const first = !this.heardBefore;
        this.heardBefore = true;
        if (first && this.openedAtMs !== undefined)
            return `first sound, ${whole(atMs - this.openedAtMs)} ms after opened`;
        if (this.quietAtMs === undefined) return 'sound again';
        const afterMs = atMs - this.quietAtMs;
        this.quietAtMs = undefined;
        return `sound again, about ${whole(afterMs)} ms after the caller went quiet`;
    }

    private playback({ what, atMs, heardMs, totalMs }: CallEvent & { kind: 'playback' }): void {
        if (what === 'started') {
            this.line(atMs, '→', 'playback_started', '');
            return;
        }
        const heard = `${whole(heardMs)} of ${whole(totalMs)} ms`;
        const messages = this.audioMessages === 1 ? '1 message' : `${this.audioMessages} messages`;
        this.audioMessages = 0;
        if (what === 'completed') {
            this.flushBargeIn();
            this.line(atMs, '→', 'playback_completed', `${whole(heardMs)} ms heard, ${messages}`);
            return;
        }
        const arrow = this.bargeIn === undefined ? '·' : '←';
        const cause = this.bargeIn === undefined ? '' : 'barge_in · ';
        const label = this.bargeIn === undefined ? '(cut off)' : 'event';
        this.bargeIn = undefined;
        this.line(atMs, arrow, label, `${cause}bot stopped after ${heard}`);
    }

    /** A `barge_in` is printed with what it cut; if it cut nothing, alone. */
    private flushBargeIn(): void {
        if (this.bargeIn === undefined) return;
        const { atMs } = this.bargeIn;
        this.bargeIn = undefined;
        this.line(atMs, '←', 'event', 'barge_in');
    }

    private talk(atMs: number, talking: boolean): void {
        this.quietAtMs = talking ? undefined : atMs - QUIET_FOUND_AFTER_MS;
        this.line(atMs, '→', talking ? '(caller talks)' : '(caller is quiet)', '');
    }

    private violation({ atMs, manner, severity, detail }: Violation): void {
        const [arrow, colour] = severity === 'fail' ? (['✗', 'red'] as const) : (['!', 'yellow'] as const);
        const text = `expected: it ${manner.rule} (${manner.section}); found: ${detail}`;
        this.line(atMs, arrow, `manner ${manner.number}`, text, colour);
    }

    private gone(atMs: number, byServer: boolean, code: number): void {
        if (!byServer && code === 1000) return;
        this.line(
            atMs,
            '⇄',
            'gone',
            `${byServer ? 'the server or the network' : 'the caller'} ended the socket, ${code}`,
        );
    }

    private line(atMs: number, arrow: string, label: string, text: string, colour?: Colour): void {
        const seconds = this.paint((Math.max(0, atMs) / 1000).toFixed(3).padStart(7), 'dim');
        const what = `${arrow} ${label.padEnd(LABEL_WIDTH)} ${text}`.trimEnd();
        this.options.write(`${seconds}  ${this.paint(what, colour ?? (arrow === '←' ? 'cyan' : undefined))}`);
    }

    private paint(text: string, colour: Colour | undefined): string {
        if (!this.options.colour || colour === undefined) return text;
        return `\u001b[${ANSI[colour]}m${text}\u001b[0m`;
    }
}

function pingFigures(rttsMs: readonly number[]): string[] {
    const median = [...rttsMs].sort((a, b) => a - b)[Math.floor(rttsMs.length / 2)];
    return median === undefined ? [] : [`${rttsMs.length} pings, ${median.toFixed(1)} ms`];
}
