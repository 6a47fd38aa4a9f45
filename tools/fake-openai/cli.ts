import { parseArgs } from 'node:util';
import { startFakeOpenAI } from './server';
import type { FakeSession } from './session';

const USAGE = `Usage: npm run fake-openai -- [--port 8089] [--speed 5] [--rtt 60] [--refuse-field PATH]

A local stand-in for OpenAI's Realtime API. In another terminal:
  OPENAI_REALTIME_URL=ws://127.0.0.1:8089/v1/realtime OPENAI_API_KEY=sk-test npm start
--refuse-field session.reasoning refuses every configuration that has this field; it may be given several times.
Responses carry a rising tone. Wrong frames are listed here as they come.`;

const POLL_MS = 500;

async function main(): Promise<void> {
    const { values } = parseArgs({
        options: {
            port: { type: 'string', default: '8089' },
            speed: { type: 'string', default: '5' },
            rtt: { type: 'string', default: '60' },
            'refuse-field': { type: 'string', multiple: true, default: [] },
            help: { type: 'boolean', default: false },
        },
    });
    if (values.help) {
        console.log(USAGE);
        return;
    }
    await serve(Number(values.port), Number(values.speed), Number(values.rtt), values['refuse-field']);
}

async function serve(port: number, speed: number, rttMs: number, refuseFields: readonly string[]): Promise<void> {
    const fake = await startFakeOpenAI({ port, speed, rttMs, tone: true, plan: { refuseFields } });
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
        for (const { type } of session.frames.slice(frames))
            if (type !== 'input_audio_buffer.append') console.log(`[${session.index}] ${type ?? 'unreadable frame'}`);
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

main().catch((fault: unknown) => {
    console.error(fault instanceof Error ? fault.message : String(fault));
    console.error(USAGE);
    process.exitCode = 1;
});
