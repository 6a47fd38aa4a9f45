import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callDocument, type CallDocument } from '../../src/call-records/document';
import { MULAW_HEADER_BYTES } from '../../src/audio/wav';
import type { Caller } from '../../tools/caller/client';
import type { FakeSession } from '../../tools/fake-openai';
import { pcmuByteAt } from '../../tools/fake-openai/signal';
import { ScaledClock } from '../support/scaled-clock';
import { TestBench, until } from '../support/test-bench';

const BYTES_PER_MS = 8;
const SILENCE = 0xff;
/** A code that only the keys of the caller's telephone have. */
const KEY_TONE = 0x11;
const COLLECT = { name: 'collect_digits', arguments: { name: 'pin', max_digits: 4, secure: true } };
/** A pause in the sound: the stand-in's audio has single codes of silence. */
const PAUSE = Buffer.alloc(20 * BYTES_PER_MS, SILENCE);
const TOLERANCE_MS = 20;
const FRAME_MS = 200;
/** Frames of the caller before they are asked to type. */
const FRAMES = 20;

/** The noise of a quiet line, of which no two stretches are alike; none of it is silence. */
function lineNoise(samples: number): Uint8Array {
    return Uint8Array.from({ length: samples }, (_, at) => {
        const mixed = pcmuByteAt(99, at);
        return (mixed & 0x80) | 0x70 | (mixed & 0x0e);
    });
}

const NOISE = lineNoise(60 * 8000);

interface Sound {
    /** Sample at which it begins. */
    readonly at: number;
    readonly pcmu: Buffer;
}

/** The stretches of sound of a track, with pauses of 20 ms and more between them. */
function soundsOf(track: Buffer): Sound[] {
    const sounds: Sound[] = [];
    let at = 0;
    while (at < track.length) {
        while (at < track.length && track[at] === SILENCE) at++;
        if (at >= track.length) break;
        const pause = track.indexOf(PAUSE, at);
        let end = pause < 0 ? track.length : pause;
        while (end > at && track[end - 1] === SILENCE) end--;
        sounds.push({ at, pcmu: track.subarray(at, end) });
        at = end;
    }
    return sounds;
}

/** For each of the caller's first frames that is found: where the first one was, if all came as they were said, in samples. */
function framesIn(track: Buffer): number[] {
    return Array.from({ length: FRAMES }, (_, number) => number * FRAME_MS * BYTES_PER_MS).flatMap((sample) => {
        // What is left out where frames came late is at the beginning of a frame.
        const from = sample + FRAME_MS * (BYTES_PER_MS / 2);
        const at = track.indexOf(NOISE.subarray(from, from + 400));
        return at < 0 ? [] : at - from;
    });
}

function channel(wav: Buffer, number: 0 | 1): Buffer {
    return Buffer.from(wav.subarray(MULAW_HEADER_BYTES).filter((_byte, index) => index % 2 === number));
}

describe('the recording of a call with a real server', () => {
    let folder: string;
    let bench: TestBench | undefined;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'call-recording-'));
    });

    afterEach(async () => {
        await bench?.stop();
        bench = undefined;
        rmSync(folder, { recursive: true, force: true });
    });

    async function start(env: Record<string, string> = {}): Promise<{ caller: Caller; session: FakeSession }> {
        bench = await TestBench.start({
            clock: new ScaledClock(0.7),
            openai: {
                vad: 'off',
                response: [
                    { text: 'A greeting that is cut off.', audioMs: 4000 },
                    { text: 'A long answer that is cut off, too.', audioMs: 6000 },
                    { text: 'Please type it.', audioMs: 700, functionCalls: [COLLECT] },
                    { text: 'Thank you.', audioMs: 1500 },
                ],
            },
            env: {
                OPENAI_AUDIO_FORMAT: 'pcmu',
                BARGE_IN: 'instant',
                BARGE_IN_MIN_SPEECH_MS: '0',
                ECHO_GUARD: 'false',
                FALLBACK: 'off',
                NO_INPUT_SECONDS: '0',
                CALL_RECORD: 'full',
                CALL_RECORDING: 'on',
                CALL_RECORD_STORE: folder,
                ...env,
            },
        });
        const caller = bench.caller({ audio: NOISE, frameMs: FRAME_MS });
        await caller.dial();
        return { caller, session: await bench.fake.nextSession() };
    }

    async function interrupted(caller: Caller, session: FakeSession, atMs: number): Promise<void> {
        await until('the bot is heard', () => caller.heardBytes >= atMs * BYTES_PER_MS);
        const bargedIn = new Promise((resolve) => caller.once('bargeIn', resolve));
        session.speechStarted();
        await bargedIn;
        session.speechStopped();
    }

    /** Hangs up, and gives what was stored. */
    async function end(caller: Caller): Promise<{ wav: Buffer; document: CallDocument }> {
        caller.hangUp();
        await caller.ended;
        const record = `${caller.sessionId}.json`;
        let day = '';
        await until('the record is stored', () => {
            day = readdirSync(folder).find((each) => /^\d{4}-/.test(each)) ?? '';
            return day !== '' && readdirSync(join(folder, day)).includes(record);
        });
        const document = callDocument.parse(JSON.parse(readFileSync(join(folder, day, record), 'utf8')));
        return { wav: readFileSync(join(folder, day, `${caller.sessionId}.wav`)), document };
    }

    it('has both voices at their places, what was thrown away in none, and no key of a secure entry', async () => {
        const { caller, session } = await start();
        await interrupted(caller, session, 1500);
        await interrupted(caller, session, 1500 + 2600);
        await until('they are asked to type', () => caller.heardBytes >= (1500 + 2600 + 650) * BYTES_PER_MS);
        await until(
            'the entry is awaited',
            () => session.sent.filter(({ type }) => type === 'response.done').length >= 3,
        );
        await new Promise((resolve) => setTimeout(resolve, 300));
        for (const digit of '4711') {
            const tone = new Uint8Array(150 * BYTES_PER_MS).fill(KEY_TONE);
            caller.say(Buffer.concat([tone, NOISE]));
            caller.dtmf(digit);
            await new Promise((resolve) => setTimeout(resolve, 250));
        }
        await until('the thanks are heard', () => caller.queuedMs === 0 && caller.heardBytes >= 6200 * BYTES_PER_MS);
        await new Promise((resolve) => setTimeout(resolve, 2500));
        const { wav, document } = await end(caller);

        expect(document.recording).toEqual({ name: `${caller.sessionId}.wav`, bytes: wav.length, fromMs: 0 });
        expect(wav.readUInt32LE(54)).toBe(wav.length - MULAW_HEADER_BYTES);
        expect((wav.length - MULAW_HEADER_BYTES) / 16).toBeGreaterThan(document.durationMs - 300);
        const [left, right] = [channel(wav, 0), channel(wav, 1)];

        // The client's track begins when it dials, the recording when the call opens: the caller's own voice tells the difference.
        const said = framesIn(Buffer.from(caller.callerTrack));
        const recordedFrames = framesIn(left);
        expect([said.length, recordedFrames.length]).toEqual([FRAMES, FRAMES]);
        expect(Math.max(...recordedFrames) - Math.min(...recordedFrames)).toBeLessThanOrEqual(
            TOLERANCE_MS * BYTES_PER_MS,
        );
        // A frame that a busy machine has sent late was said no later.
        const offset = Math.min(...recordedFrames) - Math.min(...said);

        const played = soundsOf(Buffer.from(caller.heardTrack));
        const recorded = soundsOf(right);
        expect(played.length).toBeGreaterThanOrEqual(4);
        expect(recorded).toHaveLength(played.length);
        played.forEach((sound, index) => {
            const other = recorded[index];
            const count = Math.min(sound.pcmu.length, other?.pcmu.length ?? 0);
            expect(other?.pcmu.subarray(0, count).equals(sound.pcmu.subarray(0, count))).toBe(true);
            expect(Math.abs((other?.pcmu.length ?? 0) - sound.pcmu.length)).toBeLessThanOrEqual(
                TOLERANCE_MS * BYTES_PER_MS,
            );
            expect(Math.abs((other?.at ?? 0) - sound.at - offset)).toBeLessThanOrEqual(TOLERANCE_MS * BYTES_PER_MS);
        });

        expect(Buffer.from(caller.callerTrack).includes(KEY_TONE)).toBe(true);
        expect(left.includes(KEY_TONE)).toBe(false);
        // From the request to the last of four keys, and a second more.
        expect(left.indexOf(Buffer.alloc(2000 * BYTES_PER_MS, SILENCE))).toBeGreaterThan(0);
        expect(soundsOf(left).length).toBeGreaterThanOrEqual(2);
    });

    it('is not made unless it is asked for', async () => {
        const { caller } = await start({ CALL_RECORDING: 'off' });
        await until('the greeting is heard', () => caller.heardBytes > 8000);
        caller.hangUp();
        await caller.ended;
        const files = (): string[] => readdirSync(folder, { recursive: true }).map(String);
        await until('the record is stored', () => files().some((name) => name.endsWith(`${caller.sessionId}.json`)));
        expect(files().filter((name) => name.endsWith('.wav'))).toEqual([]);
    });
});
