import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** What the stand-in does with a request. */
export type ChatPlan =
    /** Streams these pieces; `then`: ends well, breaks the connection off, or stays silent. */
    | { words: readonly string[]; then?: 'done' | 'break' | 'hang'; gate?: Promise<void> }
    | { status: number; code?: string }
    | { raw: string; contentType?: string }
    | 'hang'
    | 'hang up';

const REQUEST = z.strictObject({
    model: z.string().min(1),
    stream: z.literal(true),
    max_completion_tokens: z.int().positive().optional(),
    messages: z
        .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1) }))
        .min(1),
});

export interface ChatRequest {
    headers: IncomingMessage['headers'];
    body: z.infer<typeof REQUEST>;
}

/** A strict `POST /v1/chat/completions`: what the service would refuse is a breach, and is answered 400. */
export class ChatStandIn {
    readonly requests: ChatRequest[] = [];
    readonly breaches: string[] = [];
    /** Connections of requests that the client gave up. */
    gaveUp = 0;
    /** Questions whether it answers at all, and what becomes of them. */
    checks = 0;
    check: number | 'hang' | 'hang up' = 200;
    private readonly plans: ChatPlan[] = [];

    private constructor(private readonly server: Server) {}

    static async start(): Promise<ChatStandIn> {
        const server = createServer();
        const standIn = new ChatStandIn(server);
        server.on('request', (request, response) => void standIn.serve(request, response));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        return standIn;
    }

    get baseURL(): string {
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
    }

    /** Plans for the next requests, one each; without one it says "Yes." */
    plan(...plans: ChatPlan[]): void {
        this.plans.push(...plans);
    }

    async close(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        response.on('close', () => {
            if (!response.writableFinished) this.gaveUp += 1;
        });
        if (request.method === 'GET' && request.url === '/v1/models/m') {
            this.describe(response);
            return;
        }
        const body = REQUEST.safeParse(JSON.parse(Buffer.concat(chunks).toString() || 'null'));
        if (request.method !== 'POST' || request.url !== '/v1/chat/completions' || !body.success) {
            this.breaches.push(`${request.method ?? ''} ${request.url ?? ''} ${body.error?.message ?? ''}`);
            response.writeHead(400).end();
            return;
        }
        this.requests.push({ headers: request.headers, body: body.data });
        await this.answer(this.plans.shift() ?? { words: ['Yes.'] }, response);
    }

    private describe(response: ServerResponse): void {
        this.checks += 1;
        if (this.check === 'hang') return;
        if (this.check === 'hang up') {
            response.destroy();
            return;
        }
        response.writeHead(this.check, { 'content-type': 'application/json' });
        response.end(JSON.stringify(this.check === 200 ? { id: 'm', object: 'model' } : { error: { message: 'no' } }));
    }

    private async answer(plan: ChatPlan, response: ServerResponse): Promise<void> {
        if (plan === 'hang') return;
        if (plan === 'hang up') {
            response.destroy();
            return;
        }
        if ('status' in plan) {
            const error = { message: 'secret words of the service', code: plan.code ?? null };
            response.writeHead(plan.status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
            return;
        }
        if ('raw' in plan) {
            response.writeHead(200, { 'content-type': plan.contentType ?? 'text/event-stream' }).end(plan.raw);
            return;
        }
        await this.stream(plan, response);
    }

    private async stream(plan: Extract<ChatPlan, { words: unknown }>, response: ServerResponse): Promise<void> {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.flushHeaders();
        const write = (delta: unknown, finish: string | null): void => {
            const chunk = {
                id: 'c',
                object: 'chat.completion.chunk',
                created: 1,
                model: 'm',
                choices: [] as unknown[],
            };
            chunk.choices.push({ index: 0, delta, finish_reason: finish });
            response.write(`data: ${JSON.stringify(chunk)}\n\n`);
        };
        write({ role: 'assistant', content: '' }, null);
        for (const [at, words] of plan.words.entries()) {
            if (at === 1) await plan.gate;
            write({ content: words }, null);
        }
        if (plan.then === 'hang') return;
        // What was written is to arrive before the line breaks.
        if (plan.then === 'break') {
            setImmediate(() => response.destroy());
            return;
        }
        write({}, 'stop');
        response.end('data: [DONE]\n\n');
    }
}
