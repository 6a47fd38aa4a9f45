import { parseArgs } from 'node:util';
import type { FakeOpenAIOptions } from './options';
import { isJsonObject, type JsonObject } from './protocol';
import { startFakeOpenAI } from './server';
import type { FakeSession } from './session';
import { callsWithTurns, readToolCall } from './tool-calls';

const USAGE = `Usage: npm run fake-openai -- [--port 8089] [--speed 5] [--rtt 60] [--call-tool NAME='{…}'] [--refuse-field PATH]

A local stand-in for OpenAI's Realtime API. In another terminal:
  OPENAI_REALTIME_URL=ws://127.0.0.1:8089/v1/realtime OPENAI_API_KEY=sk-test npm start

  --port N              port to listen on (8089)
  --speed N             times real time at which a response's audio is delivered (5)
  --rtt MS              round trip (60)
  --call-tool NAME='{"argument":"value"}'
                        calls this function when the caller has said something; may be repeated, one with each turn
  --refuse-field session.reasoning
                        refuses every configuration that has this field; may be repeated
  --help                this page

Responses carry a rising tone. What a function gave back is printed, and wrong frames are listed as they come.`;

const POLL_MS = 500;

async function main(): Promise<void> {
    const { values } = parseArgs({
        options: {
            port: { type: 'string', default: '8089' },
            speed: { type: 'string', default: '5' },
            rtt: { type: 'string', default: '60' },
            'refuse-field': { type: 'string', multiple: true, default: [] },
            'call-tool': { type: 'string', multiple: true, default: [] },
            help: { type: 'boolean', short: 'h', default: false },
        },
    });
    if (values.help) {
        console.log(USAGE);
        return;
    }
    const response = callsWithTurns(values['call-tool'].map(readToolCall));
    const { port, speed, rtt } = values;
    const plan = { refuseFields: values['refuse-field'] };
    await serve({ port: Number(port), speed: Number(speed), rttMs: Number(rtt), tone: true, response, plan });
}

async function serve(options: FakeOpenAIOptions): Promise<void> {
    const fake = await startFakeOpenAI(options);
    console.log(`The stand-in listens on ${fake.url} (any key but sk-bad; a model is required).`);
    const stop = () => {
        void fake.close().then(() => process.exit(0));
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    for (;;) watch(await fake.nextSession(2 ** 31 - 1));
}

/** Prints what one client does, without its audio. */
function watch(session: FakeSession): void {
    let frames = 0;
    let faults = 0;
    const report = () => {
        for (const { type, event } of session.frames.slice(frames))
            if (type !== 'input_audio_buffer.append')
                console.log(`[${session.index}] ${type ?? 'unreadable frame'}${resultIn(event)}`);
        for (const { code, message } of session.faults.slice(faults))
            console.log(`[${session.index}] FAULT ${code ?? ''} ${message}`);
        frames = session.frames.length;
        faults = session.faults.length;
    };
    const timer = setInterval(report, POLL_MS);
    console.log(`[${session.index}] connected`);
    void session.whenClosed.then(() => {
        clearInterval(timer);
        report();
        console.log(`[${session.index}] closed after ${(session.appendedMs / 1000).toFixed(1)} s of caller audio`);
    });
}

/** What a function call gave back, where the frame tells it. */
function resultIn(event: JsonObject | undefined): string {
    const item = event?.['item'];
    if (!isJsonObject(item) || item['type'] !== 'function_call_output') return '';
    return `: the function gave back ${String(item['output'])}`;
}

main().catch((fault: unknown) => {
    console.error(fault instanceof Error ? fault.message : String(fault));
    console.error(USAGE);
    process.exitCode = 1;
});
