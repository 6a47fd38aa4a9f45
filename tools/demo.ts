import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeMulawWav, wavToPcmu } from '../src/audio/wav';
import { loadConfig } from '../src/config/config';
import { createLogger } from '../src/support/logger';
import { Server } from '../src/websocket/server';
import type { CallSummary } from './caller/call-record';
import { Caller } from './caller/client';
import { interleave } from './caller/recording';
import { Timeline } from './caller/timeline';
import { startFakeOpenAI, type FakeOpenAI } from './fake-openai';
import { answerHelp } from './usage';

/**
 * `npm run demo`: one whole call without key, account or tunnel. A stand-in for OpenAI, the real server and a signed caller
 * run in this process on free ports; a recorded voice talks, is answered, interrupts, and hangs up.
 */

const OUT = 'demo.wav';
const INTERRUPT_AFTER_MS = 2000;
const INTERRUPTION_MS = 1500;
const HEAR_LAST_RESPONSE_MS = 1500;
const LONGEST_CALL_MS = 40_000;

async function main(): Promise<number> {
    const fake = await startFakeOpenAI({
        response: [
            { text: '(greeting)', audio: sample('librivox_0880.wav') },
            { text: '(first response)', audio: sample('librivox_0890.wav') },
            { text: '(second response)', audio: sample('librivox_0880.wav') },
        ],
    });
    const key = Buffer.from(`demo ${randomBytes(12).toString('hex')}`).toString('base64');
    const secret = randomBytes(32).toString('base64');
    const server = startServer(fake, { [key]: secret });
    try {
        await server.start();
        const summary = await placeCall(fake, `ws://127.0.0.1:${server.address?.port ?? 0}/`, key, secret);
        return report(summary, fake);
    } finally {
        await server.stop();
        await fake.close();
    }
}

function startServer(fake: FakeOpenAI, keys: Record<string, string>): Server {
    const config = loadConfig({
        AUDIOHOOK_API_KEYS: JSON.stringify(keys),
        OPENAI_API_KEY: 'sk-demo',
        OPENAI_REALTIME_URL: fake.url,
        LOG_LEVEL: 'warn',
    });
    return new Server({ config: { ...config, port: 0 }, logger: createLogger({ level: 'warn', pretty: true }) });
}

async function placeCall(fake: FakeOpenAI, url: string, apiKey: string, clientSecret: string): Promise<CallSummary> {
    const timeline = new Timeline({ write: print, colour: process.stdout.isTTY });
    const caller = new Caller({ url, apiKey, clientSecret });
    caller.on('event', (event) => {
        timeline.add(event);
    });
    actOut(caller);
    tellOfTruncations(caller, fake);
    const limit = setTimeout(() => {
        caller.hangUp('error');
    }, LONGEST_CALL_MS);
    await caller.dial();
    const summary = await caller.ended;
    clearTimeout(limit);
    timeline.end(summary);
    writeFileSync(OUT, encodeMulawWav(interleave(caller.callerTrack, caller.heardTrack), 2));
    return summary;
}

/** The caller's part: hears the greeting out, asks, interrupts the response, hears a little of the next one, hangs up. */
function actOut(caller: Caller): void {
    const question = sample('librivox_0930.wav');
    const interruption = sample('jfk_inaugural_1961.wav').subarray(0, INTERRUPTION_MS * 8);
    let responses = 0;
    caller.once('playbackCompleted', () => {
        caller.say(question);
    });
    caller.on('playbackStarted', () => {
        responses += 1;
        if (responses === 2) {
            setTimeout(() => {
                caller.say(interruption);
            }, INTERRUPT_AFTER_MS);
        }
        if (responses === 3) {
            setTimeout(() => {
                caller.hangUp();
            }, HEAR_LAST_RESPONSE_MS);
        }
    });
}

/** Shows what the model was told that the caller had heard. */
function tellOfTruncations(caller: Caller, fake: FakeOpenAI): void {
    const tell = async (): Promise<void> => {
        const session = await fake.nextSession();
        const { audio_end_ms: heardMs } = await session.waitFor('conversation.item.truncate', LONGEST_CALL_MS);
        caller.note('⇢', 'openai', `conversation.item.truncate audio_end_ms=${heardMs}`);
    };
    tell().catch((fault: unknown) => {
        caller.note('⇢', 'openai', `no truncation came: ${String(fault)}`);
    });
}

function report(summary: CallSummary, fake: FakeOpenAI): number {
    for (const fault of fake.faults) print(`✗ the stand-in refused ${fault.frameType ?? 'a frame'}: ${fault.message}`);
    const good = summary.outcome === 'completed' && summary.protocol.broken.length === 0 && fake.faults.length === 0;
    print(
        `\n${good ? 'Both voices are in' : 'Something went wrong; what there was is in'} ${OUT} (caller left, bot right).`,
    );
    if (good) print('Next: `npm start`, and `npm run call` in a second terminal. README.md goes on from there.');
    return good ? 0 : 1;
}

function sample(name: string): Uint8Array {
    return wavToPcmu(readFileSync(join(__dirname, '..', 'samples', name)));
}

function print(line: string): void {
    console.log(line);
}

answerHelp(`Plays one whole call without key, account or tunnel, shows its timeline, and writes both voices to demo.wav: a stand-in for
OpenAI, the real server and a signed caller run in this process on free ports.

  npm run demo                 no options; takes about 20 seconds

Exit code: 0 all well, 1 the call failed or broke the protocol.`);

main().then(
    (exitCode) => {
        process.exitCode = exitCode;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
