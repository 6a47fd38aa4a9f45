import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
// The decoder that OpenTelemetry has generated from the definition of OTLP: another one than what the server writes with.
import generated from '@opentelemetry/otlp-proto-exporter-base/build/src/generated/root';

/** A span as it came. */
export interface ReceivedSpan {
    name: string;
    traceId: string;
    spanId: string;
    /** Empty: it has none. */
    parentSpanId: string;
    startMs: number;
    endMs: number;
    kind: number;
    attributes: Record<string, unknown>;
    events: { name: string; attributes: Record<string, unknown> }[];
    /** 2: a fault. */
    status: { code: number; message: string };
    resource: Record<string, unknown>;
}

/** A receiver of OTLP over HTTP (`POST /v1/traces`, protobuf) on a free port of loopback. */
export class OtlpReceiver {
    readonly spans: ReceivedSpan[] = [];
    /** Everything that came, as it came. */
    readonly bodies: Buffer[] = [];
    /** The headers of the last request. */
    headers: IncomingMessage['headers'] = {};
    /** What it does with a request. `down`: cuts every connection; `hung`: reads, and never answers. */
    mode: 'up' | 'down' | 'hung' | 'refuses' = 'up';
    /** Requests and connections that got no 200. */
    failures = 0;
    private readonly sockets = new Set<Socket>();

    private constructor(private readonly server: Server) {
        server.on('connection', (socket) => {
            this.sockets.add(socket);
            socket.on('error', () => undefined);
            socket.once('close', () => this.sockets.delete(socket));
            if (this.mode !== 'down') return;
            this.failures += 1;
            socket.destroy();
        });
        server.on('request', (request, response) => {
            void this.receive(request, response);
        });
    }

    static async start(): Promise<OtlpReceiver> {
        const server = createServer();
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        return new OtlpReceiver(server);
    }

    get url(): string {
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    /** From now on every connection is cut. */
    goDown(): void {
        this.mode = 'down';
        for (const socket of this.sockets) socket.destroy();
    }

    async stop(): Promise<void> {
        this.goDown();
        this.server.close();
        await once(this.server, 'close');
    }

    private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        this.headers = request.headers;
        if (this.mode !== 'up') {
            this.failures += 1;
            if (this.mode === 'refuses') response.writeHead(401).end('wrong key');
            return;
        }
        const isTraces = request.method === 'POST' && request.url === '/v1/traces';
        if (!isTraces || request.headers['content-type'] !== 'application/x-protobuf') {
            response.writeHead(404).end();
            return;
        }
        const body = Buffer.concat(chunks);
        this.bodies.push(body);
        this.spans.push(...spansIn(body));
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    }
}

/** A whole number of 64 bits. */
interface Long {
    toString(): string;
}

interface Value {
    stringValue?: string;
    boolValue?: boolean;
    intValue?: Long;
    doubleValue?: number;
    arrayValue?: { values: Value[] };
}

interface Pair {
    key: string;
    value: Value;
}

interface Span {
    name: string;
    kind: number;
    traceId: Uint8Array;
    spanId: Uint8Array;
    /** null: it did not come. */
    parentSpanId: Uint8Array | null;
    startTimeUnixNano: Long;
    endTimeUnixNano: Long;
    attributes: Pair[];
    events: { name: string; attributes: Pair[] }[];
    status?: { code: number; message: string };
}

interface Request {
    resourceSpans: { resource: { attributes: Pair[] }; scopeSpans: { spans: Span[] }[] }[];
}

/** The package declares its generated module without what is in it. */
interface Generated {
    opentelemetry: {
        proto: {
            collector: { trace: { v1: { ExportTraceServiceRequest: { decode(bytes: Uint8Array): Request } } } };
        };
    };
}

const { ExportTraceServiceRequest } = (generated as unknown as Generated).opentelemetry.proto.collector.trace.v1;

function spansIn(body: Uint8Array): ReceivedSpan[] {
    const { resourceSpans } = ExportTraceServiceRequest.decode(body);
    return resourceSpans.flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) =>
            spans.map(({ traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, ...span }) => ({
                name: span.name,
                kind: span.kind,
                traceId: hex(traceId),
                spanId: hex(spanId),
                parentSpanId: hex(parentSpanId),
                startMs: Number(startTimeUnixNano.toString()) / 1e6,
                endMs: Number(endTimeUnixNano.toString()) / 1e6,
                attributes: fieldsOf(span.attributes),
                events: span.events.map(({ name, attributes }) => ({ name, attributes: fieldsOf(attributes) })),
                status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
                resource: fieldsOf(resource.attributes),
            })),
        ),
    );
}

function hex(bytes: Uint8Array | null): string {
    return Buffer.from(bytes ?? []).toString('hex');
}

function fieldsOf(pairs: readonly Pair[]): Record<string, unknown> {
    return Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

/** A decoded value has the field that came as its own; those that did not come are its prototype's. */
function valueOf(value: Value): unknown {
    if (Object.hasOwn(value, 'intValue')) return Number(value.intValue?.toString());
    if (Object.hasOwn(value, 'boolValue')) return value.boolValue;
    if (Object.hasOwn(value, 'doubleValue')) return value.doubleValue;
    if (Object.hasOwn(value, 'arrayValue')) return value.arrayValue?.values.map(valueOf);
    return value.stringValue;
}
