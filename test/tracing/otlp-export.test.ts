import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { wavToPcmu } from '../../src/audio/wav';
import { startFakeOpenAI, type FakeOpenAI, type FakeOpenAIOptions } from '../../tools/fake-openai';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver';
import { until } from '../support/test-bench';
import { CompiledServer } from '../websocket/compiled-server';
import { TracedServer } from './traced-server';

const SPEECH = wavToPcmu(readFileSync(join(__dirname, '../../samples/librivox_0930.wav')));
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const CONVERSATION = 'a2f7c0d4-1f55-4b0b-8a1e-5b9f3a1c7d20';
const PIN = '8305';
/** Batches leave soon, and one that cannot be sent is given up soon. */
const FAST = { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_EXPORTER_OTLP_TIMEOUT: '500' };

describe('a server process with an OTLP receiver', () => {
    let compiled: CompiledServer;
    let receiver: OtlpReceiver;
    let openai: FakeOpenAI | undefined;
    let server: TracedServer | undefined;

    beforeAll(() => {
        compiled = CompiledServer.make();
    });

    afterAll(() => {
        compiled.remove();
    });

    beforeEach(async () => {
        receiver = await OtlpReceiver.start();
    });

    afterEach(async () => {
        await server?.remove();
        await openai?.close();
        await receiver.stop();
        server = undefined;
        openai = undefined;
    });

    async function start(env: Record<string, string> = {}, options: FakeOpenAIOptions = {}): Promise<TracedServer> {
        openai = await startFakeOpenAI({ vad: 'off', ...options });
        const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
        server = TracedServer.start(compiled.index, { OPENAI_REALTIME_URL: openai.url, ...endpoint, ...FAST, ...env });
        return server;
    }

    /** A call that hears the greeting and hangs up. */
    async function shortCall(running: TracedServer): Promise<void> {
        const caller = await running.call();
        await until('the greeting is heard', () => caller.heardBytes > 4000);
        caller.hangUp();
        await caller.ended;
    }

    const spansOf = (traceId: string | undefined): ReceivedSpan[] =>
        receiver.spans.filter((span) => span.traceId === traceId);
    const roots = (): ReceivedSpan[] => receiver.spans.filter(({ name }) => name === 'call');

    it('sends a tree of each call: turns, speech, model, function, playback, with the names of the conventions', async () => {
        const wanted = { name: 'pin', max_digits: 4, secure: true };
        const running = await start(
            {
                BARGE_IN: 'instant',
                TRACE_CONTENT: 'on',
                OTEL_SERVICE_NAME: 'bots',
                OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=telephone',
            },
            {
                response: [
                    { text: 'Hello and good morning, how can I help you today?' },
                    { text: 'Type your number.', functionCalls: [{ name: 'collect_digits', arguments: wanted }] },
                    { text: 'Thank you.' },
                ],
                callerTranscript: { texts: ['I want my balance.'], when: 'early' },
            },
        );
        const caller = await running.call({
            audio: SPEECH,
            conversationId: CONVERSATION,
            headers: { traceparent: `00-${TRACE}-${SPAN}-01` },
        });
        const session = await openai?.nextSession();
        await until('the greeting is heard', () => caller.heardBytes > 4000);
        session?.speechStarted();
        await session?.waitFor('conversation.item.truncate');
        session?.speechStopped();
        const interrupted = caller.heardBytes;
        await until('the keypad is asked for', () => caller.heardBytes > interrupted + 4000);
        caller.dtmf(PIN);
        await until('the function has run', () => running.lines('A tool was called.').length === 1);
        const before = caller.heardBytes;
        await until('the bot goes on', () => caller.heardBytes > before + 2000);
        caller.hangUp();
        await caller.ended;
        await until('the trace has come', () => roots().length === 1);

        const spans = spansOf(TRACE);
        const named = (name: string): ReceivedSpan[] => spans.filter((span) => span.name === name);
        const [root] = roots();
        expect(root).toMatchObject({
            traceId: TRACE,
            parentSpanId: SPAN,
            // A server's span.
            kind: 2,
            status: { code: 0, message: '' },
            resource: { 'service.name': 'bots', 'telemetry.sdk.language': 'nodejs' },
            attributes: {
                'gen_ai.conversation.id': CONVERSATION,
                'gen_ai.operation.name': 'invoke_agent',
                'gen_ai.agent.name': 'openai',
                'session.id': CONVERSATION,
                'audioconnector.end_reason': 'client_end',
                'audioconnector.tool_calls': 1,
            },
        });
        expect(receiver.headers['x-tenant']).toBe('telephone');
        const turns = named('turn').sort((a, b) => a.startMs - b.startMs);
        expect(turns.map(({ parentSpanId }) => parentSpanId)).toEqual(turns.map(() => root?.spanId));
        expect(turns.map(({ attributes }) => attributes['audioconnector.turn.begun_by'])).toEqual(
            expect.arrayContaining(['bot', 'caller']),
        );
        expect(turns[0]?.events.map(({ name }) => name)).toEqual(['barge-in']);
        const turnIds = turns.map(({ spanId }) => spanId);
        for (const part of spans.filter(({ name }) => name !== 'call' && name !== 'turn')) {
            expect(turnIds).toContain(part.parentSpanId);
            expect(part.endMs).toBeGreaterThanOrEqual(part.startMs);
        }
        const models = named('chat gpt-realtime-2.1');
        expect(models.length).toBe(3);
        for (const model of models)
            expect(model).toMatchObject({
                // A client's span.
                kind: 3,
                attributes: {
                    'gen_ai.operation.name': 'chat',
                    'gen_ai.provider.name': 'openai',
                    'gen_ai.request.model': 'gpt-realtime-2.1',
                    'gen_ai.usage.input_tokens': expect.any(Number) as number,
                    'gen_ai.usage.output_tokens': expect.any(Number) as number,
                },
            });
        expect(named('caller speech').length).toBe(1);
        expect(named('playback').length).toBeGreaterThanOrEqual(2);
        expect(named('execute_tool collect_digits').map(({ attributes }) => attributes)).toEqual([
            {
                'gen_ai.conversation.id': CONVERSATION,
                'gen_ai.operation.name': 'execute_tool',
                'gen_ai.tool.name': 'collect_digits',
                'gen_ai.tool.type': 'function',
                'gen_ai.tool.call.id': expect.any(String) as string,
                'gen_ai.tool.call.arguments': JSON.stringify(wanted),
                'audioconnector.tool.outcome': 'ok',
            },
        ]);
        const everything = Buffer.concat(receiver.bodies).toString('latin1');
        expect(everything).toContain('I want my balance.');
        expect(everything).not.toContain(PIN);
    });

    it('sends nothing of what is said without TRACE_CONTENT', async () => {
        const running = await start({}, { response: [{ text: 'Hello, this is the bank.' }] });
        await shortCall(running);
        await until('the trace has come', () => roots().length === 1);
        const everything = Buffer.concat(receiver.bodies).toString('latin1');
        expect(everything).toContain('gpt-realtime');
        expect(everything).not.toMatch(/Hello|bank|messages/);
        expect(roots()[0]?.parentSpanId).toBe('');
    });

    it('is not disturbed by a receiver that goes down: one line for the outage, one when it is over', async () => {
        const running = await start();
        receiver.goDown();
        await shortCall(running);
        await shortCall(running);
        await until('the outage is known', () => running.lines('ERR_TRACES_LOST').length > 0);
        await shortCall(running);
        const failures = receiver.failures;
        await until('another batch is lost', () => receiver.failures > failures);
        expect(running.lines('ERR_TRACES_LOST')).toEqual([
            expect.objectContaining({ address: `${receiver.url}/v1/traces`, systemError: 'ECONNRESET' }),
        ]);
        expect(roots()).toEqual([]);
        receiver.mode = 'up';
        await shortCall(running);
        await until('traces come again', () => running.lines('Traces are sent again.').length === 1);
        await until('the trace has come', () => roots().length === 1);
        const ends = running.lines('call ended');
        expect(ends.map(({ endReason }) => endReason)).toEqual([
            'client_end',
            'client_end',
            'client_end',
            'client_end',
        ]);
        expect(ends.map(({ faultCode }) => faultCode)).toEqual([undefined, undefined, undefined, undefined]);
        expect(running.lines('ERR_TRACES_LOST')).toHaveLength(1);
    });

    it('tells with which status and words a receiver refuses', async () => {
        const running = await start();
        receiver.mode = 'refuses';
        await shortCall(running);
        await until('the refusal is known', () => running.lines('ERR_TRACES_LOST').length > 0);
        expect(running.lines('ERR_TRACES_LOST')[0]).toMatchObject({ status: 401, apiMessage: 'wrong key' });
    });

    it('sends the last traces when it stops, and ends with 0', async () => {
        const running = await start({ OTEL_BSP_SCHEDULE_DELAY: '60000' });
        const caller = await running.call();
        await until('the greeting is heard', () => caller.heardBytes > 4000);
        expect(await running.terminate()).toBe(0);
        expect(roots().map(({ attributes }) => attributes['audioconnector.end_reason'])).toEqual(['server_shutdown']);
        expect(running.err).toBe('');
    });

    it('stops in time when the receiver hangs', async () => {
        const running = await start({ OTEL_BSP_SCHEDULE_DELAY: '60000', OTEL_EXPORTER_OTLP_TIMEOUT: '60000' });
        await shortCall(running);
        receiver.mode = 'hung';
        expect(await running.terminate()).toBe(0);
        expect(running.lines('The last traces are lost.')).toHaveLength(1);
    });

    it.each([
        { OTEL_SDK_DISABLED: 'true' },
        { OTEL_TRACES_EXPORTER: 'none' },
        { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
        { OTEL_TRACES_SAMPLER: 'always_off' },
    ])('sends nothing with %j', async (env) => {
        const running = await start(env);
        await shortCall(running);
        await until('the call has ended', () => running.lines('call ended').length === 1);
        expect(running.lines('call ended')[0]).not.toHaveProperty('trace');
        expect(await running.terminate()).toBe(0);
        expect(receiver.bodies).toEqual([]);
    });

    it.each([
        [false, false],
        [true, true],
    ])('with content %s sends content: %s, also that which other code has set', async (traceContent, isSent) => {
        const tracing = { url: `${receiver.url}/v1/traces`, serviceName: 'x' };
        const attributes = { 'gen_ai.input.messages': 'hello', kept: 1 };
        const event = { 'output.value': 'hello', kept: 2 };
        await runSpan(compiled, { tracing, traceContent }, attributes, event);
        expect(receiver.spans).toMatchObject([
            isSent ? { attributes, events: [{ attributes: event }] } : { events: [{ attributes: { kept: 2 } }] },
        ]);
        expect(Buffer.concat(receiver.bodies).includes('hello')).toBe(isSent);
    });

    it('names what is wrong with the receiver, and no part of its address that may be a key', async () => {
        const tracing = { url: 'http://127.0.0.1:1/v1/traces?key=secret', serviceName: 'x' };
        const log = await runSpan(compiled, { tracing, traceContent: false }, {}, {});
        expect(log).toContainEqual(
            expect.objectContaining({
                code: 'ERR_TRACES_LOST',
                address: 'http://127.0.0.1:1/v1/traces',
                systemError: 'ECONNREFUSED',
            }),
        );
        expect(JSON.stringify(log)).not.toContain('secret');
    });

    it('refuses to start with a protocol that it does not speak', async () => {
        const running = await start({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
        expect(await running.exitCode()).toBe(1);
        expect(running.err).toMatch(/ERR_CONFIG.*OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"/s);
    });
});

/** Sends one span with these attributes and one event in a process of its own. @returns what was logged */
async function runSpan(
    compiled: CompiledServer,
    config: object,
    attributes: object,
    eventAttributes: object,
): Promise<unknown[]> {
    const index = JSON.stringify(compiled.file('tracing/tracing-sdk'));
    const script = `
        const { createRequire } = require('node:module');
        const load = createRequire(${index});
        const log = (fields) => console.log(JSON.stringify(fields));
        const logger = { debug: log, info: log, warn: log, error: log };
        const tracing = load(${index}).startTracing(${JSON.stringify(config)}, logger);
        const span = load('@opentelemetry/api').trace.getTracer('test').startSpan('x', { attributes: ${JSON.stringify(attributes)} });
        span.addEvent('e', ${JSON.stringify(eventAttributes)}).end();
        tracing.close(60_000);`;
    const env = { PATH: process.env['PATH'], OTEL_EXPORTER_OTLP_TIMEOUT: '2000' };
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env });
    return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
}
