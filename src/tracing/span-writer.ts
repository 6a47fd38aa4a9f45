import {
    SpanKind,
    SpanStatusCode,
    trace,
    type Attributes,
    type Context,
    type HrTime,
    type Tracer,
} from '@opentelemetry/api';

/** Something that happened at one moment within a span. */
export interface SpanEvent {
    readonly name: string;
    /** By the call's clock, ms. */
    readonly atMs: number;
    readonly attributes: Attributes;
}

/** A span that is over. Times are those of the call's clock, ms. */
export interface FinishedSpan {
    readonly name: string;
    /** Default: within this process. */
    readonly kind?: SpanKind;
    readonly startMs: number;
    readonly endMs: number;
    readonly attributes: Attributes;
    readonly events?: readonly SpanEvent[];
    /** Why it failed: a code of the error catalogue, or of the service; undefined: it did not. */
    readonly fault?: string | undefined;
}

/** Spans of one call, its own apart; more are only counted. */
const MAX_SPANS = 4000;
const NANOSECONDS_PER_MS = 1e6;

/** Writes the spans of one call, each when it is over, with its own times. */
export class SpanWriter {
    private written = 0;
    private leftOut = 0;

    /** `epochOffsetMs`: wall clock less the call's clock, ms. */
    constructor(
        private readonly tracer: Tracer,
        private readonly epochOffsetMs: number,
    ) {}

    /** Spans that were not written because the call has too many. */
    get leftOutCount(): number {
        return this.leftOut;
    }

    /** Writes a span below that of `parent`. @returns where its own children hang */
    write(parent: Context, span: FinishedSpan): Context {
        if (this.written >= MAX_SPANS) {
            this.leftOut += 1;
            return parent;
        }
        this.written += 1;
        const { name, kind = SpanKind.INTERNAL, startMs, endMs, attributes, events = [], fault } = span;
        const made = this.tracer.startSpan(name, { kind, startTime: this.time(startMs), attributes }, parent);
        for (const event of events) made.addEvent(event.name, event.attributes, this.time(event.atMs));
        if (fault !== undefined) made.setAttribute('error.type', fault).setStatus(failed(fault));
        made.end(this.time(Math.max(startMs, endMs)));
        return trace.setSpan(parent, made);
    }

    /** A time of the call's clock, as a span takes it. */
    time(atMs: number): HrTime {
        return epochTime(this.epochOffsetMs + atMs);
    }
}

/** Milliseconds since 1970 as seconds and nanoseconds: the SDK could take a plain number for the time since the start of the process. */
export function epochTime(epochMs: number): HrTime {
    const seconds = Math.floor(epochMs / 1000);
    return [seconds, Math.floor((epochMs - seconds * 1000) * NANOSECONDS_PER_MS)];
}

/** The status of a span that failed with this code. */
export function failed(code: string): { code: SpanStatusCode; message: string } {
    return { code: SpanStatusCode.ERROR, message: code };
}
