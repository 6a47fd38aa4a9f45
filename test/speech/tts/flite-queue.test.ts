import { FliteQueue } from '../../../src/speech/tts/flite-queue';
import { readRequest, type SpeechReply, type SpeechRequest } from '../../../src/speech/tts/flite-messages';
import type { Thread, ThreadEvents } from '../../../src/speech/tts/thread';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';

/** A thread that answers when the test says so. */
class FakeThread implements Thread {
    readonly requests: SpeechRequest[] = [];
    isTerminated = false;

    constructor(private readonly events: ThreadEvents) {}

    post(message: unknown): void {
        const request = readRequest(message);
        if (request === undefined) throw new Error('not a request');
        this.requests.push(request);
    }

    terminate(): Promise<void> {
        this.isTerminated = true;
        return Promise.resolve();
    }

    say(reply: SpeechReply): void {
        this.events.onMessage(reply);
    }

    sayRaw(message: unknown): void {
        this.events.onMessage(message);
    }

    die(): void {
        this.events.onDeath('exit code 1');
    }

    /** Speaks the newest request: its text, letter by letter. */
    speak(): void {
        const request = this.requests.at(-1);
        if (request !== undefined) this.say({ kind: 'spoken', id: request.id, pcmu: Buffer.from(request.text) });
    }
}

const LIMITS = { requestMs: 1000, hangMs: 500, startMs: 300, maxWaiting: 3 };

let clock: FakeClock;
let logger: LogRecorder;
let threads: FakeThread[];
let queue: FliteQueue;

function ask(text: string, signal?: AbortSignal): Promise<string> {
    return queue.request('rms', text, signal).then((pcmu) => Buffer.from(pcmu).toString());
}

/** What a promise that is not looked at any more ends with. */
function outcome(promise: Promise<string>): Promise<unknown> {
    return promise.catch((fault: unknown) => fault);
}

function newest(): FakeThread {
    const thread = threads.at(-1);
    if (thread === undefined) throw new Error('no thread was started');
    return thread;
}

beforeEach(() => {
    clock = new FakeClock();
    logger = new LogRecorder();
    threads = [];
    const startThread = (events: ThreadEvents): Thread => {
        const thread = new FakeThread(events);
        threads.push(thread);
        return thread;
    };
    queue = new FliteQueue({ clock, logger, startThread, limits: LIMITS });
});

afterEach(async () => {
    await queue.close();
    expect(clock.pendingCount).toBe(0);
    expect(threads.filter((thread) => !thread.isTerminated).length).toBe(0);
});

describe('FliteQueue', () => {
    it('starts no thread before the first sentence, and one for all of them', async () => {
        expect(threads.length).toBe(0);
        const answers = [ask('a'), ask('b'), ask('c')];
        newest().say({ kind: 'ready' });
        for (let i = 0; i < 3; i++) newest().speak();
        expect(await Promise.all(answers)).toEqual(['a', 'b', 'c']);
        expect(threads.length).toBe(1);
    });

    it('gives the thread one sentence at a time, in the order of asking', () => {
        for (const text of ['a', 'b', 'c']) void outcome(ask(text));
        newest().say({ kind: 'ready' });
        expect(newest().requests.map(({ text }) => text)).toEqual(['a']);
        newest().speak();
        expect(newest().requests.map(({ text }) => text)).toEqual(['a', 'b']);
    });

    it('reports what the program said about a text that it cannot speak, and goes on', async () => {
        const bad = ask('bad');
        const good = ask('good');
        newest().say({ kind: 'ready' });
        newest().say({ kind: 'failed', id: 1, why: 'unreachable' });
        newest().speak();
        await expect(bad).rejects.toMatchObject({
            code: 'ERR_TTS_FAILED',
            message: expect.stringContaining('unreachable') as string,
        });
        expect(await good).toBe('good');
    });

    it('refuses what is not spoken by its deadline, in the queue or in the making, and keeps the thread', async () => {
        const first = ask('a');
        newest().say({ kind: 'ready' });
        const second = ask('b');
        const inTheMaking = outcome(ask('c'));
        const inTheQueue = outcome(ask('d'));
        for (let i = 0; i < 2; i++) {
            clock.advance(490);
            newest().speak();
        }
        clock.advance(20);
        expect(await Promise.all([first, second])).toEqual(['a', 'b']);
        expect(await inTheMaking).toMatchObject({ code: 'ERR_TTS_TIMEOUT' });
        expect(await inTheQueue).toMatchObject({ code: 'ERR_TTS_TIMEOUT' });
        const next = ask('e');
        newest().speak();
        newest().speak();
        expect(await next).toBe('e');
        expect(newest().requests.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'e']);
        expect(threads.length).toBe(1);
    });

    it('takes an aborted sentence out of the queue', async () => {
        const giveUp = new AbortController();
        const first = ask('a');
        const second = outcome(ask('b', giveUp.signal));
        const third = ask('c');
        giveUp.abort(new Error('hung up'));
        newest().say({ kind: 'ready' });
        newest().speak();
        newest().speak();
        expect(await second).toMatchObject({ message: 'hung up' });
        expect(await Promise.all([first, third])).toEqual(['a', 'c']);
        expect(newest().requests.map(({ text }) => text)).toEqual(['a', 'c']);
    });

    it('throws away the result of a sentence that was aborted while it was made', async () => {
        const giveUp = new AbortController();
        const first = outcome(ask('a', giveUp.signal));
        newest().say({ kind: 'ready' });
        giveUp.abort(new Error('hung up'));
        const second = ask('b');
        newest().speak();
        newest().speak();
        expect(await first).toMatchObject({ message: 'hung up' });
        expect(await second).toBe('b');
    });

    it('asks for nothing when the signal is aborted already', async () => {
        await expect(ask('a', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
        expect(threads.length).toBe(0);
    });

    it('replaces a thread that died, and tries its sentence once more', async () => {
        const answer = ask('a');
        newest().say({ kind: 'ready' });
        newest().die();
        newest().say({ kind: 'ready' });
        newest().speak();
        expect(await answer).toBe('a');
        expect(threads.length).toBe(2);
    });

    it('replaces a thread that hangs', async () => {
        const answer = ask('a');
        newest().say({ kind: 'ready' });
        clock.advance(500);
        expect(threads.map((thread) => thread.isTerminated)).toEqual([true, false]);
        newest().say({ kind: 'ready' });
        newest().speak();
        expect(await answer).toBe('a');
    });

    it('refuses a sentence under which the thread died twice, then and for good, and serves the others', async () => {
        const poison = outcome(ask('poison'));
        const good = ask('good');
        for (let i = 0; i < 2; i++) {
            newest().say({ kind: 'ready' });
            newest().die();
        }
        newest().say({ kind: 'ready' });
        newest().speak();
        expect(await poison).toMatchObject({ code: 'ERR_TTS_REFUSED' });
        expect(await good).toBe('good');
        await expect(ask('poison')).rejects.toMatchObject({ code: 'ERR_TTS_REFUSED' });
        expect(threads.length).toBe(3);
    });

    it('never logs what is to be said', () => {
        void outcome(ask('the secret words'));
        newest().say({ kind: 'ready' });
        newest().die();
        expect(logger.lines.length).toBe(1);
        expect(logger.text).not.toContain('secret');
    });

    it('gives up after three starts in vain, and tries again for the next sentence', async () => {
        const first = outcome(ask('a'));
        for (let i = 0; i < 3; i++) newest().die();
        expect(await first).toMatchObject({ code: 'ERR_TTS_ENGINE' });
        const second = ask('b');
        newest().say({ kind: 'ready' });
        newest().speak();
        expect(await second).toBe('b');
    });

    it('counts a thread that never becomes ready as a start in vain', async () => {
        const first = outcome(ask('a'));
        clock.advance(300);
        clock.advance(300);
        clock.advance(300);
        expect(await first).toMatchObject({ code: 'ERR_TTS_ENGINE' });
    });

    it('never starts again when its program is not the right one', async () => {
        const first = outcome(ask('a'));
        newest().say({ kind: 'broken', why: 'another SHA-256' });
        expect(await first).toMatchObject({ code: 'ERR_TTS_ENGINE' });
        await expect(ask('b')).rejects.toMatchObject({ code: 'ERR_TTS_ENGINE' });
        expect(threads.length).toBe(1);
        expect(logger.codes).toEqual(['ERR_TTS_ENGINE']);
    });

    it('lets only so many wait', async () => {
        const waiting = ['a', 'b', 'c'].map((text) => outcome(ask(text)));
        await expect(ask('d')).rejects.toMatchObject({ code: 'ERR_TTS_BUSY' });
        await queue.close();
        expect(await Promise.all(waiting)).toHaveLength(3);
    });

    it('ends everything at the close, and takes nothing afterwards', async () => {
        const running = outcome(ask('a'));
        newest().say({ kind: 'ready' });
        const waiting = outcome(ask('b'));
        await queue.close();
        await queue.close();
        expect(await running).toMatchObject({ code: 'ERR_TTS_CLOSED' });
        expect(await waiting).toMatchObject({ code: 'ERR_TTS_CLOSED' });
        await expect(ask('c')).rejects.toMatchObject({ code: 'ERR_TTS_CLOSED' });
    });

    it('ignores messages that are no replies, and replies to no request', async () => {
        const answer = ask('a');
        newest().say({ kind: 'ready' });
        for (const message of [
            null,
            7,
            'ready',
            {},
            { kind: 'spoken', id: 1 },
            { kind: 'spoken', id: 99, pcmu: Buffer.of(1) },
        ])
            newest().sayRaw(message);
        newest().speak();
        expect(await answer).toBe('a');
    });
});
