import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { levelDbfs } from '../../../src/audio/loudness';
import { EspeakEngine, type EspeakLimits } from '../../../examples/own-voice/espeak-engine';
import { FakeClock } from '../../support/fake-clock';

/** Behaves as espeak-ng does with --stdin --stdout: writes down how it was called, and gives 0.1 s of tone a character. */
const STAND_IN = `
const { appendFileSync } = require('node:fs');
const args = process.argv.slice(3);
const voice = args[args.indexOf('-v') + 1];
let text = '';
process.stdin.on('data', (chunk) => { text += chunk; });
process.stdin.on('end', () => {
    appendFileSync(process.argv[2], JSON.stringify({ args, text, pid: process.pid }) + '\\n');
    if (voice === 'xx') process.exit(1);
    if (voice === 'yy') return void setInterval(() => undefined, 1000);
    if (voice === 'zz') return void process.stdout.write('this is no WAV file, but a long complaint in words');
    const wav = Buffer.alloc(44 + 2 * 2205 * text.length);
    wav.write('RIFF', 0); wav.writeUInt32LE(0x7ffff024, 4); wav.write('WAVEfmt ', 8); wav.writeUInt32LE(16, 16);
    wav.writeUInt16LE(1, 20); wav.writeUInt16LE(1, 22); wav.writeUInt32LE(22050, 24); wav.writeUInt32LE(44100, 28);
    wav.writeUInt16LE(2, 32); wav.writeUInt16LE(16, 34); wav.write('data', 36); wav.writeUInt32LE(0x7ffff000, 40);
    for (let i = 44; i < wav.length; i += 2) wav.writeInt16LE(Math.round(8000 * Math.sin(i / 20)), i);
    process.stdout.write(wav);
});
`;

const REFUSED = expect.objectContaining({ code: 'ERR_TTS_VOICE' }) as Error;

interface Call {
    args: string[];
    text: string;
    pid: number;
}

let folder: string;
let clock: FakeClock;
let engine: EspeakEngine;

function create(limits: Partial<EspeakLimits> = {}): EspeakEngine {
    const command = [process.execPath, join(folder, 'stand-in.js'), join(folder, 'calls')] as const;
    engine = new EspeakEngine({ voice: 'de', clock, command, limits });
    return engine;
}

function calls(): Call[] {
    const path = join(folder, 'calls');
    if (!existsSync(path)) return [];
    // The last line may be half written.
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Call);
}

async function bytesOf(speech: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of speech) pieces.push(piece);
    return Buffer.concat(pieces);
}

function isAlive(pid: number): boolean {
    try {
        return process.kill(pid, 0);
    } catch {
        return false;
    }
}

async function settled(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'espeak-'));
    writeFileSync(join(folder, 'stand-in.js'), STAND_IN);
    clock = new FakeClock();
    create();
});

afterEach(async () => {
    await engine.close();
    await settled(() => calls().every(({ pid }) => !isAlive(pid)));
    rmSync(folder, { recursive: true });
    expect(clock.pendingCount).toBe(0);
});

describe('EspeakEngine', () => {
    it('brings what the program makes to 8 kHz', async () => {
        const pcmu = await bytesOf(engine.speak('Guten Tag.'));
        expect(pcmu.length).toBeGreaterThan(7980);
        expect(pcmu.length).toBeLessThanOrEqual(8000);
        expect(levelDbfs(pcmu)).toBeCloseTo(-15.3, 0);
    });

    it('gives the text by standard input only, and the voice by an argument of its own', async () => {
        await bytesOf(engine.speak('-f /etc/passwd; $(reboot)', { voice: 'fr-fr' }));
        expect(calls()).toMatchObject([
            { args: ['--stdin', '--stdout', '-b', '1', '-v', 'fr-fr'], text: '-f /etc/passwd; $(reboot)' },
        ]);
    });

    it('takes phonemes and control characters out of the text', async () => {
        await bytesOf(engine.speak('a[[b]]c\x1b\0d'));
        expect(calls()[0]?.text).toBe('a[ [b] ]c d');
    });

    it('refuses what cannot be a voice, before anything is started', async () => {
        for (const voice of ['', '-x', '../en', 'de; ls', 'a'.repeat(40)]) {
            expect(() => new EspeakEngine({ voice })).toThrow(REFUSED);
            await expect(bytesOf(engine.speak('Hallo.', { voice }))).rejects.toMatchObject({ code: 'ERR_TTS_VOICE' });
        }
        expect(calls()).toEqual([]);
    });

    it('says nothing, and starts nothing, for a text of nothing', async () => {
        expect((await bytesOf(engine.speak('...'))).length).toBe(0);
        expect(calls()).toEqual([]);
    });

    it('refuses a text that is too long', async () => {
        await expect(bytesOf(engine.speak('a'.repeat(601)))).rejects.toMatchObject({ code: 'ERR_TTS_TEXT' });
    });

    it('says how to install the program where it is missing', async () => {
        engine = new EspeakEngine({ clock, command: [join(folder, 'no-such-program')] });
        const fault: unknown = await bytesOf(engine.speak('Hallo.')).catch((reason: unknown) => reason);
        expect(fault).toMatchObject({
            code: 'ERR_TTS_NOT_INSTALLED',
            message: expect.stringContaining('apt-get install espeak-ng') as string,
        });
        await expect(engine.warm()).rejects.toMatchObject({ code: 'ERR_TTS_NOT_INSTALLED' });
    });

    it('says by a code that the program failed', async () => {
        await expect(bytesOf(engine.speak('Hallo.', { voice: 'xx' }))).rejects.toMatchObject({
            code: 'ERR_TTS_FAILED',
            message: expect.stringContaining('exit code 1') as string,
        });
    });

    it('plays nothing that is not audio', async () => {
        await expect(bytesOf(engine.speak('Hallo.', { voice: 'zz' }))).rejects.toMatchObject({
            code: 'ERR_TTS_FAILED',
        });
    });

    it('stops at audio without end', async () => {
        create({ maxBytes: 10_000 });
        await expect(bytesOf(engine.speak('Guten Tag.'))).rejects.toMatchObject({ code: 'ERR_TTS_FAILED' });
    });

    it('kills a program that does not end', async () => {
        const speech = bytesOf(engine.speak('Hallo.', { voice: 'yy' })).catch((fault: unknown) => fault);
        await settled(() => calls().length === 1);
        clock.advance(5000);
        expect(await speech).toMatchObject({ code: 'ERR_TTS_TIMEOUT' });
    });

    it('kills the program when the speech is given up', async () => {
        const giveUp = new AbortController();
        const speech = bytesOf(engine.speak('Hallo.', { voice: 'yy', signal: giveUp.signal }));
        const outcome = speech.catch((fault: unknown) => fault);
        await settled(() => calls().length === 1);
        giveUp.abort(new Error('hung up'));
        expect(await outcome).toMatchObject({ message: 'hung up' });
        await settled(() => !isAlive(calls()[0]?.pid ?? 0));
    });

    it('runs two programs at a time, lets some wait and refuses the rest', async () => {
        create({ maxWaiting: 1 });
        const running = ['a', 'b'].map((text) => bytesOf(engine.speak(text, { voice: 'yy' })).catch(() => 'ended'));
        await settled(() => calls().length === 2);
        const waiting = bytesOf(engine.speak('c'));
        const refused = bytesOf(engine.speak('d'));
        await expect(refused).rejects.toMatchObject({ code: 'ERR_TTS_BUSY' });
        expect(calls().length).toBe(2);
        clock.advance(5000);
        expect(await Promise.all(running)).toEqual(['ended', 'ended']);
        expect((await waiting).length).toBeGreaterThan(700);
    });

    it('lets one that waits leave the queue', async () => {
        create({ maxProcesses: 1 });
        const running = bytesOf(engine.speak('a', { voice: 'yy' })).catch(() => 'ended');
        await settled(() => calls().length === 1);
        const giveUp = new AbortController();
        const waiting = bytesOf(engine.speak('b', { signal: giveUp.signal })).catch((fault: unknown) => fault);
        await new Promise((resolve) => setImmediate(resolve));
        giveUp.abort(new Error('hung up'));
        expect(await waiting).toMatchObject({ message: 'hung up' });
        clock.advance(5000);
        expect(await running).toBe('ended');
        expect(calls().map(({ text }) => text)).toEqual(['a']);
    });

    it('ends what is running when it is closed, and takes nothing afterwards', async () => {
        const speech = bytesOf(engine.speak('Hallo.', { voice: 'yy' })).catch((fault: unknown) => fault);
        await settled(() => calls().length === 1);
        await engine.close();
        expect(await speech).toMatchObject({ code: 'ERR_TTS_CLOSED' });
        await expect(bytesOf(engine.speak('Hallo.'))).rejects.toMatchObject({ code: 'ERR_TTS_CLOSED' });
    });
});

const INSTALLED = (process.env['PATH'] ?? '').split(delimiter).some((path) => existsSync(join(path, 'espeak-ng')));

(INSTALLED ? describe : describe.skip)('EspeakEngine with espeak-ng (skipped: it is not installed here)', () => {
    it('speaks German', async () => {
        engine = new EspeakEngine({ voice: 'de' });
        const pcmu = await bytesOf(engine.speak('Guten Tag, wie kann ich Ihnen helfen?'));
        expect(pcmu.length).toBeGreaterThan(8000);
        expect(levelDbfs(pcmu)).toBeGreaterThan(-35);
    });
});
