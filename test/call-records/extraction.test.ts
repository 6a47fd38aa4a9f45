import { EXTRACT_LIMIT_MS, Extraction } from '../../src/call-records/extraction';
import { botProfileSchema, type ProfileSource } from '../../src/services/profiles/schema';
import type { ExtractSpec } from '../../src/services/profiles/extract-schema';
import { OneAnswer } from '../../src/speech/chat/one-answer';
import { until } from '../services/realtime/support';
import { AnswerStandIn } from '../speech/chat/answer-stand-in';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { SAMPLE_CONVERSATION, SAMPLE_SESSION, sampleCall } from './sample-call';

const LONG_MS = 20_000;
const EXTRACT: ProfileSource['extract'] = {
    topic: { type: 'enum', values: ['invoice', 'contract'], description: 'What is it about?' },
    angry: { type: 'boolean', description: 'Is the caller angry?' },
    amount: { type: 'number', description: 'Which amount do they dispute, in euros?' },
    wish: { type: 'string', description: 'What do they want?', maxLength: 10 },
};

function specOf(extract: ProfileSource['extract']): ExtractSpec | undefined {
    return botProfileSchema.parse({ extract }).extract;
}

describe('what is found out about a call', () => {
    let service: AnswerStandIn;
    let clock: FakeClock;
    let log: LogRecorder;
    let extraction: Extraction;
    let spec: ExtractSpec | undefined;

    beforeEach(async () => {
        service = await AnswerStandIn.start();
        clock = new FakeClock();
        log = new LogRecorder();
        spec = specOf(EXTRACT);
        const chat = new OneAnswer({ apiKey: 'sk-test', baseURL: service.baseURL, model: 'm' }, clock);
        extraction = new Extraction({
            ask: (question) => chat.ask(question),
            specOf: (bot) => (bot === 'billing' ? spec : undefined),
            logger: log,
        });
    });

    afterEach(async () => {
        await service.close();
        expect(service.breaches).toEqual([]);
        expect(clock.pendingCount).toBe(0);
    });

    it('is asked by a schema of the profile’s questions, of the transcript as it was heard, and comes with its type', async () => {
        service.plan('{"topic":"invoice","angry":true,"amount":12.5,"wish":"  a person on the line"}');
        expect(await extraction.answersFor(sampleCall())).toEqual({
            topic: 'invoice',
            angry: true,
            amount: 12.5,
            wish: 'a person o',
        });
        const [{ messages, response_format: format } = { messages: [], response_format: undefined }] = service.requests;
        expect(format?.json_schema.schema.properties).toEqual({
            topic: {
                type: ['string', 'null'],
                enum: ['invoice', 'contract', null],
                description: 'What is it about?',
            },
            angry: { type: ['boolean', 'null'], description: 'Is the caller angry?' },
            amount: { type: ['number', 'null'], description: 'Which amount do they dispute, in euros?' },
            wish: { type: ['string', 'null'], description: 'What do they want?' },
        });
        expect(messages.at(-1)?.content).toBe(
            [
                'bot: Hello, how can I help?',
                'caller: My invoice is wrong, number 4711 22.',
                'caller: A person, please.',
                'bot: I see the invoice',
                'function find_invoice: ok',
                'end: transfer',
            ].join('\n'),
        );
        expect(log.lines).toEqual([]);
    });

    it('leaves out what is not known, and what does not fit, whose names are logged', async () => {
        service.plan('{"topic":"weather","angry":null,"amount":"12","wish":null,"__proto__":{"x":1},"more":1}');
        expect(await extraction.answersFor(sampleCall())).toBeUndefined();
        expect(log.lines).toMatchObject([{ level: 'info', fields: { unfit: ['topic', 'amount'] } }]);
        expect(log.text).not.toMatch(/weather/);
    });

    it.each<[string, Parameters<AnswerStandIn['plan']>[0], string]>([
        ['no JSON', 'The topic is invoice.', 'ERR_CHAT_FAILED'],
        ['a list', '[1]', 'ERR_CHAT_FAILED'],
        ['a refusal', { refusal: 'no' }, 'ERR_CHAT_FAILED'],
        ['a broken service', { status: 500 }, 'ERR_CHAT_FAILED'],
        ['a wrong key', { status: 401 }, 'ERR_OPENAI_KEY'],
    ])('gives nothing after %s, with a line', async (_what, plan, why) => {
        service.plan(plan);
        expect(await extraction.answersFor(sampleCall())).toBeUndefined();
        const fields = { code: 'ERR_CALL_EXTRACT', why, session: SAMPLE_SESSION, conversation: SAMPLE_CONVERSATION };
        expect(log.lines).toMatchObject([{ level: 'warn', fields }]);
    });

    it('waits 20 s for a service that hangs, and not for one when the server stops', async () => {
        service.plan('hang', 'hang');
        const late = extraction.answersFor(sampleCall());
        await until(() => service.requests.length === 1, 'the request', LONG_MS);
        expect(EXTRACT_LIMIT_MS).toBe(20_000);
        clock.advance(EXTRACT_LIMIT_MS);
        expect(await late).toBeUndefined();
        expect(log.lines).toMatchObject([{ fields: { why: 'ERR_CHAT_TIMEOUT' } }]);
        const given = extraction.answersFor(sampleCall());
        await until(() => service.requests.length === 2, 'the second request', LONG_MS);
        extraction.close();
        expect(await given).toBeUndefined();
        expect(log.lines).toHaveLength(1);
    });

    it('is asked of no call without words, without questions, or of another bot', async () => {
        await extraction.answersFor(sampleCall({ turns: [] }));
        await extraction.answersFor(sampleCall({ bot: { name: 'other' } }));
        spec = specOf({});
        await extraction.answersFor(sampleCall());
        expect([service.requests, log.lines]).toEqual([[], []]);
    });

    it('is off without a model to ask, and without words in the record: the reason is logged once', async () => {
        const off = new Extraction({ ask: undefined, specOf: () => spec, logger: log });
        await off.answersFor(sampleCall());
        await off.answersFor(sampleCall());
        await extraction.answersFor(sampleCall({ mode: 'metadata' }));
        expect(log.lines.map(({ fields }) => fields)).toEqual([
            { code: 'ERR_CALL_EXTRACT', why: 'no chat model can be asked' },
            { code: 'ERR_CALL_EXTRACT', why: 'CALL_RECORD is not full' },
        ]);
        expect(service.requests).toEqual([]);
    });
});

describe('extract of a profile', () => {
    it.each<[string, unknown]>([
        ['an unknown type', { a: { type: 'date', description: 'x' } }],
        ['no description', { a: { type: 'string' } }],
        ['an enum without answers', { a: { type: 'enum', description: 'x', values: [] } }],
        ['an enum with the same answer twice', { a: { type: 'enum', description: 'x', values: ['y', 'y'] } }],
        ['a name that is none', { '1a': { type: 'string', description: 'x' } }],
        [
            'more than 20 questions',
            Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`q${at}`, { type: 'string', description: 'x' }])),
        ],
    ])('refuses %s', (_what, extract) => {
        expect(botProfileSchema.safeParse({ extract }).success).toBe(false);
    });

    it('may be left out', () => {
        expect(specOf(undefined)).toBeUndefined();
    });
});
