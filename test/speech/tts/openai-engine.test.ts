import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { levelDbfs } from '../../../src/audio/loudness';
import { OpenAIEngine, type OpenAISpeechLimits } from '../../../src/speech/tts/openai-engine';
import { FakeClock } from '../../support/fake-clock';

const KEY = 'sk-test-1234';
const FIELDS = new Set(['model', 'voice', 'input', 'response_format', 'speed', 'instructions', 'stream_format']);

/** One second of a 440 Hz tone, 24 kHz, 16 bits. */
const TONE = Buffer.from(
    Int16Array.from({ length: 24_000 }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / 24_000))).buffer,
);

/** POST /v1/audio/speech as its reference describes it: refuses what the real service would refuse. */
class SpeechStandIn {
    readonly bodies: Record<string, unknown>[] = [];
    /** Requests that the client ended before the response was complete. */
    aborted = 0;
    onRequest: (response: ServerResponse) => void = (response) => {
        response.writeHead(200, { 'content-type': 'audio/pcm' }).end(TONE);
    };
    private readonly server: Server;

    constructor() {
        this.server = createServer((request, response) => {
            response.on('close', () => {
                if (!response.writableEnded) this.aborted++;
            });
            void this.serve(request, response);
        });
    }

    async listen(): Promise<string> {
        await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
    }

    async close(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
        let text = '';
        for await (const chunk of request) text += String(chunk);
        const fault = this.faultOf(request, text);
        if (fault === undefined) this.onRequest(response);
        else refuse(response, ...fault);
    }

    private faultOf(request: IncomingMessage, text: string): [number, string] | undefined {
        if (request.method !== 'POST' || request.url !== '/v1/audio/speech') return [404, 'unknown_url'];
        if (request.headers.authorization !== `Bearer ${KEY}`) return [401, 'invalid_api_key'];
        if (request.headers['content-type'] !== 'application/json') return [400, 'invalid_content_type'];
        const body = JSON.parse(text) as Record<string, unknown>;
        this.bodies.push(body);
        if (Object.keys(body).some((key) => !FIELDS.has(key))) return [400, 'unknown_parameter'];
        if (body['model'] !== 'gpt-4o-mini-tts') return [404, 'model_not_found'];
        if (typeof body['voice'] !== 'string' || body['response_format'] !== 'pcm') return [400, 'invalid_value'];
        const { input } = body;
        if (typeof input !== 'string' || input === '' || input.length > 4096) return [400, 'invalid_value'];
        return undefined;
    }
}

function refuse(response: ServerResponse, status: number, code: string, param: string | null = null): void {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: `Refused: ${KEY}`, type: 'invalid_request_error', param, code } }));
}

async function bytesOf(speech: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of speech) pieces.push(piece);
    return Buffer.concat(pieces);
}

let standIn: SpeechStandIn;
let baseURL: string;
let clock: FakeClock;
let engine: OpenAIEngine;

function create(
    config: { apiKey?: string; model?: string } = {},
    limits: Partial<OpenAISpeechLimits> = {},
): OpenAIEngine {
    const { apiKey = KEY, model = 'gpt-4o-mini-tts' } = config;
    engine = new OpenAIEngine({ apiKey, baseURL, model, voice: 'marin' }, { clock, limits });
    return engine;
}

beforeEach(async () => {
    standIn = new SpeechStandIn();
    baseURL = await standIn.listen();
    clock = new FakeClock();
    create();
});

afterEach(async () => {
    await engine.close();
    await standIn.close();
    expect(clock.pendingCount).toBe(0);
});

describe('OpenAIEngine', () => {
    it('asks for PCM, and turns a second of it into a second of PCMU', async () => {
        const pcmu = await bytesOf(engine.speak('Hello.'));
        expect(pcmu.length).toBe(8000);
        expect(levelDbfs(pcmu)).toBeCloseTo(-15.3, 0);
        expect(standIn.bodies).toEqual([
            { model: 'gpt-4o-mini-tts', voice: 'marin', input: 'Hello.', response_format: 'pcm' },
        ]);
    });

    it('uses the voice that is asked for', async () => {
        await bytesOf(engine.speak('Hello.', { voice: 'cedar' }));
        expect(standIn.bodies[0]).toMatchObject({ voice: 'cedar' });
    });

    it('gives the first piece before the last has come, however the bytes are cut', async () => {
        let answer: ServerResponse | undefined;
        standIn.onRequest = (response) => {
            answer = response.writeHead(200, { 'content-type': 'audio/pcm' });
            answer.write(TONE.subarray(0, 4801));
        };
        const pieces = engine.speak('Hello.');
        const first = await pieces.next();
        expect(first.value?.length).toBe(800);
        answer?.end(TONE.subarray(4801));
        expect((await bytesOf(pieces)).length).toBe(7200);
    });

    it('asks for nothing when there is nothing to say', async () => {
        expect((await bytesOf(engine.speak(' ... '))).length).toBe(0);
        expect(standIn.bodies).toEqual([]);
    });

    it.each([
        ['a wrong key', 401, 'invalid_api_key', 'ERR_OPENAI_KEY', null],
        ['no credit', 429, 'insufficient_quota', 'ERR_OPENAI_QUOTA', null],
        ['a rate limit', 429, 'rate_limit_exceeded', 'ERR_OPENAI_RATE_LIMITED', null],
        ['a fault of the service', 500, 'server_error', 'ERR_TTS_OPENAI', null],
        ['another wrong value', 400, 'invalid_value', 'ERR_TTS_OPENAI', null],
        ['a wrong voice', 400, 'invalid_value', 'ERR_TTS_VOICE', 'voice'],
    ])('says %s by a code, asks once, and repeats none of their words', async (_, status, reason, code, param) => {
        standIn.onRequest = (response) => {
            refuse(response, status, reason, param);
        };
        const fault: unknown = await bytesOf(engine.speak('Hello.')).catch((reason: unknown) => reason);
        expect(fault).toMatchObject({ code });
        expect(String(fault)).not.toContain('Refused');
        expect(standIn.bodies.length).toBe(1);
    });

    it('is refused with another key or model', async () => {
        await expect(bytesOf(create({ apiKey: 'sk-x' }).speak('Hello.'))).rejects.toMatchObject({
            code: 'ERR_OPENAI_KEY',
        });
        await expect(bytesOf(create({ model: 'tts-9' }).speak('Hello.'))).rejects.toMatchObject({
            code: 'ERR_TTS_OPENAI',
            message: expect.stringContaining('404, code model_not_found') as string,
        });
    });

    it('plays nothing that is not audio', async () => {
        standIn.onRequest = (response) => {
            response.writeHead(200, { 'content-type': 'application/json' }).end('{"audio":"none"}');
        };
        await expect(bytesOf(engine.speak('Hello.'))).rejects.toMatchObject({ code: 'ERR_TTS_OPENAI' });
    });

    it('counts an empty response as a fault', async () => {
        standIn.onRequest = (response) => {
            response.writeHead(200, { 'content-type': 'audio/pcm' }).end();
        };
        await expect(bytesOf(engine.speak('Hello.'))).rejects.toMatchObject({ code: 'ERR_TTS_OPENAI' });
    });

    it('counts audio without end as a fault', async () => {
        create({}, { maxBytes: 40_000 });
        await expect(bytesOf(engine.speak('Hello.'))).rejects.toMatchObject({ code: 'ERR_TTS_OPENAI' });
    });

    it('says by a code that a connection broke in the middle', async () => {
        standIn.onRequest = (response) => {
            response.writeHead(200, { 'content-type': 'audio/pcm' });
            response.write(TONE, () => response.destroy());
        };
        await expect(bytesOf(engine.speak('Hello.'))).rejects.toMatchObject({ code: 'ERR_TTS_OPENAI' });
    });

    it('says by a code that the service cannot be reached', async () => {
        await standIn.close();
        await expect(bytesOf(engine.speak('Hello.'))).rejects.toMatchObject({ code: 'ERR_TTS_OPENAI' });
        standIn = new SpeechStandIn();
        await standIn.listen();
    });

    it('waits 1.8 s for the first sound, and then ends the request', async () => {
        const asked = new Promise<void>((resolve) => {
            standIn.onRequest = () => {
                resolve();
            };
        });
        const speech = bytesOf(engine.speak('Hello.')).catch((fault: unknown) => fault);
        await asked;
        clock.advance(1799);
        expect(clock.pendingCount).toBe(1);
        clock.advance(1);
        expect(await speech).toMatchObject({ code: 'ERR_TTS_TIMEOUT' });
        await settled(() => standIn.aborted === 1);
    });

    it('waits 2 s for each further piece, not counting the time that the listener takes', async () => {
        standIn.onRequest = (response) => {
            response.writeHead(200, { 'content-type': 'audio/pcm' }).write(TONE);
        };
        const pieces = engine.speak('Hello.');
        let heard = (await pieces.next()).value?.length ?? 0;
        clock.advance(60_000);
        while (heard < 8000) heard += (await pieces.next()).value?.length ?? 8000;
        const next = pieces.next();
        await settled(() => clock.pendingCount === 1);
        clock.advance(2000);
        await expect(next).rejects.toMatchObject({ code: 'ERR_TTS_TIMEOUT' });
    });

    it('ends the request when the speech is given up', async () => {
        const giveUp = new AbortController();
        standIn.onRequest = () => {
            giveUp.abort(new Error('hung up'));
        };
        await expect(bytesOf(engine.speak('Hello.', { signal: giveUp.signal }))).rejects.toThrow('hung up');
        await settled(() => standIn.aborted === 1);
    });

    it('ends the request when its listener goes', async () => {
        standIn.onRequest = (response) => {
            response.writeHead(200, { 'content-type': 'audio/pcm' }).write(TONE);
        };
        for await (const piece of engine.speak('Hello.')) {
            expect(piece.length).toBeGreaterThan(0);
            break;
        }
        await settled(() => standIn.aborted === 1);
    });

    it('ends what is running when it is closed, and takes nothing afterwards', async () => {
        const asked = new Promise<void>((resolve) => {
            standIn.onRequest = () => {
                resolve();
            };
        });
        const speech = bytesOf(engine.speak('Hello.')).catch((fault: unknown) => fault);
        await asked;
        await engine.close();
        expect(await speech).toMatchObject({ code: 'ERR_TTS_CLOSED' });
        await expect(bytesOf(engine.speak('Hello.'))).rejects.toMatchObject({ code: 'ERR_TTS_CLOSED' });
    });
});

/** Lets the sockets work until something holds. */
async function settled(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
