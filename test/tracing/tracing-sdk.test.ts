import { SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { BasicTracerProvider, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { ContentFilter } from '../../src/tracing/content-filter';
import { ExportWatch } from '../../src/tracing/export-watch';
import { startTracing } from '../../src/tracing/tracing-sdk';
import { LogRecorder } from '../support/log-recorder';
import { RecordedTrace } from './recorded-trace';

const NOWHERE = { url: 'http://127.0.0.1:1/v1/traces?key=secret', serviceName: 'bots' };
type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];
/** The values of `ExportResultCode`, whose package is none of this project's own. */
const [SUCCESS, FAILED] = [0, 1] as unknown as [ExportResult['code'], ExportResult['code']];

const tracer = (): Tracer => trace.getTracer('test');

describe('startTracing', () => {
    afterEach(() => {
        trace.disable();
        jest.resetModules();
    });

    it('registers nothing where no traces are to be sent', () => {
        const log = new LogRecorder();
        expect(startTracing({ tracing: undefined, traceContent: false }, log)).toBeUndefined();
        expect(tracer().startSpan('x').isRecording()).toBe(false);
        expect(log.lines).toEqual([]);
    });

    it('leaves a provider in place that is registered already', () => {
        const recorded = new RecordedTrace();
        const log = new LogRecorder();
        expect(startTracing({ tracing: NOWHERE, traceContent: false }, log)).toBeUndefined();
        tracer().startSpan('x').end();
        expect(recorded.named('x')).toHaveLength(1);
        expect(log.lines.map(({ message }) => message)).toEqual([
            'A tracer provider is registered already, and is used for the traces.',
        ]);
    });

    it('refuses to start where the packages are not installed', () => {
        jest.doMock('@opentelemetry/exporter-trace-otlp-proto', () => {
            throw new Error("Cannot find module '@opentelemetry/exporter-trace-otlp-proto'\nRequire stack: …");
        });
        expect(() => startTracing({ tracing: NOWHERE, traceContent: false }, new LogRecorder())).toThrow(
            expect.objectContaining({
                code: 'ERR_TRACES_SDK',
                detail: "Cannot find module '@opentelemetry/exporter-trace-otlp-proto'",
            }) as Error,
        );
        jest.dontMock('@opentelemetry/exporter-trace-otlp-proto');
    });
});

describe('the content filter', () => {
    it('hands on a span without content as it is, and of another one all the rest', () => {
        const ended: ReadableSpan[] = [];
        const started: unknown[] = [];
        const filter = new ContentFilter({
            onStart: (span) => started.push(span),
            onEnd: (span) => ended.push(span),
            forceFlush: () => Promise.resolve(),
            shutdown: () => Promise.resolve(),
        });
        const own = new BasicTracerProvider({ spanProcessors: [filter] }).getTracer('test');
        own.startSpan('plain', { attributes: { a: 1 } }).end();
        const span = own.startSpan('told', { attributes: { 'gen_ai.tool.call.result': '4711', a: 1 } });
        span.setStatus({ code: SpanStatusCode.ERROR, message: 'x' }).end();
        expect(ended[0]).toBe(started[0]);
        expect(ended[1]).toMatchObject({ name: 'told', attributes: { a: 1 }, status: { message: 'x' } });
        expect(Object.keys(ended[1]?.attributes ?? {})).toEqual(['a']);
        expect(ended[1]?.spanContext()).toEqual(span.spanContext());
    });
});

describe('the watch over an exporter', () => {
    it('logs a line when it begins to fail, and one when it works again, with the number of lost spans', () => {
        const answers: (Error | undefined)[] = [];
        const exporter: SpanExporter = {
            export: (_spans, done) => {
                const error = answers.shift();
                const code: ExportResult['code'] = error === undefined ? SUCCESS : FAILED;
                done(error === undefined ? { code } : { code, error });
            },
            shutdown: () => Promise.resolve(),
        };
        const log = new LogRecorder();
        const watch = new ExportWatch(exporter, 'http://collector', log);
        const results: number[] = [];
        const send = (count: number, error?: Error): void => {
            answers.push(error);
            watch.export(new Array<ReadableSpan>(count), ({ code }) => results.push(code));
        };
        const refused = Object.assign(new Error('sk-verysecret is wrong'), { code: 403, data: 'no "words" please' });
        send(1);
        send(2, refused);
        send(3, new Error('again'));
        send(4);
        send(5);
        send(6, new Error('another outage'));
        expect(results).toEqual([SUCCESS, FAILED, FAILED, SUCCESS, SUCCESS, FAILED]);
        expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([
            [
                'warn',
                {
                    code: 'ERR_TRACES_LOST',
                    address: 'http://collector',
                    status: 403,
                    fault: '[key] is wrong',
                    apiMessage: 'no [quote] please',
                },
            ],
            ['info', { address: 'http://collector', lostSpans: 5 }],
            ['warn', { code: 'ERR_TRACES_LOST', address: 'http://collector', fault: 'another outage' }],
        ]);
    });

    it('takes an exporter that throws for one that fails', () => {
        const log = new LogRecorder();
        const exporter: SpanExporter = {
            export: () => {
                throw new Error('a bug');
            },
            shutdown: () => Promise.resolve(),
        };
        const watch = new ExportWatch(exporter, 'http://collector', log);
        expect(() => {
            watch.export([], () => undefined);
        }).toThrow('a bug');
        expect(log.codes).toEqual(['ERR_TRACES_LOST']);
    });
});
