import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallerOptions } from '../../../tools/caller/caller-options';
import type { Caller } from '../../../tools/caller/client';
import { newNonce, upgradeHeaders, type UpgradeHeadersInput } from '../../../tools/caller/signer';
import { TestBench, until, type TestBenchOptions } from '../../support/test-bench';
import { CountingClock } from './counting-clock';
import { RawClient } from './raw-client';

const HANDSHAKE = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

export interface AttackOptions extends Omit<TestBenchOptions, 'clock'> {
    /** How much faster than real time everything runs. */
    speedUp?: number;
}

/**
 * A bench whose keys are known to the test: it makes signed requests by hand, and counts what is left behind. That nothing is
 * thrown past the server needs no line of its own: Jest fails the running test for every unhandled rejection and exception.
 */
export class AttackBench {
    private readonly clients = new Set<RawClient>();
    private readonly sockets: number;

    private constructor(
        readonly bench: TestBench,
        readonly clock: CountingClock,
        readonly apiKey: string,
        readonly clientSecret: string,
        private readonly noBots: string,
    ) {
        this.sockets = socketCount();
    }

    static async start({ speedUp = 1, ...options }: AttackOptions = {}): Promise<AttackBench> {
        const clock = new CountingClock(speedUp);
        const apiKey = randomBytes(18).toString('base64');
        const clientSecret = randomBytes(32).toString('base64');
        // The bridge itself is under attack here; what takes over when it is lost has tests of its own.
        const keys = JSON.stringify({ [apiKey]: clientSecret });
        // Nor are the bots that ship: reading them takes longer than many an attack.
        const noBots = mkdtempSync(join(tmpdir(), 'no-bots-'));
        // All attacks come from one address: with a limit, most of them would get the same answer whatever they are.
        const alone = { MAX_FAILED_AUTH_PER_MINUTE: '0' };
        const fixed = { AUDIOHOOK_API_KEYS: keys, FALLBACK: 'off', BOTS_FOLDER: noBots, ...alone };
        const env = { ...fixed, ...echoBot(options), ...options.env };
        const bench = await TestBench.start({ openai: false, ...options, clock, env });
        return new AttackBench(bench, clock, apiKey, clientSecret, noBots);
    }

    get port(): number {
        return Number(new URL(this.bench.url).port);
    }

    get authority(): string {
        return `127.0.0.1:${this.port}`;
    }

    caller(options: Partial<CallerOptions> = {}, path = '/'): Caller {
        const { apiKey, clientSecret } = this;
        return this.bench.caller({ apiKey, clientSecret, ...options }, path);
    }

    /** Headers of a sound upgrade request to `path`; `input` changes what is signed. */
    headers(path = '/', input: Partial<UpgradeHeadersInput> = {}): Record<string, string> {
        const sessionId = input.sessionId ?? randomUUID();
        const signed = upgradeHeaders({
            organizationId: randomUUID(),
            sessionId,
            correlationId: sessionId,
            apiKey: this.apiKey,
            clientSecret: this.clientSecret,
            requestTarget: path,
            authority: this.authority,
            createdSeconds: Math.floor(this.clock.epochMs() / 1000),
            nonce: newNonce(),
            ...input,
        });
        return { Host: this.authority, ...HANDSHAKE, ...signed };
    }

    /** A bare TCP connection. */
    async dial(sessionId?: string, organizationId?: string): Promise<RawClient> {
        const client = await RawClient.connect(this.port, sessionId, organizationId);
        this.clients.add(client);
        client.socket.once('close', () => this.clients.delete(client));
        return client;
    }

    /** A WebSocket of bare bytes that has passed the door. */
    async join(path = '/', headers: Record<string, string> = {}): Promise<RawClient> {
        const sessionId = randomUUID();
        const organizationId = randomUUID();
        const client = await this.dial(sessionId, organizationId);
        client.write(requestText({ ...this.headers(path, { sessionId, organizationId }), ...headers }, path));
        await client.when(() => client.answer !== '');
        if (client.status !== 101) throw new Error(`not let in: ${client.answer}`);
        return client;
    }

    /** Sends `bytes` on a connection of its own and gives all that comes back until the server ends it. */
    async exchange(bytes: string | Uint8Array): Promise<RawClient> {
        const client = await this.dial();
        client.write(bytes);
        await client.when(() => client.status === 101);
        return client;
    }

    /** Cuts every bare connection. */
    cutAll(): void {
        for (const client of this.clients) client.socket.destroy();
    }

    /** Resolves when the server has this many calls left. */
    untilCalls(count: number): Promise<void> {
        return until(`${count} calls are left`, () => this.bench.server.callCount === count);
    }

    /** Resolves when every call is gone and the server has stopped, and no timer is left of them. */
    async untilOver(): Promise<void> {
        await this.untilCalls(0);
        await this.bench.server.stop();
        await until('every timer is freed', () => this.clock.pendingCount === 0);
    }

    /** As `untilOver`, and no socket either. Only where no other bench runs at the same time. */
    async untilFreed(): Promise<void> {
        await this.untilOver();
        await until('every socket is freed', () => socketCount() <= this.sockets);
    }

    async stop(): Promise<void> {
        this.cutAll();
        await this.bench.stop();
        rmSync(this.noBots, { recursive: true });
    }
}

/** An upgrade request as text; a header with an empty value is left out. */
export function requestText(headers: Record<string, string>, path = '/'): string {
    const lines = Object.entries(headers).filter(([, value]) => value !== '');
    return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** TCP connections that this process holds open, both ends of each. */
export function socketCount(): number {
    return process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCPSocket')).length;
}

/** Without a stand-in for OpenAI the echo bot is attacked: it makes sound, and needs nothing. */
function echoBot({ openai = false }: TestBenchOptions): Record<string, string> {
    return openai === false ? { DEFAULT_BOT: 'echo' } : {};
}
