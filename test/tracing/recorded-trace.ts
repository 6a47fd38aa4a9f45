import { trace, type Attributes } from '@opentelemetry/api';
import {
    BasicTracerProvider,
    InMemorySpanExporter,
    SimpleSpanProcessor,
    type ReadableSpan,
    type Sampler,
    type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** The spans that a registered provider was given, in memory. */
export class RecordedTrace {
    private readonly exporter = new InMemorySpanExporter();

    /** Registers a provider for the process of the test; `stop` takes it away. */
    constructor(options: { sampler?: Sampler; wrap?: (next: SpanProcessor) => SpanProcessor } = {}) {
        const { sampler, wrap } = options;
        const plain = new SimpleSpanProcessor(this.exporter);
        const spanProcessors = [wrap?.(plain) ?? plain];
        const provider = new BasicTracerProvider({ spanProcessors, ...(sampler !== undefined && { sampler }) });
        if (!trace.setGlobalTracerProvider(provider)) throw new Error('another provider is registered');
    }

    stop(): void {
        trace.disable();
    }

    get spans(): readonly ReadableSpan[] {
        return this.exporter.getFinishedSpans();
    }

    named(name: string): readonly ReadableSpan[] {
        return this.spans.filter((span) => span.name === name);
    }

    /** The first span of this name. */
    only(name: string): ReadableSpan {
        const [span] = this.named(name);
        if (span === undefined)
            throw new Error(`no span ${name} among ${this.spans.map((each) => each.name).join(', ')}`);
        return span;
    }

    /** Every span as a line, indented below its parent, in the order of their beginnings: name, then beginning and end in ms since `zeroMs`. */
    tree(zeroMs: number): string[] {
        const below = (parentId: string | undefined, indent: string): string[] =>
            this.spans
                .filter((span) => span.parentSpanContext?.spanId === parentId)
                .sort((a, b) => msOf(a.startTime) - msOf(b.startTime))
                .flatMap((span) => [
                    `${indent}${span.name} ${msOf(span.startTime) - zeroMs}–${msOf(span.endTime) - zeroMs}`,
                    ...below(span.spanContext().spanId, `${indent}  `),
                ]);
        return below(undefined, '');
    }
}

/** Whole milliseconds since 1970. */
export function msOf([seconds, nanoseconds]: [number, number]): number {
    return Math.round(seconds * 1000 + nanoseconds / 1e6);
}

/** The events of a span: name, ms since `zeroMs`, attributes. */
export function eventsOf(span: ReadableSpan, zeroMs: number): [string, number, Attributes][] {
    return span.events.map(({ name, time, attributes }) => [name, msOf(time) - zeroMs, attributes ?? {}]);
}
