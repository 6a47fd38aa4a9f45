import { randomUUID } from 'node:crypto';
import { AttackBench, requestText } from './attack/attack-bench';
import { BYTE_EXACT, GoodCall } from './attack/good-call';
import type { RawClient } from './attack/raw-client';

const SPEED_UP = 3;
const AUDIOHOOK_HEADERS = ['Audiohook-Organization-Id', 'Audiohook-Session-Id', 'Audiohook-Correlation-Id'];
const SIGNED_HEADERS = [...AUDIOHOOK_HEADERS, 'X-API-KEY', 'Host', 'Signature', 'Signature-Input'];
const BROKEN_VALUES = ['x', '""', '%00', '\u00fc', '()', '=;=,', 'sig1', '"'.repeat(500), 'a'.repeat(7000), ' \t '];

let attack: AttackBench;
let good: GoodCall;
let goodCalls = 1;

beforeAll(async () => {
    attack = await AttackBench.start({ ...BYTE_EXACT, speedUp: SPEED_UP });
    good = await GoodCall.begin(attack);
});

afterAll(async () => {
    await attack.stop();
});

/** Every test leaves the one good call behind, and nothing of its own. */
afterEach(async () => {
    attack.cutAll();
    await attack.untilCalls(goodCalls);
    expect(attack.bench.logs.codes).not.toContain('ERR_INTERNAL');
    attack.bench.logs.lines.length = 0;
});

/** A refusal is complete, says nothing, and lets go of the connection. */
function expectBare({ answer, status }: RawClient): void {
    expect(answer).toMatch(/^HTTP\/1\.1 [45]\d\d [ \w]+\r\n(?:[A-Z][-\w]*: [^\r\n]*\r\n)*\r\n$/);
    expect(answer).toContain('Content-Length: 0\r\n');
    expect(answer).toMatch(/Connection: (?:Upgrade, )?close\r\n/);
    expect(status).toBeDefined();
}

async function statusesOf(requests: readonly (string | Uint8Array)[]): Promise<(number | undefined)[]> {
    const clients = await Promise.all(requests.map((request) => attack.exchange(request)));
    for (const client of clients) expectBare(client);
    return clients.map(({ status }) => status);
}

/** The headers of a sound request with one of them changed after signing; undefined: left out. */
function changed(name: string, value: string | undefined): string {
    // An empty value leaves the header out.
    return requestText({ ...attack.headers(), [name]: value ?? '' });
}

function doubled(name: string, second: string): string {
    return requestText(attack.headers()).replace('\r\n\r\n', `\r\n${name}: ${second}\r\n\r\n`);
}

function all(status: number, count: number): number[] {
    return Array.from({ length: count }, () => status);
}

describe('an upgrade request, signed and then spoilt', () => {
    it('is sound before it is spoilt', async () => {
        const client = await attack.join();
        expect(client.status).toBe(101);
    });

    it('without one of its headers is refused', async () => {
        const requests = SIGNED_HEADERS.map((name) => changed(name, undefined));
        expect(await statusesOf(requests)).toEqual(all(401, SIGNED_HEADERS.length));
    });

    it('with one of its headers doubled, with the same value or another, is refused', async () => {
        const same = SIGNED_HEADERS.map((name) => doubled(name, attack.headers()[name] ?? ''));
        const other = SIGNED_HEADERS.map((name) => doubled(name, randomUUID()));
        for (const status of await statusesOf([...same, ...other])) expect([400, 401]).toContain(status);
    });

    it('with any of its headers set to nonsense is refused', async () => {
        const requests = SIGNED_HEADERS.flatMap((name) => BROKEN_VALUES.map((value) => changed(name, value)));
        const statuses = await statusesOf(requests);
        expect(statuses).toEqual(all(401, requests.length));
    });

    it('is refused at another path, with another query, and with other letters in its path', async () => {
        const headers = attack.headers('/bot?a=b');
        const paths = ['/', '/bot', '/bot?a=c', '/bot?a=b&c', '/Bot?a=b', '/bot%3Fa=b', '//bot?a=b', '/./bot?a=b'];
        expect(await statusesOf(paths.map((path) => requestText(headers, path)))).toEqual(all(401, paths.length));
    });

    it('is refused when it comes a second time, and when ten come at the same moment only one gets in', async () => {
        const request = requestText(attack.headers());
        const clients = await Promise.all(Array.from({ length: 10 }, () => attack.exchange(request)));
        expect(clients.map(({ status }) => status).sort()).toEqual([101, ...all(401, 9)]);
        expect((await attack.exchange(request)).status).toBe(401);
    });

    it('is 400 when its key is proven and an Audiohook header is no UUID', async () => {
        const requests = ['x', '', '0', 'a'.repeat(36), `${randomUUID()}0`, `{${randomUUID()}}`].flatMap((value) => [
            requestText({ ...attack.headers('/', { sessionId: value, correlationId: randomUUID() }) }),
            requestText({ ...attack.headers('/', { organizationId: value }) }),
            requestText({ ...attack.headers('/', { correlationId: value }) }),
        ]);
        for (const status of await statusesOf(requests)) expect([400, 401]).toContain(status);
        expect(attack.bench.logs.codes).toContain('ERR_IDENTITY_HEADERS');
    });
});

describe('a signature of the attacker’s own', () => {
    const input = (parameters: string): string =>
        `sig1=("@request-target" "audiohook-session-id" "audiohook-organization-id" "audiohook-correlation-id" ` +
        `"x-api-key" "@authority")${parameters}`;
    const parameters = (changes: Record<string, string | undefined> = {}): string => {
        const created = Math.floor(Date.now() / 1000);
        const sound = {
            created: `${created}`,
            expires: `${created + 10}`,
            keyid: `"${attack.apiKey}"`,
            nonce: `"${'n'.repeat(22)}"`,
            alg: '"hmac-sha256"',
        };
        const all: Record<string, string | undefined> = { ...sound, ...changes };
        return Object.entries(all)
            .map(([name, value]) => (value === undefined ? '' : `;${name}=${value}`))
            .join('');
    };
    const forged = (signatureInput: string, signature: string): string =>
        requestText({ ...attack.headers(), 'Signature-Input': signatureInput, Signature: signature });

    it('of any length from 0 to 64 octets, and of 1,000, is refused', async () => {
        const lengths = [...Array.from({ length: 65 }, (_, index) => index), 1000];
        const requests = lengths.map((length) =>
            forged(input(parameters()), `sig1=:${Buffer.alloc(length, 7).toString('base64')}:`),
        );
        expect(await statusesOf(requests)).toEqual(all(401, lengths.length));
    });

    it('of a form that is none is refused', async () => {
        const forms = [
            'sig1=::',
            'sig1=:',
            'sig1=:====:',
            'sig1=:AAA:',
            'sig1=:A=A=:',
            'sig1',
            'sig1=1',
            'sig1="x"',
            'sig2=:AAAA:',
            'sig1=:AAAA:, sig1=:AAAA:',
            'sig1=(:AAAA:)',
            ',',
            '\u0080',
            `sig1=:${'A'.repeat(8000)}:`,
            Array.from({ length: 400 }, (_, index) => `sig${index}=::`).join(','),
        ];
        expect(await statusesOf(forms.map((form) => forged(input(parameters()), form)))).toEqual(
            all(401, forms.length),
        );
    });

    it('with parameters that are missing, doubled, of another type or unknown is refused', async () => {
        const values = [undefined, '""', '"x"', '1', '-1', '0', '1.5', '999999999999999', '?1', 'x', ':AAAA:', ''];
        const names = ['created', 'expires', 'keyid', 'nonce', 'alg', 'unknown'];
        const requests = names.flatMap((name) =>
            values.map((value) => forged(input(parameters({ [name]: value })), `sig1=:${'A'.repeat(43)}=:`)),
        );
        expect(await statusesOf(requests)).toEqual(all(401, requests.length));
    });

    it('over components that are too few, doubled, unknown or nested is refused', async () => {
        const lists = [
            '()',
            '("@request-target")',
            '("x" "x")',
            '("@method")',
            '(())',
            '("@authority";req)',
            '(1 2 3)',
            '(',
        ];
        const requests = lists.map((list) => forged(`sig1=${list}${parameters()}`, `sig1=:${'A'.repeat(43)}=:`));
        expect(await statusesOf(requests)).toEqual(all(401, requests.length));
    });

    it('under an empty, an all-zero or another secret is refused, for a known key and for an unknown one', async () => {
        const secrets = [Buffer.alloc(32), Buffer.alloc(64), Buffer.alloc(1), Buffer.from('secret')];
        const requests = secrets.flatMap((secret) =>
            [attack.apiKey, 'unknown', '__proto__', 'constructor'].map((apiKey) =>
                requestText(attack.headers('/', { apiKey, clientSecret: secret.toString('base64') })),
            ),
        );
        expect(await statusesOf(requests)).toEqual(all(401, requests.length));
    });

    it('with 14,000 blanks takes no time worth naming', async () => {
        const blanks = ' '.repeat(7000);
        const requests = Array.from({ length: 40 }, () => forged(`sig1=(${blanks}`, `sig1=${blanks}`));
        const cpu = process.cpuUsage();
        expect(await statusesOf(requests)).toEqual(all(401, 40));
        // A quadratic reader takes 100 ms for each of them.
        expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(2000);
    });
});

describe('the good call beside all this', () => {
    it('has noticed nothing', async () => {
        await good.endUnharmed();
        goodCalls = 0;
        await attack.untilFreed();
    });
});
