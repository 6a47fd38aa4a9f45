import { once } from 'node:events';
import { WebSocket } from 'ws';
import { LoadStandIn } from '../../../bench/load/stand-in';
import { ANSWER_BYTES, BYTES_PER_MS, callMark, lineOf, turnMs } from '../../../bench/load/script';
import type { Fields } from '../../../src/support/json';

const CALL = 4;
const standIn = new LoadStandIn();
let url = '';

beforeAll(async () => {
    url = await standIn.start();
});

afterAll(async () => {
    await standIn.stop();
});

/** A session that has got its settings; it collects what comes. */
class Client {
    readonly events: Fields[] = [];
    private readonly socket = new WebSocket(url);

    constructor() {
        this.socket.on('message', (data: Buffer) => this.events.push(JSON.parse(data.toString()) as Fields));
    }

    async configure(format: object, create_response: boolean): Promise<void> {
        await once(this.socket, 'open');
        const turn_detection = { type: 'server_vad', create_response, interrupt_response: create_response };
        const audio = { input: { format, turn_detection }, output: { format } };
        this.send({ type: 'session.update', session: { type: 'realtime', instructions: callMark(CALL), audio } });
        await this.seen('session.updated');
    }

    send(event: object): void {
        this.socket.send(JSON.stringify(event));
    }

    append(bytes: Buffer): void {
        this.send({ type: 'input_audio_buffer.append', audio: bytes.toString('base64') });
    }

    of(type: string): Fields[] {
        return this.events.filter((event) => event['type'] === type);
    }

    async seen(type: string): Promise<void> {
        while (this.of(type).length === 0) await once(this.socket, 'message');
    }

    get audioBytes(): number {
        const deltas = this.of('response.output_audio.delta');
        return deltas.reduce((sum, { delta }) => sum + Buffer.from(String(delta), 'base64').length, 0);
    }

    close(): void {
        this.socket.close();
    }
}

/** The caller's first turn, in one append for each 100 ms. */
function say(client: Client, bytesPerMs: number): number {
    const { pcmu } = lineOf(CALL);
    const forMs = turnMs(0).toMs;
    for (let atMs = 0; atMs < forMs; atMs += 100) {
        const [from, to] = [atMs * BYTES_PER_MS, (atMs + 100) * BYTES_PER_MS];
        client.append(bytesPerMs === BYTES_PER_MS ? pcmu.subarray(from, to) : Buffer.alloc(100 * bytesPerMs));
    }
    return forMs * BYTES_PER_MS;
}

describe('the stand-in for load', () => {
    it.each([
        ['audio/pcmu', 1],
        ['audio/pcm', 6],
    ])('answers a turn by itself, in %s, with an answer of known length', async (type, ratio) => {
        const client = new Client();
        await client.configure({ type }, true);
        const saidBytes = say(client, ratio * BYTES_PER_MS);
        await client.seen('response.done');
        client.close();
        expect(client.audioBytes).toBe(ratio * ANSWER_BYTES);
        const { calls, unnamed } = standIn.take();
        expect(unnamed).toBe(0);
        expect(calls).toHaveLength(1);
        expect(calls[0]).toMatchObject({
            call: CALL,
            responses: 1,
            givenBytes: ANSWER_BYTES,
            misplacedBytes: 0,
            faults: [],
        });
        expect(calls[0]?.arrived.bytes.at(-1)).toBe(saidBytes);
    });

    it('waits for response.create where it is told to, and says whose response it is', async () => {
        const client = new Client();
        await client.configure({ type: 'audio/pcmu' }, false);
        say(client, BYTES_PER_MS);
        await client.seen('conversation.item.done');
        expect(client.of('response.created')).toEqual([]);
        const metadata = { client_event_id: 'evt_1' };
        client.send({ type: 'response.create', response: { metadata } });
        await client.seen('response.done');
        client.close();
        standIn.take();
        expect(client.of('response.created')).toMatchObject([{ response: { metadata } }]);
        expect(client.of('response.done')).toMatchObject([{ response: { status: 'completed', metadata } }]);
        expect(client.audioBytes).toBe(ANSWER_BYTES);
    });

    it('counts bytes that are not what the caller said there', async () => {
        const client = new Client();
        await client.configure({ type: 'audio/pcmu' }, true);
        client.append(lineOf(CALL).pcmu.subarray(800, 1600));
        client.send({ type: 'conversation.item.delete', item_id: 'item_1' });
        await client.seen('conversation.item.deleted');
        client.close();
        expect(standIn.take().calls[0]).toMatchObject({ misplacedBytes: 800 });
    });
});
