import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** What the stand-in does with a request. `hang`, `hang up`, or another text: the content of its answer. */
export type AnswerPlan =
    | string
    | { status: number; code?: string; param?: string }
    | { raw: unknown }
    | { refusal: string }
    | { cut: string };

const PROPERTY = z.strictObject({
    type: z.union([z.string(), z.array(z.enum(['string', 'number', 'boolean', 'null']))]),
    description: z.string().min(1),
    enum: z.array(z.union([z.string(), z.null()])).optional(),
});

/** The strict mode of structured outputs: every name is required, and no other is allowed. */
const STRICT_SCHEMA = z
    .strictObject({
        type: z.literal('object'),
        properties: z.record(z.string(), PROPERTY),
        required: z.array(z.string()),
        additionalProperties: z.literal(false),
    })
    .refine(({ properties, required }) => Object.keys(properties).sort().join() === [...required].sort().join(), {
        error: 'required must name every property',
    });

const REQUEST = z.strictObject({
    model: z.string().min(1),
    max_completion_tokens: z.int().positive().optional(),
    temperature: z.number().min(0).max(2).optional(),
    seed: z.int().optional(),
    messages: z
        .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1) }))
        .min(1),
    response_format: z
        .strictObject({
            type: z.literal('json_schema'),
            json_schema: z.strictObject({
                name: z.string().regex(/^[\w-]{1,64}$/),
                strict: z.literal(true),
                schema: STRICT_SCHEMA,
            }),
        })
        .optional(),
});

/** A strict `POST /v1/chat/completions` without a stream: what the service would refuse is a breach, and is answered 400. */
export class AnswerStandIn {
    readonly requests: z.infer<typeof REQUEST>[] = [];
    readonly headers: IncomingMessage['headers'][] = [];
    readonly breaches: string[] = [];
    /** Connections of requests that the client gave up. */
    gaveUp = 0;
    private readonly plans: AnswerPlan[] = [];

    private constructor(private readonly server: Server) {}

    static async start(): Promise<AnswerStandIn> {
        const server = createServer();
        const standIn = new AnswerStandIn(server);
        server.on('request', (request, response) => void standIn.serve(request, response));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        return standIn;
    }

    get baseURL(): string {
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
    }

    /** Plans for the next requests, one each; without one it says "Yes." */
    plan(...plans: AnswerPlan[]): void {
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
        const body = REQUEST.safeParse(JSON.parse(Buffer.concat(chunks).toString() || 'null'));
        if (request.method !== 'POST' || request.url !== '/v1/chat/completions' || !body.success) {
            this.breaches.push(`${request.method ?? ''} ${request.url ?? ''} ${body.error?.message ?? ''}`);
            response.writeHead(400).end();
            return;
        }
        this.requests.push(body.data);
        this.headers.push(request.headers);
        answer(this.plans.shift() ?? 'Yes.', response);
    }
}

function answer(plan: AnswerPlan, response: ServerResponse): void {
    if (plan === 'hang') return;
    if (plan === 'hang up') {
        response.destroy();
        return;
    }
    if (typeof plan === 'string') sendMessage(response, { content: plan, refusal: null }, 'stop');
    else if ('refusal' in plan) sendMessage(response, { content: null, refusal: plan.refusal }, 'stop');
    else if ('cut' in plan) sendMessage(response, { content: plan.cut, refusal: null }, 'length');
    else if ('raw' in plan) send(response, 200, plan.raw);
    else
        send(response, plan.status, {
            error: { message: 'words of the service', code: plan.code ?? null, param: plan.param ?? null },
        });
}

function sendMessage(response: ServerResponse, message: object, finish: string): void {
    const choice = { index: 0, message: { role: 'assistant', ...message }, finish_reason: finish };
    send(response, 200, {
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [choice],
        usage: USAGE,
    });
}

const USAGE = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

function send(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
