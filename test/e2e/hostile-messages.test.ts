import { AttackBench } from './attack/attack-bench';
import { BYTE_EXACT, GoodCall } from './attack/good-call';
import { ODD_VALUES, withField } from './attack/odd-values';
import type { RawClient } from './attack/raw-client';
import { verdictOn, type Verdict } from './attack/verdict';

/** Parameters of each message that a client may send while a call is on, all of them right. */
const SOUND_PARAMETERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    ping: { rtt: 'PT0.05S' },
    error: { code: 409, message: 'unexpected', retryAfter: 'PT1S' },
    playback_started: {},
    playback_completed: {},
    dtmf: { digit: '5' },
    update: { language: 'de-de' },
    paused: {},
    resumed: { start: 'PT1S', discarded: 'PT1S' },
    discarded: { start: 'PT1S', discarded: 'PT1S' },
    close: { reason: 'end' },
};
const ENVELOPE = ['version', 'id', 'type', 'seq', 'serverseq', 'position', 'parameters'];

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
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

async function caller(open = true): Promise<RawClient> {
    const client = await attack.join('/?bot=silent');
    if (open) await client.open();
    return client;
}

/** Says each text on a call of its own, all at a time, and gives what came of each. */
async function verdicts(texts: readonly ((client: RawClient) => string)[], open = true): Promise<Verdict[]> {
    return Promise.all(
        texts.map(async (make) => {
            const client = await caller(open);
            client.text(make(client));
            return verdictOn(client);
        }),
    );
}

function fields(client: RawClient, type: string, parameters: unknown): Record<string, unknown> {
    return JSON.parse(client.nextText(type, parameters)) as Record<string, unknown>;
}

describe('text that is no message', () => {
    it.each([
        ['nothing', ''],
        ['blanks', '   '],
        ['a word', 'hello'],
        ['half an object', '{"version":"2"'],
        ['two objects', '{}{}'],
        ['null', 'null'],
        ['true', 'true'],
        ['a number', '42'],
        ['a string', '"open"'],
        ['a list', '[{"version":"2"}]'],
        ['an empty object', '{}'],
        ['NaN', '{"version":"2","seq":NaN}'],
        ['a comment', '{/* */}'],
        ['a byte order mark', '\ufeff{}'],
        ['zero octets', '\0\0\0\0'],
        ['thirty thousand brackets', '['.repeat(30_000)],
        ['thirty thousand nested lists', '['.repeat(30_000) + ']'.repeat(30_000)],
        ['eight thousand nested objects', '{"a":'.repeat(8000) + '1' + '}'.repeat(8000)],
        ['the longest word', 'x'.repeat(65_536)],
    ])('%s ends this call, and close is still answered', async (_name, text) => {
        expect(await verdicts([() => text])).toEqual(['ended']);
        expect(await verdicts([() => text], false)).toEqual(['ended']);
    });

    it('longer than 65,536 bytes ends the WebSocket', async () => {
        expect(await verdicts([() => 'x'.repeat(65_537), () => `{"a":"${'x'.repeat(1_000_000)}"}`])).toEqual([
            1009, 1009,
        ]);
    });
});

describe('an envelope with one odd field', () => {
    it.each(ENVELOPE)('%s: is refused, or harmless', async (name) => {
        const texts = [undefined, ...ODD_VALUES].map((json) => (client: RawClient) => {
            return withField(fields(client, 'playback_started', {}), name, json);
        });
        const harmless = harmlessValues(name);
        const expected = [undefined, ...ODD_VALUES].map((json) => {
            return json !== undefined && harmless(json) ? 'lives' : 'ended';
        });
        expect(await verdicts(texts)).toEqual(expected);
    });

    it('a number that is not the next one ends the call', async () => {
        const wrong = [0, 1, 3, 4, 100, 2 ** 31, 2 ** 32 + 2, Number.MAX_SAFE_INTEGER];
        const texts = wrong.map((seq) => (client: RawClient) => client.nextText('playback_started', {}, { seq }));
        expect(await verdicts(texts)).toEqual(wrong.map(() => 'ended'));
    });

    it('an acknowledgement of what was never sent ends the call; an old one does not', async () => {
        const texts = [0, 1, 2, 1000].map((serverseq) => (client: RawClient) => {
            return client.nextText('playback_started', {}, { serverseq });
        });
        expect(await verdicts(texts)).toEqual(['lives', 'lives', 'ended', 'ended']);
    });

    it('an unknown type, and unknown fields, are harmless', async () => {
        const types = ['x', 'opened', 'disconnect', 'toString', '__proto__', 'constructor', 'OPEN', 'ping ', ' ', ''];
        const texts = types.map((type) => (client: RawClient) => client.nextText(type));
        const extra = (client: RawClient): string =>
            client.nextText('playback_started', {}, { x: 1, __proto__: { y: 1 } });
        expect(await verdicts([...texts, extra])).toEqual([...types, 'extra'].map(() => 'lives'));
    });

    it('doubled keys: the last one counts, as JSON has it', async () => {
        const texts = ['"seq":2,"seq":7', '"seq":7,"seq":2'].map((doubled) => (client: RawClient) => {
            return client.nextText('playback_started').replace('"seq":2', doubled);
        });
        expect(await verdicts(texts)).toEqual(['ended', 'lives']);
    });
});

/** Values that a field may hold by its type although they make no sense. */
function harmlessValues(name: string): (json: string) => boolean {
    const isText = (json: string): boolean => json.startsWith('"');
    const isObject = (json: string): boolean => json.startsWith('{');
    switch (name) {
        case 'version':
            return (json) => json === '"2"';
        case 'type':
        case 'position':
            return isText;
        case 'serverseq':
            return (json) => json === '0' || json === '-0';
        case 'parameters':
            return isObject;
        default:
            return () => false;
    }
}

describe('a known message with odd parameters', () => {
    const cases = Object.entries(SOUND_PARAMETERS).flatMap(([type, parameters]) =>
        [...Object.keys(parameters), 'unknown'].map((name): [string, string] => [type, name]),
    );

    it.each(cases)('%s with an odd %s harms no call', async (type, name) => {
        const texts = [undefined, ...ODD_VALUES].map((json) => (client: RawClient) => {
            const envelope = fields(client, type, {});
            return withField(envelope, 'parameters', withField(SOUND_PARAMETERS[type] ?? {}, name, json));
        });
        // A close whose reason makes no sense is a close all the same.
        expect(await verdicts(texts)).toEqual(texts.map(() => (type === 'close' ? 'closed' : 'lives')));
    });

    it('durations of every kind are read or left alone', async () => {
        const durations = ['PT', 'PTS', 'PT-1S', 'PT1M', 'PT1e9S', 'P1D', 'PT.5S', 'PT5.S', `PT${'9'.repeat(15)}S`];
        const texts = durations.flatMap((duration) => [
            (client: RawClient) => client.nextText('ping', { rtt: duration }),
            (client: RawClient) => client.nextText('discarded', { start: duration, discarded: duration }),
            (client: RawClient) => client.nextText('error', { code: 429, message: '', retryAfter: duration }),
        ]);
        expect(await verdicts(texts)).toEqual(texts.map(() => 'lives'));
    });
});

describe('the good call beside all this', () => {
    it('has noticed nothing', async () => {
        await good.endUnharmed();
        goodCalls = 0;
        await attack.untilFreed();
    });
});
