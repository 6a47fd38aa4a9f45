import { heardText } from '../../src/support/heard-text';
import type { CallEvent, CallEventOf, OverlapVerdict } from './call-event';
import { BYTES_PER_MS } from './media';
import { RateCheck } from './rate-check';
import { overlapText } from './timeline-rows';
import { TurnTimes, type Turn } from './turn-times';

/** A stretch of time, ms since the call was dialled; `toMs` undefined: it lasts. */
export interface Span {
    fromMs: number;
    toMs: number | undefined;
}

/** One unbroken run of bot audio in the caller's playback. */
export interface BotStretch {
    /** When its first sample sounded. */
    startMs: number;
    /** Its first byte among all bot audio that was received. */
    fromByte: number;
    /** How much was heard, and how much was received for it; both grow while it plays. */
    heardMs: number;
    totalMs: number;
    end: 'playing' | 'completed' | 'flushed';
}

/** One transcript, as far as it is known. */
export interface TranscriptLine {
    atMs: number;
    speaker: 'caller' | 'bot';
    itemId: string;
    /** All that was said, or generated. */
    text: string;
    /** What the caller heard of it; the same as `text` unless they interrupted. */
    heard: string;
    /** Said by the caller over the bot, and no turn; `text` is empty where it is not known. */
    ignored?: true;
}

/** One utterance of the caller over the bot. */
export interface Overlap extends Span {
    toMs: number;
    /** Oldest first. */
    verdicts: { atMs: number; verdict: OverlapVerdict; reason: string; text: string }[];
}

/** Verdicts about one utterance agree about its beginning, but for the jitter of the caller's audio, ms. */
const SAME_BEGINNING_MS = 250;

/** A call as it can be drawn: everything that has a length, from the same events that the terminal prints. */
export class CallPicture {
    readonly stretches: BotStretch[] = [];
    readonly talk: Span[] = [];
    /** Where the server's voice activity detection found speech. */
    readonly vad: Span[] = [];
    readonly holds: Span[] = [];
    readonly secure: Span[] = [];
    /** What the caller said over the bot, where the server has judged it. */
    readonly overlaps: Overlap[] = [];
    /** Text and audio messages of the server against Genesys' limit. */
    readonly textRate = new RateCheck();
    readonly audioRate = new RateCheck();
    /** Time of the latest event. */
    lastMs = 0;
    private readonly said: { line: TranscriptLine; share: number }[] = [];
    private readonly turnTimes = new TurnTimes();
    private receivedBytes = 0;
    private placedBytes = 0;

    /** Oldest first; the last one may still be waiting for its response. */
    get turns(): readonly Turn[] {
        return this.turnTimes.turns;
    }

    /** For every answered turn, ms from the end of the caller's speech (or their key) to the beginning of playback. */
    get waitsMs(): readonly number[] {
        return this.turns.flatMap(({ trigger, endMs, playbackMs }) =>
            trigger === 'opened' || playbackMs === undefined ? [] : [playbackMs - endMs],
        );
    }

    get transcript(): readonly TranscriptLine[] {
        return this.said.map(({ line, share }) => ({ ...line, heard: heardText(line.text, share) }));
    }

    /** Bot audio that was not played yet at `atMs`, ms: the server's lead. */
    leadMs(atMs: number): number {
        const waitingMs = (this.receivedBytes - this.placedBytes) / BYTES_PER_MS;
        const playing = this.playing;
        if (playing === undefined) return waitingMs;
        return Math.max(0, waitingMs - (atMs - playing.startMs));
    }

    add(event: CallEvent): void {
        this.lastMs = Math.max(this.lastMs, event.atMs);
        this.turnTimes.add(event, this.playing !== undefined);
        switch (event.kind) {
            case 'received':
                this.textRate.add(event.atMs);
                break;
            case 'audioReceived':
                this.audioReceived(event);
                break;
            case 'playback':
                this.playback(event);
                break;
            case 'talk':
                mark(this.talk, event.talking, event.atMs - event.agoMs);
                break;
            case 'vad':
                mark(this.vad, event.speaking, event.atMs - event.agoMs);
                break;
            case 'sent':
                if (event.type === 'paused' || event.type === 'resumed')
                    mark(this.holds, event.type === 'paused', event.atMs);
                break;
            case 'keypad':
                mark(this.secure, event.secure, event.atMs);
                break;
            case 'transcript':
                this.addSaid(event);
                break;
            case 'overlap':
                this.addOverlap(event);
                break;
            case 'heard':
                this.addHeard(event);
                break;
            default:
                break;
        }
    }

    private get playing(): BotStretch | undefined {
        const last = this.stretches.at(-1);
        return last?.end === 'playing' ? last : undefined;
    }

    private audioReceived({ atMs, bytes }: CallEventOf<'audioReceived'>): void {
        this.audioRate.add(atMs);
        this.receivedBytes += bytes;
        const playing = this.playing;
        if (playing !== undefined) playing.totalMs = (this.receivedBytes - playing.fromByte) / BYTES_PER_MS;
    }

    private playback({ what, atMs, heardMs, totalMs }: CallEventOf<'playback'>): void {
        const playing = this.playing;
        if (what === 'started') {
            const waitingMs = (this.receivedBytes - this.placedBytes) / BYTES_PER_MS;
            const fromByte = this.placedBytes;
            this.stretches.push({ startMs: atMs, fromByte, heardMs: 0, totalMs: waitingMs, end: 'playing' });
        } else if (playing !== undefined) {
            Object.assign(playing, { heardMs, totalMs, end: what });
            this.placedBytes = playing.fromByte + Math.round(totalMs * BYTES_PER_MS);
        }
    }

    private addSaid({ atMs, speaker, itemId, text, ignored }: CallEventOf<'transcript'>): void {
        const mark = ignored === true ? { ignored } : {};
        const line = this.said.find((each) => each.line.itemId === itemId)?.line;
        if (line === undefined)
            this.said.push({ line: { atMs, speaker, itemId, text, heard: text, ...mark }, share: 1 });
        else Object.assign(line, { text: text === '' ? line.text : text, ...mark });
    }

    private addOverlap(event: CallEventOf<'overlap'>): void {
        const { atMs, verdict, reason, spanMs, beganAgoMs } = event;
        const fromMs = Math.max(0, atMs - beganAgoMs);
        const last = this.overlaps.at(-1);
        const isSame = last !== undefined && Math.abs(last.fromMs - fromMs) < SAME_BEGINNING_MS;
        const overlap = isSame ? last : { fromMs, toMs: fromMs, verdicts: [] };
        if (!isSame) this.overlaps.push(overlap);
        overlap.toMs = Math.max(overlap.toMs, overlap.fromMs + spanMs);
        overlap.verdicts.push({ atMs, verdict, reason, text: overlapText(event, true) });
    }

    private addHeard({ itemId, heardMs, receivedMs }: CallEventOf<'heard'>): void {
        const known = this.said.find(({ line }) => line.itemId === itemId);
        if (known !== undefined) known.share = heardMs / Math.max(1, receivedMs);
    }
}

/** Begins a span, or ends the one that lasts. Beginning twice is once. */
function mark(spans: Span[], begins: boolean, atMs: number): void {
    const last = spans.at(-1);
    const lasts = last !== undefined && last.toMs === undefined;
    if (begins && !lasts) spans.push({ fromMs: atMs, toMs: undefined });
    if (!begins && lasts) last.toMs = Math.max(atMs, last.fromMs);
}
