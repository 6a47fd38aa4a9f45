import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Clock } from '../src/support/clock';
import type { Sentences } from './sentences';

/** What the interface does with a kind of request: answers it, refuses it with a status, or says nothing at all. */
export type Behaviour = 'answers' | 'hangs' | { status: number };

export interface RestPlan {
    chat?: Behaviour;
    speech?: Behaviour;
    transcription?: Behaviour;
}

const CHAT = z.object({
    model: z.string(),
    stream: z.literal(true),
    messages: z.array(z.object({ role: z.string(), content: z.string() })),
});
const SPEECH = z.object({
    model: z.string(),
    voice: z.string(),
    input: z.string().min(1),
    response_format: z.literal('pcm'),
});

/** From a request to its response's beginning, as in the field: the model thinks, the voice is made. */
const CHAT_MS = 350;
const SPEECH_MS = 250;
const TRANSCRIPTION_MS = 300;
const SPEECH_LENGTH_MS = 1500;
/** The transcript of everything that callers say. */
const TRANSCRIPT = 'What are your opening hours?';

/** OpenAI's HTTP interface: chat, speech and transcription, as a bot that takes over needs them. */
export class RestStandIn {
    /** Requests that the real one would refuse. */
    readonly breaches: string[] = [];
    private readonly sounds = new Map<string, Uint8Array>();
    private responses = 0;

    private constructor(
        private readonly server: Server,
        private readonly clock: Clock,
        private readonly sentences: Sentences,
        /** May be changed at any time. */
        public plan: RestPlan,
    ) {}

    static async start(clock: Clock, sentences: Sentences, plan: RestPlan): Promise<RestStandIn> {
        const server = createServer();
        const standIn = new RestStandIn(server, clock, sentences, plan);
        server.on('request', (request, response) => {
            standIn.serve(request, response).catch(() => response.destroy());
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        return standIn;
    }

    get baseURL(): string {
        const address = this.server.address();
        return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`;
    }

    async close(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const chunks: Buffer[] = [];
        for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
        const body = Buffer.concat(chunks).toString('latin1');
        const route = `${request.method ?? ''} ${request.url ?? ''}`;
        const { chat = 'answers', speech = 'answers', transcription = 'answers' } = this.plan;
        if (route.startsWith('GET /v1/models/')) this.tell(response, chat, 0, { object: 'model' });
        else if (route === 'POST /v1/audio/transcriptions')
            this.tell(response, transcription, TRANSCRIPTION_MS, { text: TRANSCRIPT });
        else if (route === 'POST /v1/chat/completions') this.chat(body, response, chat);
        else if (route === 'POST /v1/audio/speech') this.speak(body, response, speech);
        else this.refuse(response, route);
    }

    private chat(body: string, response: ServerResponse, behaviour: Behaviour): void {
        const request = CHAT.safeParse(JSON.parse(body));
        if (!request.success) {
            this.refuse(response, request.error.message);
            return;
        }
        this.later(response, behaviour, CHAT_MS, () => {
            this.responses += 1;
            const greets = request.data.messages.some(({ content }) => content.includes('Greet the caller'));
            const words = greets
                ? `Hello from number ${this.responses}.`
                : `This is response number ${this.responses}.`;
            response.writeHead(200, { 'content-type': 'text/event-stream' });
            response.write(chunk({ role: 'assistant', content: words }, null));
            response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
        });
    }

    private speak(body: string, response: ServerResponse, behaviour: Behaviour): void {
        const request = SPEECH.safeParse(JSON.parse(body));
        if (!request.success) {
            this.refuse(response, request.error.message);
            return;
        }
        const { input } = request.data;
        this.later(response, behaviour, SPEECH_MS, () => {
            const pcm = this.sounds.get(input) ?? this.sentences.nextPcm24k(SPEECH_LENGTH_MS, input);
            this.sounds.set(input, pcm);
            response.writeHead(200, { 'content-type': 'audio/pcm' }).end(pcm);
        });
    }

    private tell(response: ServerResponse, behaviour: Behaviour, afterMs: number, body: unknown): void {
        this.later(response, behaviour, afterMs, () => {
            response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        });
    }

    private later(response: ServerResponse, behaviour: Behaviour, afterMs: number, respond: () => void): void {
        if (behaviour === 'hangs') return;
        const refuse = (status: number): void => {
            response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"message":"No."}}');
        };
        if (behaviour === 'answers') this.clock.after(afterMs, respond);
        else refuse(behaviour.status);
    }

    private refuse(response: ServerResponse, why: string): void {
        this.breaches.push(why);
        response.writeHead(400).end();
    }
}

/** A chunk of a streamed response, as a server-sent event. */
function chunk(delta: unknown, finishReason: string | null): string {
    const choices = [{ index: 0, delta, finish_reason: finishReason }];
    const body = { id: 'chat', object: 'chat.completion.chunk', created: 1, model: 'bench', choices };
    return `data: ${JSON.stringify(body)}\n\n`;
}
