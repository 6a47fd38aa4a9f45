import type { Attributes, Context } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { isContent } from './content';

/** Takes attributes with content out of every span and its events before `next` gets it, wherever in the process they were set. */
export class ContentFilter implements SpanProcessor {
    constructor(private readonly next: SpanProcessor) {}

    onStart(span: Span, parent: Context): void {
        this.next.onStart(span, parent);
    }

    onEnd(span: ReadableSpan): void {
        this.next.onEnd(withoutContent(span));
    }

    forceFlush(): Promise<void> {
        return this.next.forceFlush();
    }

    shutdown(): Promise<void> {
        return this.next.shutdown();
    }
}

/** The same span where it holds no content; else one that looks like it, without. */
function withoutContent(span: ReadableSpan): ReadableSpan {
    const { attributes, events } = span;
    const areEventsClean = events.every((event) => event.attributes === undefined || isClean(event.attributes));
    if (isClean(attributes) && areEventsClean) return span;
    const clean = events.map((event) => ({ ...event, attributes: cleaned(event.attributes ?? {}) }));
    return Object.create(span, {
        attributes: { value: cleaned(attributes), enumerable: true },
        events: { value: clean, enumerable: true },
    }) as ReadableSpan;
}

function isClean(attributes: Attributes): boolean {
    return !Object.keys(attributes).some(isContent);
}

function cleaned(attributes: Attributes): Attributes {
    return Object.fromEntries(Object.entries(attributes).filter(([name]) => !isContent(name)));
}
