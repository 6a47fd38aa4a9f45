import WebSocket from 'ws';
import { startFakeOpenAI, type FakeOpenAI, type FakeOpenAIOptions, type FakeSession } from '../../../tools/fake-openai';
import { isJsonObject, type JsonObject } from '../../../tools/fake-openai/protocol';
import { Waiters } from '../../../tools/fake-openai/waiters';

export interface ClientSettings {
    query?: string;
    headers?: Record<string, string>;
    deflate?: boolean;
    path?: string;
}

/** A plain client of the stand-in that keeps everything it is sent. */
export class TestClient {
    readonly events: JsonObject[] = [];
    readonly odd: Buffer[] = [];
    readonly closed: Promise<{ code: number; reason: string }>;
    readonly socket: WebSocket;
    private readonly waiters = new Waiters<JsonObject>();

    constructor(fake: FakeOpenAI, settings: ClientSettings = {}) {
        const { query = '?model=gpt-realtime-2.1', path = '/v1/realtime', deflate = false } = settings;
        const headers = settings.headers ?? { authorization: 'Bearer sk-test' };
        const url = `ws://127.0.0.1:${fake.port}${path}${query}`;
        this.socket = new WebSocket(url, { headers, perMessageDeflate: deflate });
        this.socket.on('error', () => undefined);
        this.socket.on('message', (data: Buffer) => {
            this.take(data);
        });
        this.closed = new Promise((resolve) => {
            this.socket.on('close', (code: number, reason: Buffer) => {
                resolve({ code, reason: reason.toString() });
            });
        });
    }

    get types(): unknown[] {
        return this.events.map((event) => event['type']);
    }

    /** Types without `rate_limits.updated`, which trails behind each response by a timer of its own. */
    get order(): unknown[] {
        return this.types.filter((type) => type !== 'rate_limits.updated');
    }

    send(event: JsonObject): void {
        this.socket.send(JSON.stringify(event));
    }

    /** The next event of this type that was not waited for before. */
    next(type: string): Promise<JsonObject> {
        return this.waiters.next(type, 60_000, (event) => event['type'] === type);
    }

    /** The `error` of the next error event. */
    async nextError(): Promise<JsonObject> {
        return part(await this.next('error'), 'error');
    }

    /** Status of a refused upgrade. */
    refusedStatus(): Promise<number | undefined> {
        return new Promise((resolve) => {
            this.socket.on('unexpected-response', (request, response) => {
                resolve(response.statusCode);
                request.destroy();
            });
        });
    }

    private take(data: Buffer): void {
        const event = parse(data.toString());
        if (event === undefined) {
            this.odd.push(data);
            return;
        }
        this.events.push(event);
        this.waiters.offer(event);
    }
}

/** An object inside an object; fails the test when it is none. */
export function part(event: JsonObject, ...path: string[]): JsonObject {
    let value: unknown = event;
    for (const name of path) value = isJsonObject(value) ? value[name] : undefined;
    if (!isJsonObject(value)) throw new Error(`No object at ${path.join('.')} of ${JSON.stringify(event)}`);
    return value;
}

function parse(text: string): JsonObject | undefined {
    try {
        const value: unknown = JSON.parse(text);
        return isJsonObject(value) ? value : undefined;
    } catch {
        return undefined;
    }
}

/** Both formats G.711, own voice, and `input` added to the input. */
export function pcmuUpdate(input: JsonObject = {}, session: JsonObject = {}): JsonObject {
    const format = { type: 'audio/pcmu' };
    const audio = { input: { format, ...input }, output: { format, voice: 'marin' } };
    return { type: 'session.update', event_id: 'cfg_1', session: { type: 'realtime', audio, ...session } };
}

export function append(bytes: Uint8Array): JsonObject {
    return { type: 'input_audio_buffer.append', audio: Buffer.from(bytes).toString('base64') };
}

/** G.711 silence and a loud square wave, 8 bytes per ms. */
export const silence = (ms: number) => Buffer.alloc(ms * 8, 0xff);
export const loud = (ms: number) => Buffer.from(Array.from({ length: ms * 8 }, (_, i) => (i % 16 < 8 ? 0x90 : 0x10)));

/** One stand-in and its clients for a test file; `end()` in afterEach. */
export class Bench {
    private readonly fakes: FakeOpenAI[] = [];
    private readonly clients: TestClient[] = [];

    async fake(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
        const fake = await startFakeOpenAI(options);
        this.fakes.push(fake);
        return fake;
    }

    client(fake: FakeOpenAI, settings?: ClientSettings): TestClient {
        const client = new TestClient(fake, settings);
        this.clients.push(client);
        return client;
    }

    /** Connects, and sends this update (default: G.711 both ways) once the session is created. */
    async ready(
        fake: FakeOpenAI,
        update: JsonObject = pcmuUpdate(),
    ): Promise<{ client: TestClient; session: FakeSession }> {
        const client = this.client(fake);
        const session = await fake.nextSession();
        await client.next('session.created');
        client.send(update);
        await client.next('session.updated');
        return { client, session };
    }

    async end(): Promise<void> {
        for (const client of this.clients) client.socket.terminate();
        await Promise.all(this.fakes.splice(0).map((fake) => fake.close()));
        this.clients.length = 0;
    }
}
