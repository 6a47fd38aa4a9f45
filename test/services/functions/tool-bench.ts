import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DigitRequest } from '../../../src/services/dtmf-service';
import type { FunctionCall } from '../../../src/services/realtime/events';
import { toolSchema, type HttpToolSpec, type ToolSpec } from '../../../src/services/profiles/tool-schema';
import { Toolbox } from '../../../src/services/functions/toolbox';
import type { CallContext, Tool, ToolRecord } from '../../../src/services/functions/tool';
import { ToolRunner } from '../../../src/services/functions/tool-runner';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';

/** A telephone call that keeps what tools do to it. */
export class FakeCall implements CallContext {
    readonly botName = 'billing';
    readonly conversationId = 'conversation-1';
    inputVariables: Record<string, string> = {};
    readonly variables = new Map<string, string>();
    readonly requests: DigitRequest[] = [];
    readonly logger = new LogRecorder();
    /** What is wrong with every variable. */
    problem: string | undefined;

    setVariable(name: string, value: string): string | undefined {
        if (this.problem === undefined) this.variables.set(name, value);
        return this.problem;
    }

    collectDigits(request: DigitRequest): boolean {
        return this.requests.push(request) > 0;
    }
}

/** A runner on a fake clock, with what it recorded. */
export class RunnerBench {
    readonly clock = new FakeClock();
    readonly call = new FakeCall();
    readonly records: ToolRecord[] = [];
    readonly runner: ToolRunner;
    private calls = 0;

    constructor(tools: readonly Tool[] | Toolbox) {
        const box = tools instanceof Toolbox ? tools : new Toolbox(tools);
        const onRecord = (record: ToolRecord): void => void this.records.push(record);
        this.runner = new ToolRunner(box, { clock: this.clock, call: this.call, onRecord });
    }

    /** Runs one call, and gives the outcome and the parsed output. */
    async run(name: string, args: unknown = {}) {
        const [outcome] = await this.runner.run([this.made(name, args)]);
        if (outcome === undefined) throw new Error('There is no outcome.');
        return { ...outcome, told: JSON.parse(outcome.output) as Record<string, unknown> };
    }

    /** What the model would have made. Text is sent as it is. */
    made(name: string, args: unknown = {}): FunctionCall {
        const argumentsJson = typeof args === 'string' ? args : JSON.stringify(args);
        return { callId: `call_${++this.calls}`, name, argumentsJson, completed: true };
    }

    get outcomes(): string[] {
        return this.records.map((record) => record.outcome);
    }
}

/** A tool that does what the test says. */
export function tool(run: Tool['run'], changes: Partial<Tool> = {}): Tool {
    return { name: 'work', description: 'Works.', parameters: { type: 'object' }, run, ...changes };
}

/** A tool of a profile, read as a profile is read. */
export function spec<K extends ToolSpec['kind']>(kind: K, fields: object = {}): Extract<ToolSpec, { kind: K }> {
    const read = toolSchema.parse({ kind, ...fields });
    if (!isOfKind(read, kind)) throw new Error(`Expected ${kind}.`);
    return read;
}

/** An HTTP tool against a server of this machine. */
export function httpSpec(server: TestServer, fields: object = {}): HttpToolSpec {
    return spec('http', {
        name: 'get_balance',
        description: 'Looks a balance up.',
        url: `http://${server.host}/accounts/{{account}}/balance`,
        allowedHosts: [server.host],
        parameters: {
            type: 'object',
            properties: { account: { type: 'string' } },
            required: ['account'],
            additionalProperties: false,
        },
        ...fields,
    });
}

function isOfKind<K extends ToolSpec['kind']>(read: ToolSpec, kind: K): read is Extract<ToolSpec, { kind: K }> {
    return read.kind === kind;
}

export interface Seen {
    method: string;
    url: string;
    headers: IncomingMessage['headers'];
    body: string;
}

/** A web service that answers as the test says, and keeps what it was asked. */
export class TestServer {
    readonly seen: Seen[] = [];
    private readonly server: Server;

    constructor(private readonly answer: (seen: Seen, response: ServerResponse, index: number) => void) {
        this.server = createServer((request, response) => {
            this.take(request, response);
        });
    }

    static async start(answer: ConstructorParameters<typeof TestServer>[0]): Promise<TestServer> {
        const made = new TestServer(answer);
        await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve));
        return made;
    }

    get port(): number {
        return (this.server.address() as AddressInfo).port;
    }

    get host(): string {
        return `127.0.0.1:${this.port}`;
    }

    close(): Promise<void> {
        this.server.closeAllConnections();
        return new Promise((resolve) => {
            this.server.close(() => {
                resolve();
            });
        });
    }

    private take(request: IncomingMessage, response: ServerResponse): void {
        const chunks: Buffer[] = [];
        request.on('error', () => undefined);
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
            const { method = '', url = '', headers } = request;
            const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
            this.seen.push(seen);
            this.answer(seen, response, this.seen.length - 1);
        });
    }
}

/** Answers with JSON. */
export function json(
    response: ServerResponse,
    value: unknown,
    status = 200,
    headers: Record<string, string> = {},
): void {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}
