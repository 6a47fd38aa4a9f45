import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { levelDbfs } from '../../src/audio/loudness';
import { wavToPcmu } from '../../src/audio/wav';
import { TTSService } from '../../src/services/tts-service';
import { FliteEngine } from '../../src/speech/tts/flite-engine';
import type { Caller } from '../../tools/caller/client';
import { ScaledClock } from '../support/scaled-clock';
import { TestBench, until } from '../support/test-bench';

/** The voice’s thread is cold at the first call: on a busy machine its first sentence takes more than a second, and the call waits 8 s for it. */
const SPEED = 2;
const GREETING =
    'Hello, and thank you for calling. I do not understand speech here. Please use the keys of your telephone. ' +
    'For opening hours, press 1. For an echo test, press 2. For customer service, press 0. To end this call, press 9.';
const HOURS = 'We are open from Monday to Friday, from nine in the morning to five.';
const NOT_UNDERSTOOD = 'I am sorry, I can only use the keys of your telephone.';
const TRANSFER = 'I am connecting you with a colleague. One moment please.';

/** The embedded bot, with its real voice and its real recognizer, through the real server. */
describe('a call to ?bot=local', () => {
    const voice = new TTSService({ engine: new FliteEngine() });
    const sounds = new Map<string, Buffer>();
    let bench: TestBench;
    let caller: Caller;

    beforeAll(async () => {
        // Before any call: the server's own voice is not to share the processor with this one.
        for (const text of [GREETING, HOURS, NOT_UNDERSTOOD, TRANSFER]) sounds.set(text, await synthesized(text));
        bench = await TestBench.start({ clock: new ScaledClock(SPEED), openai: false });
    });

    beforeEach(async () => {
        caller = bench.caller({}, '/?bot=local');
        await caller.dial();
    });

    afterEach(async () => {
        caller.hangUp();
        const { protocol, faults } = await caller.ended;
        expect([protocol.broken, faults]).toEqual([[], []]);
    });

    afterAll(async () => {
        await bench.stop();
        await voice.close();
    });

    function soundOf(text: string): Buffer {
        return sounds.get(text) ?? Buffer.alloc(0);
    }

    async function synthesized(text: string): Promise<Buffer> {
        const pieces: Uint8Array[] = [];
        for await (const piece of voice.speak(text)) pieces.push(piece);
        return Buffer.concat(pieces);
    }

    function received(): Buffer {
        return Buffer.concat(caller.receivedAudio.map(({ bytes }) => bytes));
    }

    it('is greeted with the voice that the synthesizer makes of the same words, byte for byte', async () => {
        const greeting = soundOf(GREETING);
        await until('the greeting is heard', () => caller.heardBytes >= greeting.length);
        expect(Math.abs(received().length - greeting.length) / 8).toBeLessThanOrEqual(20);
        expect(Math.abs(levelDbfs(received()) - levelDbfs(greeting))).toBeLessThanOrEqual(1);
        expect(received().equals(greeting)).toBe(true);
        expect(Buffer.from(caller.playedAudio).equals(greeting)).toBe(true);
        // As long as nine sentences are, and as loud as speech on a line.
        expect(greeting.length / 8).toBeGreaterThan(9000);
        expect(levelDbfs(greeting)).toBeGreaterThan(-30);
    });

    it('a key pressed into the greeting stops it, and brings the response of the menu', async () => {
        const hours = soundOf(HOURS);
        await until('the greeting has begun', () => caller.heardBytes > 4000);
        caller.dtmf('1');
        await until('the answer is there', () => received().includes(hours));
        expect(caller.cutAudio.length).toBeGreaterThan(0);
        expect(received().indexOf(hours)).toBeLessThan(soundOf(GREETING).length);
    });

    it('recorded speech interrupts the greeting, and is answered with what the bot can understand', async () => {
        const [greeting, answer] = [soundOf(GREETING), soundOf(NOT_UNDERSTOOD)];
        const words = wavToPcmu(readFileSync(join(__dirname, '..', '..', 'samples', 'librivox_0930.wav')));
        let cutMs: number | undefined;
        caller.on('bargeIn', (stretch) => {
            cutMs ??= (stretch?.heardBytes ?? 0) / 8;
        });
        await until('the greeting has begun', () => caller.heardBytes > 4000);
        caller.say(words);
        await until('the greeting is cut', () => cutMs !== undefined);
        expect(caller.heardBytes).toBeLessThan(greeting.length / 2);
        await until('the answer is there', () => received().includes(answer));
        expect(received().includes(greeting.subarray(-8000))).toBe(false);
    });

    it('a transfer is said to the end, and then Architect gets the variables', async () => {
        const transfer = soundOf(TRANSFER);
        const disconnected = new Promise((resolve) => caller.once('disconnected', resolve));
        await until('the greeting has begun', () => caller.heardBytes > 4000);
        caller.dtmf('0');
        expect(await disconnected).toMatchObject({
            reason: 'completed',
            outputVariables: { end_reason: 'transfer', menu: '0' },
        });
        expect(Buffer.from(caller.playedAudio).subarray(-transfer.length).equals(transfer)).toBe(true);
    });
});
