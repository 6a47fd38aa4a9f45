import { SpeechCache, type Listener } from '../../../src/services/tts/speech-cache';

/** Speech that is made piece by piece, when the test says so. */
class Studio {
    made = 0;
    abortedBy: AbortSignal | undefined;
    private readonly queue: (Uint8Array | Error | 'end')[] = [];
    private wake: () => void = () => undefined;

    readonly make = (signal: AbortSignal): AsyncIterable<Uint8Array> => {
        this.made++;
        this.abortedBy = signal;
        return this.pieces(signal);
    };

    give(...things: (string | Error)[]): void {
        for (const thing of things) {
            if (thing instanceof Error) this.queue.push(thing);
            else this.queue.push(thing === 'end' ? 'end' : Buffer.from(thing));
        }
        this.wake();
    }

    private async *pieces(signal: AbortSignal): AsyncGenerator<Uint8Array> {
        for (;;) {
            const next = this.queue.shift();
            if (next === 'end') return;
            if (next instanceof Error) throw next;
            if (next !== undefined) yield next;
            else
                await new Promise<void>((resolve) => {
                    this.wake = resolve;
                    signal.addEventListener('abort', () => {
                        resolve();
                    });
                });
            signal.throwIfAborted();
        }
    }
}

async function hear(listener: Listener, signal?: AbortSignal): Promise<string> {
    let text = '';
    try {
        for await (const piece of listener.pieces(signal)) text += Buffer.from(piece).toString();
    } finally {
        listener.close();
    }
    return text;
}

/** Speaks `text` under `key` and keeps it. */
async function fill(cache: SpeechCache, key: string, text: string): Promise<void> {
    const studio = new Studio();
    studio.give(text, 'end');
    await hear(cache.open(key, studio.make));
}

let studio: Studio;

beforeEach(() => {
    studio = new Studio();
});

describe('SpeechCache', () => {
    it('makes a sentence once, and gives it again from memory, all pieces in order', async () => {
        const cache = new SpeechCache(100);
        studio.give('one ', 'two ', 'three', 'end');
        expect(await hear(cache.open('k', studio.make))).toBe('one two three');
        expect(await hear(cache.open('k', studio.make))).toBe('one two three');
        expect(studio.made).toBe(1);
        expect(cache.size).toBe(13);
    });

    it('lets all who ask for the same sentence listen to one making, from its beginning', async () => {
        const cache = new SpeechCache(100);
        const first = hear(cache.open('k', studio.make));
        studio.give('one ');
        await new Promise((resolve) => setImmediate(resolve));
        const second = hear(cache.open('k', studio.make));
        studio.give('two', 'end');
        expect(await Promise.all([first, second])).toEqual(['one two', 'one two']);
        expect(studio.made).toBe(1);
    });

    it('gives the pieces on as they come, not at the end', async () => {
        const pieces = new SpeechCache(100).open('k', studio.make).pieces();
        studio.give('one');
        expect((await pieces.next()).value).toEqual(Buffer.from('one'));
    });

    it('makes different sentences apart', async () => {
        const cache = new SpeechCache(100);
        await fill(cache, 'a', 'A');
        await fill(cache, 'b', 'B');
        expect(await hear(cache.open('a', studio.make))).toBe('A');
        expect(await hear(cache.open('b', studio.make))).toBe('B');
        expect(studio.made).toBe(0);
    });

    it('forgets the least recently used when the bytes are too many', async () => {
        const cache = new SpeechCache(10);
        await fill(cache, 'a', 'aaaa');
        await fill(cache, 'b', 'bbbb');
        await hear(cache.open('a', studio.make));
        await fill(cache, 'c', 'cccc');
        expect([cache.has('a'), cache.has('b'), cache.has('c')]).toEqual([true, false, true]);
        expect(cache.size).toBe(8);
    });

    it('does not keep what is larger than all its room, nor silence', async () => {
        const cache = new SpeechCache(3);
        await fill(cache, 'a', 'aaaa');
        await fill(cache, 'b', '');
        expect([cache.has('a'), cache.has('b'), cache.size]).toEqual([false, false, 0]);
    });

    it('gives a fault to all who listen after what was made before it, and does not keep it', async () => {
        const cache = new SpeechCache(100);
        const pieces = cache.open('k', studio.make).pieces();
        const second = hear(cache.open('k', studio.make));
        studio.give('one', new Error('broken'));
        expect((await pieces.next()).value).toEqual(Buffer.from('one'));
        await expect(pieces.next()).rejects.toThrow('broken');
        await expect(second).rejects.toThrow('broken');
        studio.give('again', 'end');
        expect(await hear(cache.open('k', studio.make))).toBe('again');
    });

    it('goes on for the others when one of them leaves', async () => {
        const cache = new SpeechCache(100);
        const leaving = new AbortController();
        const first = hear(cache.open('k', studio.make), leaving.signal);
        const second = hear(cache.open('k', studio.make));
        leaving.abort(new Error('hung up'));
        await expect(first).rejects.toThrow('hung up');
        expect(studio.abortedBy?.aborted).toBe(false);
        studio.give('whole', 'end');
        expect(await second).toBe('whole');
    });

    it('gives the making up when the last one leaves, and begins anew for the next', async () => {
        const cache = new SpeechCache(100);
        const listener = cache.open('k', studio.make);
        listener.close();
        listener.close();
        expect(studio.abortedBy?.aborted).toBe(true);
        const next = new Studio();
        next.give('new', 'end');
        expect(await hear(cache.open('k', next.make))).toBe('new');
        expect(cache.has('k')).toBe(true);
    });

    it('shares what is being made even when it may keep nothing', async () => {
        const cache = new SpeechCache(0);
        const both = [hear(cache.open('k', studio.make)), hear(cache.open('k', studio.make))];
        studio.give('x', 'end');
        expect(await Promise.all(both)).toEqual(['x', 'x']);
        expect([studio.made, cache.size]).toEqual([1, 0]);
    });
});
