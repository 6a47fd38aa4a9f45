import { AttackBench } from './attack/attack-bench';
import { BYTE_EXACT, GoodCall } from './attack/good-call';
import { ODD_VALUES, withField } from './attack/odd-values';
import { BINARY, CONTINUE, frame, PING, type RawClient, TEXT_BEGIN } from './attack/raw-client';
import { verdictOn, type Verdict } from './attack/verdict';
import { isJsonObject } from '../../tools/caller/server-message';
import { until } from '../support/test-bench';

let attack: AttackBench;
let good: GoodCall;
let goodCalls = 1;

beforeAll(async () => {
    attack = await AttackBench.start({ ...BYTE_EXACT, speedUp: 3 });
    good = await GoodCall.begin(attack);
});

afterAll(async () => {
    await attack.stop();
});

afterEach(async () => {
    attack.cutAll();
    await attack.untilCalls(goodCalls);
    expect(attack.bench.logs.codes).not.toContain('ERR_INTERNAL');
});

const OPEN_FIELDS = ['organizationId', 'conversationId', 'participant', 'media', 'language', 'supportedLanguages'];
const OTHER_FIELDS = ['inputVariables', 'customConfig', 'continuedSessions', 'unknown'];
const PARTICIPANT_FIELDS = ['id', 'ani', 'aniName', 'dnis'];
const MEDIA_FIELDS = ['type', 'format', 'channels', 'rate'];

/** Opens a call of the silent bot with these parameters, as JSON text. */
async function openWith(make: (client: RawClient) => string): Promise<Verdict> {
    const client = await attack.join('/?bot=silent');
    const envelope = JSON.parse(client.nextText('open')) as Record<string, unknown>;
    client.text(withField(envelope, 'parameters', make(client)));
    return verdictOn(client);
}

function openingsWith(make: (client: RawClient, json: string | undefined) => string): Promise<Verdict[]> {
    return Promise.all([undefined, ...ODD_VALUES].map((json) => openWith((client) => make(client, json))));
}

describe('an open message', () => {
    it.each([...OPEN_FIELDS, ...OTHER_FIELDS])(
        'with an odd %s opens, or is refused, and nothing else',
        async (name) => {
            const results = await openingsWith((client, json) => withField(client.openParameters(), name, json));
            const needed = ['organizationId', 'conversationId', 'participant', 'media'].includes(name);
            for (const verdict of results) expect(needed ? ['lives', 'ended'] : ['lives']).toContain(verdict);
        },
    );

    it('with any organization but the signed one is refused', async () => {
        const results = await openingsWith((client, json) =>
            withField(client.openParameters(), 'organizationId', json),
        );
        expect(results).toEqual(results.map(() => 'ended'));
    });

    it.each(PARTICIPANT_FIELDS)('with an odd participant.%s opens', async (name) => {
        const results = await openingsWith((client, json) => {
            const { participant } = client.openParameters();
            return withField(
                client.openParameters(),
                'participant',
                withField(isJsonObject(participant) ? participant : {}, name, json),
            );
        });
        expect(results).toEqual(results.map(() => 'lives'));
    });

    it.each(MEDIA_FIELDS)('with an odd media.%s is refused, and opens when another item is right', async (name) => {
        const sound = { type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 };
        const only = await openingsWith((client, json) =>
            withField(client.openParameters(), 'media', `[${withField(sound, name, json)}]`),
        );
        expect(only).toEqual(only.map(() => 'ended'));
        const beside = await openingsWith((client, json) =>
            withField(client.openParameters(), 'media', `[${withField(sound, name, json)},${JSON.stringify(sound)}]`),
        );
        expect(beside).toEqual(beside.map(() => 'lives'));
    });

    it('with ten thousand variables, long ones, and a thousand media opens', async () => {
        const inputVariables = Object.fromEntries(Array.from({ length: 4000 }, (_, index) => [`v${index}`, 'x']));
        const media = Array.from({ length: 1000 }, () => ({ type: 'audio', format: 'L16', channels: [], rate: 1 }));
        const [own] = [{ type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 }];
        const results = await Promise.all([
            openWith((client) => JSON.stringify(client.openParameters({ inputVariables }))),
            openWith((client) =>
                JSON.stringify(client.openParameters({ inputVariables: { long: 'x'.repeat(60_000) } })),
            ),
            openWith((client) => JSON.stringify(client.openParameters({ media: [...media, own] }))),
        ]);
        expect(results).toEqual(['lives', 'lives', 'lives']);
    });
});

/** How a client is brought into each state of the session. */
const STATES: Readonly<Record<string, (client: RawClient) => Promise<void>>> = {
    'before open': () => Promise.resolve(),
    'with open on its way': (client) => {
        client.send('open', client.openParameters());
        return Promise.resolve();
    },
    'in the call': (client) => client.open(),
    'in a pause': async (client) => {
        await client.open();
        client.send('paused');
    },
    'after disconnect': async (client) => {
        await client.open();
        client.text('no JSON');
        await until('disconnect came', () => client.has('disconnect'));
    },
    'after close': async (client) => {
        await client.open();
        client.send('close', { reason: 'end' });
        await until('closed came', () => client.has('closed'));
    },
};
const MESSAGES = ['close', 'ping', 'error', 'dtmf', 'update', 'paused', 'resumed', 'discarded', 'playback_completed'];
const DEEDS: Readonly<Record<string, (client: RawClient) => void>> = {
    ...Object.fromEntries(
        MESSAGES.map((type) => [
            type,
            (client: RawClient) => {
                client.send(type, { digit: '1', code: 500, message: '' });
            },
        ]),
    ),
    open: (client) => {
        client.send('open', client.openParameters());
    },
    'open twice': (client) => {
        client.send('open', client.openParameters());
        client.send('open', {});
    },
    garbage: (client) => {
        client.text('\u0000');
    },
    audio: (client) => {
        client.write(frame(BINARY, Buffer.alloc(1600, 0xff)));
    },
    'empty audio': (client) => {
        client.write(frame(BINARY, ''));
    },
    'odd audio': (client) => {
        for (const size of [1, 3, 7, 159, 63_999]) client.write(frame(BINARY, Buffer.alloc(size)));
    },
    'a broken frame': (client) => {
        client.write(frame(0x83, 'x'));
    },
    'a close frame': (client) => {
        client.closeSocket();
    },
    'an early end': (client) => {
        client.socket.end();
    },
    'a cut': (client) => {
        client.socket.destroy();
    },
    'a reset': (client) => {
        client.socket.resetAndDestroy();
    },
    'half a frame and a cut': (client) => {
        client.write(frame(BINARY, Buffer.alloc(10), 5000));
        client.socket.end();
    },
};

describe.each(Object.keys(STATES))('%s', (state) => {
    it.each(Object.keys(DEEDS))('%s does no harm, and everything is freed', async (deed) => {
        const clients = await Promise.all(['silent', 'echo', 'openai'].map((bot) => attack.join(`/?bot=${bot}`)));
        for (const client of clients) {
            await STATES[state]?.(client);
            DEEDS[deed]?.(client);
            if (!client.socket.destroyed && !client.socket.writableEnded) client.send('ping', {}, { serverseq: 0 });
            client.send('close', { reason: 'end' }, { serverseq: 0 });
        }
        await until('each has its last word', () =>
            clients.every(
                (client) =>
                    client.ended || client.closeCode !== undefined || client.has('closed') || client.socket.destroyed,
            ),
        );
        for (const client of clients) {
            const types = client.types();
            expect(types.filter((type) => type === 'closed').length).toBeLessThanOrEqual(1);
            expect(types.filter((type) => type === 'disconnect').length).toBeLessThanOrEqual(1);
            if (types.includes('closed')) expect(types.at(-1)).toBe('closed');
        }
    });
});

describe('frames against the protocol', () => {
    const many = (count: number, make: (index: number) => Buffer): Buffer =>
        Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));

    it.each([
        ['an unmasked frame', Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
        ['text that is not UTF-8', frame(0x81, Buffer.from([0xc3, 0x28])), 1007],
        ['a text that ends within a letter', frame(0x81, Buffer.from([0xe2, 0x82])), 1007],
        ['a reserved bit', frame(0xc1, 'hi'), 1002],
        ['the bit of a compression that was not agreed', frame(0xc2, Buffer.alloc(10)), 1002],
        ['a reserved opcode', frame(0x83, 'hi'), 1002],
        ['a reserved control opcode', frame(0x8b, 'hi'), 1002],
        ['a continuation of nothing', frame(CONTINUE, 'hi'), 1002],
        ['a new message within a message', Buffer.concat([frame(TEXT_BEGIN, 'a'), frame(0x81, 'b')]), 1002],
        ['a ping in pieces', frame(0x09, 'a'), 1002],
        ['a ping of 126 bytes', frame(PING, Buffer.alloc(126)), 1002],
        ['a close frame of one byte', frame(0x88, 'x'), 1002],
        ['a close code that does not exist', frame(0x88, Buffer.from([0, 1])), 1002],
        ['a frame that announces 2 GB', frame(BINARY, Buffer.alloc(10), 0x7fffffff), 1009],
        ['a frame that announces more than there is', frame(BINARY, Buffer.alloc(10), 2 ** 60), 1009],
        ['a message in 5,000 pieces', many(5000, (index) => frame(index === 0 ? TEXT_BEGIN : CONTINUE, 'a')), 1008],
        ['a message of empty pieces', many(5000, (index) => frame(index === 0 ? TEXT_BEGIN : CONTINUE, '')), 1008],
        [
            'pieces that are too long together',
            many(9, (index) => frame(index === 0 ? 0x02 : 0, Buffer.alloc(8192))),
            1009,
        ],
    ])('%s closes this WebSocket', async (_name, bytes, code) => {
        const clients = [await attack.join('/?bot=echo'), await attack.join('/?bot=silent')];
        await clients[0]?.open();
        for (const client of clients) client.write(bytes);
        await until('both are closed', () => clients.every((client) => client.closeCode !== undefined || client.ended));
        expect(clients.map(({ closeCode }) => closeCode)).toEqual([code, code]);
    });

    it('a message in 50 pieces, a ping between them, is one message', async () => {
        const client = await attack.join('/?bot=silent');
        const text = Buffer.from(client.nextText('open', client.openParameters()));
        const pieces = Array.from({ length: 50 }, (_, index) =>
            text.subarray(index * 10, index < 49 ? index * 10 + 10 : undefined),
        );
        pieces.forEach((piece, index) => {
            client.write(frame((index === 49 ? 0x80 : 0) | (index === 0 ? 1 : 0), piece));
            client.write(frame(PING, 'x'));
        });
        expect(await verdictOn(client)).toBe('lives');
    });

    it('a message that comes byte by byte is one message', async () => {
        const client = await attack.join('/?bot=silent');
        for (const byte of frame(0x81, client.nextText('open', client.openParameters())))
            client.write(Uint8Array.of(byte));
        expect(await verdictOn(client)).toBe('lives');
    });
});

describe('the good call beside all this', () => {
    it('has noticed nothing', async () => {
        await good.endUnharmed();
        goodCalls = 0;
        await attack.untilFreed();
    });
});
