import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const STAND_IN_KEY = 'sk-stand-in';

/** What a transcription request held. */
export interface TranscriptionRequest {
    fields: Record<string, string[]>;
    file: Uint8Array;
    fileName: string;
}

export type Reply = (request: TranscriptionRequest) => { status: number; body: unknown } | 'silence';

/** A strict stand-in of `POST /v1/audio/transcriptions`: refuses what the real one would. */
export class TranscriptionStandIn {
    readonly requests: TranscriptionRequest[] = [];
    answer: Reply = () => ({ status: 200, body: { text: 'hello' } });
    private readonly server: Server;

    constructor() {
        this.server = createServer((request, response) => {
            void this.handle(request, response).catch(() => response.destroy());
        });
    }

    async start(): Promise<string> {
        await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
    }

    async stop(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const refusal = refusalOf(request);
        if (refusal !== undefined) {
            reply(response, refusal, { error: { message: 'no', type: 'invalid_request_error' } });
            return;
        }
        const taken = read(partsOf(Buffer.concat(chunks), request.headers['content-type'] ?? ''));
        if (taken === undefined) {
            reply(response, 400, { error: { message: 'bad form', type: 'invalid_request_error' } });
            return;
        }
        this.requests.push(taken);
        const answer = this.answer(taken);
        if (answer !== 'silence') reply(response, answer.status, answer.body);
    }
}

function refusalOf(request: IncomingMessage): number | undefined {
    if (request.headers.authorization !== `Bearer ${STAND_IN_KEY}`) return 401;
    if (request.method !== 'POST' || request.url !== '/v1/audio/transcriptions') return 404;
    return request.headers['content-type']?.startsWith('multipart/form-data') === true ? undefined : 415;
}

interface Part {
    name: string;
    fileName: string | undefined;
    content: Buffer;
}

/** The parts of a multipart body (RFC 7578). */
function partsOf(body: Buffer, contentType: string): Part[] {
    const boundary = /boundary=(.+)$/.exec(contentType)?.[1] ?? '';
    // Latin-1 keeps every byte as one character.
    const pieces = body.toString('latin1').split(`--${boundary}`).slice(1, -1);
    return pieces.map((piece) => {
        const headEnd = piece.indexOf('\r\n\r\n');
        const head = piece.slice(0, headEnd);
        return {
            name: /\bname="([^"]*)"/.exec(head)?.[1] ?? '',
            fileName: /\bfilename="([^"]*)"/.exec(head)?.[1],
            content: Buffer.from(piece.slice(headEnd + 4, -2), 'latin1'),
        };
    });
}

/** The request, if each of its parts is one that the API knows, and whisper-1 is not asked what only others know. */
function read(parts: Part[]): TranscriptionRequest | undefined {
    const fields: Record<string, string[]> = {};
    for (const { name, fileName, content } of parts) {
        if (fileName === undefined) (fields[name.replace('[]', '')] ??= []).push(content.toString('utf8'));
    }
    const file = parts.find(({ name }) => name === 'file');
    const known = ['model', 'language', 'response_format', 'include'];
    if (file?.fileName === undefined || fields['model'] === undefined) return undefined;
    if (Object.keys(fields).some((name) => !known.includes(name))) return undefined;
    if (fields['model'][0] === 'whisper-1' && fields['include'] !== undefined) return undefined;
    return { fields, file: file.content, fileName: file.fileName };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
