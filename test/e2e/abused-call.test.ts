import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/test-bench';
import { AttackBench, requestText } from './attack/attack-bench';
import { BYTE_EXACT, GoodCall } from './attack/good-call';
import { BINARY, CONTINUE, frame, PING, type RawClient, TEXT, TEXT_BEGIN } from './attack/raw-client';

const GOOD_CALLS = 20;
/** Real time: a gap in the sound here is a gap on a real line. */
const SPEED_UP = 1;
/** The attackers, the good callers and the stand-in hold the server up too, being in its process: more than the usual 600. */
const LEAD_MS = '1500';
const BATCH = 1000;

let attack: AttackBench;
let good: GoodCall[];
let left = GOOD_CALLS;

beforeAll(async () => {
    const env = { ...BYTE_EXACT.env, PLAYBACK_LEAD_MS: LEAD_MS };
    attack = await AttackBench.start({ ...BYTE_EXACT, env, speedUp: SPEED_UP });
    good = await Promise.all(Array.from({ length: GOOD_CALLS }, () => GoodCall.begin(attack)));
});

afterAll(async () => {
    await attack.stop();
});

afterEach(async () => {
    attack.cutAll();
    await attack.untilCalls(left);
    expect(attack.bench.logs.codes).not.toContain('ERR_INTERNAL');
});

async function abuser(): Promise<RawClient> {
    const client = await attack.join('/?bot=openai');
    await client.open();
    return client;
}

/** Many frames as one buffer, made bit by bit: it is the server that is to be held up, not this process by its own test. */
async function repeated(count: number, make: (index: number) => Buffer): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let done = 0; done < count; done += BATCH) {
        parts.push(
            Buffer.concat(Array.from({ length: Math.min(BATCH, count - done) }, (_, index) => make(done + index))),
        );
        await sleep(1);
    }
    return Buffer.concat(parts);
}

/** Has all been read that was written? */
async function untilTaken(client: RawClient): Promise<void> {
    await until('the flood is over', () => client.ended || client.socket.writableLength === 0);
}

describe(`one abused call beside ${GOOD_CALLS} good ones`, () => {
    it('floods with text messages of every kind', async () => {
        const client = await abuser();
        const types = ['ping', 'error', 'update', 'playback_completed', 'dtmf', 'resumed', 'nonsense', 'open'];
        const texts = await repeated(20_000, (index) =>
            frame(TEXT, client.nextText(types[index % types.length] ?? '')),
        );
        client.write(texts);
        await untilTaken(client);
        client.send('close', { reason: 'end' }, { serverseq: 0 });
        await until('close is answered', () => client.has('closed') || client.ended);
        expect(client.has('closed')).toBe(true);
    });

    it('floods with three hours of audio', async () => {
        const client = await abuser();
        const frames = await repeated(100, () => frame(BINARY, Buffer.alloc(64_000, 0x55)));
        for (let round = 0; round < 14; round += 1) {
            client.write(frames);
            await untilTaken(client);
        }
        client.send('ping', {}, { serverseq: 0 });
        await until('the ping is answered', () => client.has('pong') || client.ended);
        expect(client.has('pong')).toBe(true);
    });

    it('floods with frames of one byte, and with pieces of messages', async () => {
        const [bytes, pieces, pings] = await Promise.all([abuser(), abuser(), abuser()]);
        bytes.write(await repeated(100_000, () => frame(BINARY, 'a')));
        pieces.write(await repeated(100_000, (index) => frame(index === 0 ? TEXT_BEGIN : CONTINUE, 'a')));
        pings.write(await repeated(50_000, () => frame(PING, 'a'.repeat(100))));
        await Promise.all([bytes, pieces, pings].map(untilTaken));
        await until('the pieces end their call', () => pieces.ended || pieces.closeCode !== undefined);
        expect(pieces.closeCode).toBe(1008);
    });

    it('asks for pongs and never reads them', async () => {
        const client = await abuser();
        client.socket.pause();
        const pings = await repeated(20_000, () => frame(TEXT, client.nextText('ping', {}, { serverseq: 0 })));
        for (let round = 0; round < 10 && !client.ended; round += 1) {
            client.write(pings.subarray(0, pings.length));
            await sleep(50);
        }
        client.socket.destroy();
    });

    it('twelve hundred strangers knock at once, and one who has the key gets in meanwhile', async () => {
        const { authority } = attack;
        const request = requestText({ ...attack.headers(), 'X-API-KEY': 'unknown', Host: authority });
        const strangers = await Promise.all(Array.from({ length: 1200 }, () => attack.dial()));
        for (const stranger of strangers) stranger.write(request);
        expect((await attack.join('/?bot=silent')).status).toBe(101);
        await until('all are refused', () => strangers.every(({ status, ended }) => status === 401 || ended));
        // One whose request comes too late, because the machine is busy, is cut off without an answer.
        expect(new Set(strangers.map(({ status }) => status ?? 401))).toEqual(new Set([401]));
    });

    it('and none of the good ones has noticed: both ways whole, no gap, every protocol check passed', async () => {
        await Promise.all(good.map((call) => call.endUnharmed()));
        left = 0;
        await attack.untilFreed();
    });
});
