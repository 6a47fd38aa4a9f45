import { apiFault, ENDS, type FakeSession } from '../../tools/fake-openai';
import { until } from '../support/test-bench';
import { AttackBench, requestText } from './attack/attack-bench';
import { BINARY, frame } from './attack/raw-client';

const OPENAI_KEY = 'sk-proj-0Zq8x7Wv6Ut5Sr4Qp3';
const DIGITS = '7391846250';
const ANI = 'tel:+12025550187';
const DNIS = '+12025550165';
const CALLER_WORDS = 'my secret word is xylophone';
const BOT_WORDS = 'the purple elephant is noted';
const VARIABLE = 'membership 99-12-77';
const CONFIG = 'a config of the customer';
const REMARK = 'a remark with the name of Ms Featherstone';
/** Audio, a key, a signature: nothing else is that long without a blank. */
const LONG_BASE64 = /[A-Za-z0-9+/]{41,}/;

let attack: AttackBench;
/** Everything that was ever put on a wire to a client. */
let sent: string[];
/** Signatures, nonces and keys that were on their way. */
let credentials: string[];

async function start(env: Record<string, string> = {}): Promise<void> {
    sent = [];
    credentials = [];
    attack = await AttackBench.start({
        speedUp: 5,
        openai: {
            vad: 'off',
            response: () => ({ text: BOT_WORDS, audioMs: 2000 }),
            callerTranscript: { texts: [CALLER_WORDS] },
        },
        env: { OPENAI_API_KEY: OPENAI_KEY, ...env },
    });
    credentials.push(attack.apiKey, attack.clientSecret, OPENAI_KEY);
}

afterEach(async () => {
    await attack.stop();
});

/** An upgrade request whose signature and nonce are remembered. */
function request(changes: Record<string, string> = {}, path = '/'): string {
    const headers = { ...attack.headers(path), ...changes };
    const signature = /:(.+):/.exec(headers['Signature'] ?? '')?.[1];
    const nonce = /nonce="(.+?)"/.exec(headers['Signature-Input'] ?? '')?.[1];
    credentials.push(...[signature, nonce, headers['X-API-KEY']].filter((text) => text !== undefined));
    return requestText(headers, path);
}

async function knock(): Promise<void> {
    const sound = request();
    const requests = [
        sound,
        sound,
        request({ Signature: `sig1=:${Buffer.alloc(32, 9).toString('base64')}:` }),
        request({ 'X-API-KEY': 'YW5vdGhlciBrZXk=' }),
        request({ Host: 'elsewhere.example' }),
        request({ 'Audiohook-Session-Id': 'x' }),
        request({ Upgrade: 'h2c' }),
        request({ 'X-Fill': 'x\r\nbroken' }),
        request({ 'X-Fill': 'x'.repeat(20_000) }),
    ];
    for (const text of requests) {
        const client = await attack.exchange(text);
        sent.push(client.answer);
        client.socket.destroy();
    }
}

async function wholeCall(after: (session: FakeSession) => void | Promise<void> = () => undefined): Promise<void> {
    const participant = { ani: ANI, dnis: DNIS, aniName: 'Featherstone' };
    const inputVariables = { VARIABLE };
    const caller = attack.caller({ participant, inputVariables, customConfig: { note: CONFIG }, language: 'en-us' });
    await caller.dial();
    const session = await attack.bench.fake.nextSession();
    await until('the greeting is heard', () => caller.heardBytes > 4000);
    caller.dtmf(`${DIGITS}#`);
    session.speechStarted();
    session.speechStopped();
    await session.waitForSent('conversation.item.input_audio_transcription.completed');
    caller.sendMessage('error', { code: 400, message: REMARK });
    caller.sendMessage(REMARK, { text: REMARK });
    caller.sendMessage('update', { language: REMARK });
    caller.sendMessage('dtmf', { digit: 'X77' });
    await after(session);
    await until('an answer is over', () => session.closed !== undefined || session.activeResponseId === undefined);
    caller.hangUp();
    await caller.ended;
    sent.push(...caller.events.flatMap((event) => (event.kind === 'received' ? [event.text] : [])));
}

/** Calls that go well, calls that fail in every way that quotes something, and doors that stay closed. */
async function everything(): Promise<void> {
    await knock();
    await wholeCall();
    await wholeCall((session) => {
        session.error(apiFault('invalid_value', `Invalid value: '${CALLER_WORDS}' for key ${OPENAI_KEY}.`, 'item'));
        session.error(apiFault('brand_new', `The caller entered ${Array.from(DIGITS).join(' ')}`));
        session.junk('notJson');
        session.junk('wrongTypes');
    });
    await wholeCall((session) => {
        session.endResponse(ENDS.rateLimited());
    });
    await wholeCall((session) => {
        session.cut({ code: 1011, reason: `${CALLER_WORDS} ${OPENAI_KEY}` });
    });
    attack.bench.fake.plan({ refuse: 'invalid_api_key' });
    const refused = attack.caller();
    await refused.dial();
    await refused.ended;
    const hostile = await attack.join();
    await hostile.open();
    hostile.write(frame(BINARY, Buffer.alloc(1600, 0x55)));
    hostile.text(`{"digit":"${DIGITS}","words":"${CALLER_WORDS}"`);
    await until('it is told to go', () => hostile.has('disconnect'));
    sent.push(...hostile.texts);
}

/** Texts of `secrets` that stand in `text`, in the clear or letter by letter. */
function found(text: string, secrets: readonly string[]): string[] {
    const lower = text.toLowerCase();
    return secrets.filter((secret) => lower.includes(secret.toLowerCase()));
}

const PERSONAL = [
    DIGITS,
    Array.from(DIGITS).join(' '),
    'X77',
    ANI.slice(-7),
    DNIS.slice(-7),
    'Featherstone',
    VARIABLE,
    CONFIG,
    REMARK,
];

describe('what is never logged or sent', () => {
    it('no key, signature, nonce, digit, number or word of anybody is logged at any level, or sent where it does not belong', async () => {
        await start();
        await everything();
        const logged = attack.bench.logs.text;
        const events = sent.filter((text) => text.includes('"type":"event"'));
        const others = sent.filter((text) => !text.includes('"type":"event"'));
        expect(found(logged, [...credentials, ...PERSONAL, CALLER_WORDS, 'xylophone', BOT_WORDS])).toEqual([]);
        expect(logged).not.toMatch(LONG_BASE64);
        expect(found(others.join('\n'), [...credentials, ...PERSONAL, CALLER_WORDS, BOT_WORDS])).toEqual([]);
        expect(others.join('\n')).not.toMatch(LONG_BASE64);
        // The report of a turn carries the bot's own words to Genesys; nothing else of the talk.
        expect(events.length).toBeGreaterThan(0);
        expect(found(events.join('\n'), [...credentials, ...PERSONAL, CALLER_WORDS])).toEqual([]);
    });

    it('with LOG_TRANSCRIPTS the words are logged, as asked, and still nothing else', async () => {
        await start({ LOG_TRANSCRIPTS: 'true' });
        await everything();
        const logged = attack.bench.logs.text;
        expect(logged).toContain(CALLER_WORDS);
        // Of the bot's words, those that were heard: these callers interrupt and hang up.
        const [firstWord = ''] = BOT_WORDS.split(' ');
        expect(logged).toMatch(new RegExp(`"speaker":"bot","atMs":\\d+,"text":"${firstWord}`));
        expect(found(logged, [...credentials, ...PERSONAL])).toEqual([]);
        expect(logged).not.toMatch(LONG_BASE64);
    });
});
