import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { ERRORS } from '../support/errors';
import { finiteIn, isFields, textIn } from '../support/json';
import type { LogFields, Logger } from '../support/logger';
import { redact } from '../support/redact';

type Done = Parameters<SpanExporter['export']>[1];

/** Hands spans to an exporter, and logs one line when it begins to fail and one when it works again. */
export class ExportWatch implements SpanExporter {
    private isDown = false;
    private lostSpans = 0;

    /** `address`: the receiver, as it may be logged. */
    constructor(
        private readonly exporter: SpanExporter,
        private readonly address: string,
        private readonly logger: Logger,
    ) {}

    export(spans: ReadableSpan[], done: Done): void {
        try {
            this.exporter.export(spans, (result) => {
                if (result.error === undefined) this.worked();
                else this.failed(spans.length, result.error);
                done(result);
            });
        } catch (fault) {
            this.failed(spans.length, fault);
            throw fault;
        }
    }

    async forceFlush(): Promise<void> {
        await this.exporter.forceFlush?.();
    }

    shutdown(): Promise<void> {
        return this.exporter.shutdown();
    }

    private worked(): void {
        if (!this.isDown) return;
        this.logger.info({ address: this.address, lostSpans: this.lostSpans }, 'Traces are sent again.');
        this.isDown = false;
        this.lostSpans = 0;
    }

    private failed(spans: number, fault: unknown): void {
        this.lostSpans += spans;
        if (this.isDown) return;
        this.isDown = true;
        const fields = { code: 'ERR_TRACES_LOST', address: this.address, ...factsOf(fault) };
        this.logger.warn(fields, ERRORS.ERR_TRACES_LOST.cause);
    }
}

/** The HTTP status and the receiver's words, or the system's name of the fault. */
function factsOf(fault: unknown): LogFields {
    if (!isFields(fault)) return {};
    const code = fault['code'];
    const words = textIn(fault, 'data');
    return {
        status: finiteIn(fault, 'code'),
        systemError: typeof code === 'string' ? code : undefined,
        fault: redact(textIn(fault, 'message') ?? ''),
        apiMessage: words === undefined ? undefined : redact(words),
    };
}
