import { Bench } from './bench';
import { createdEvent, deltaEvent, doneEvent, speechEvent, type FakeSocket } from './support';
import type { FakeClock } from '../../support/fake-clock';

const MINUTE = 60_000;
const FORMAT = { type: 'audio/pcmu' };

describe('BotResource: the planned change of session', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    /** An hour is long: a socket that answers no ping is given up. */
    function answerPings(socket: FakeSocket): void {
        socket.ping = () => void socket.emit('pong');
    }

    /** Configures a session that ends `lifeMs` from now. */
    function configure(socket: FakeSocket, clock: FakeClock, lifeMs: number): void {
        answerPings(socket);
        socket.emit('open');
        const expiresAt = (clock.epochMs() + lifeMs) / 1000;
        socket.serve({ type: 'session.created', session: { id: 'sess', expires_at: expiresAt } });
        socket.serve({
            type: 'session.updated',
            session: { audio: { input: { format: FORMAT }, output: { format: FORMAT } } },
        });
    }

    /** A call that has talked a little; its session lives for an hour. */
    async function call() {
        const made = await bench.byHand();
        made.socket.emit('close', 1012, Buffer.alloc(0));
        const socket = made.last();
        configure(socket, made.clock, 60 * MINUTE);
        const events: string[] = [];
        for (const name of ['reconnecting', 'recovered', 'speechStopped', 'ended'] as const)
            made.made.bot.on(name, () => events.push(name));
        hears(socket, 'item_u', 'What are your hours?');
        says(socket, 'resp_a', 'item_a', 'From nine to five.', 1000);
        return { ...made, socket, bot: made.made.bot, events };
    }

    function hears(socket: FakeSocket, id: string, text: string): void {
        const item = { id, type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: text }] };
        socket.serve({ type: 'conversation.item.added', previous_item_id: null, item });
        socket.serve({ type: 'conversation.item.input_audio_transcription.completed', item_id: id, transcript: text });
    }

    function says(socket: FakeSocket, id: string, itemId: string, text: string, ms: number): void {
        const item = { id: itemId, type: 'message', role: 'assistant', content: [] };
        socket.serve(createdEvent(id));
        socket.serve({ type: 'conversation.item.added', previous_item_id: 'item_u', item });
        socket.serve({ type: 'response.output_item.added', response_id: id, output_index: 0, item });
        socket.serve(deltaEvent(id, itemId, new Uint8Array(ms * 8)));
        const origin = { response_id: id, item_id: itemId, output_index: 0, content_index: 0 };
        socket.serve({ type: 'response.output_audio_transcript.done', ...origin, transcript: text });
        socket.serve(doneEvent(id));
    }

    function appended(socket: FakeSocket): Buffer {
        const appends = socket.typed('input_audio_buffer.append');
        return Buffer.concat(appends.map((event) => Buffer.from(String(event['audio']), 'base64')));
    }

    it('takes an end that has passed already for none: a session that has just begun is not replaced', async () => {
        const { made, clock, sockets, last } = await bench.byHand();
        last().emit('close', 1012, Buffer.alloc(0));
        configure(last(), clock, -60 * MINUTE);
        expect(sockets.length).toBe(2);
        clock.advance(54 * MINUTE);
        expect(sockets.length).toBe(2);
        expect(made.ended).toEqual([]);
    });

    it('opens the next session 5 min before the end, seeds it, and closes the old one with 1000', async () => {
        const { clock, socket, last, sockets, events } = await call();
        clock.advance(55 * MINUTE - 1);
        expect(last()).toBe(socket);
        clock.advance(1);
        const next = last();
        expect([sockets.length, socket.closedWith]).toEqual([3, undefined]);
        configure(next, clock, 60 * MINUTE);
        clock.advance(1200);
        expect(socket.closedWith).toBe(1000);
        const seeds = next.typed('conversation.item.create').map((event) => JSON.stringify(event['item']));
        expect(seeds).toEqual([
            expect.stringContaining('do not greet'),
            expect.stringContaining('What are your hours?'),
            expect.stringContaining('From nine to five.'),
        ]);
        expect(next.typed('response.create')).toEqual([]);
        expect(events).toEqual([]);
    });

    it('loses nothing of what the caller says meanwhile, and gives the new session the last half second', async () => {
        const { clock, socket, last, made } = await call();
        clock.advance(55 * MINUTE);
        const next = last();
        made.hear(new Uint8Array(8000).fill(1));
        expect(appended(socket)).toHaveLength(8000);
        configure(next, clock, 60 * MINUTE);
        clock.advance(1200);
        made.hear(new Uint8Array(160).fill(2));
        expect(appended(next)).toEqual(Buffer.concat([Buffer.alloc(4000, 1), Buffer.alloc(160, 2)]));
        expect(appended(socket)).toHaveLength(8000);
    });

    it.each<[string, (socket: FakeSocket) => void, (socket: FakeSocket) => void]>([
        [
            'the caller speaks',
            (socket) => {
                socket.serve(speechEvent('started'));
            },
            (socket) => {
                socket.serve(speechEvent('stopped', { audio_end_ms: 0 }));
                says(socket, 'resp_b', 'item_b', 'Yes.', 100);
            },
        ],
        [
            'a response is given',
            (socket) => {
                socket.serve(createdEvent('resp_c'));
            },
            (socket) => {
                socket.serve(doneEvent('resp_c'));
            },
        ],
    ])('waits while %s', async (_what, begin, end) => {
        const { clock, socket, last } = await call();
        clock.advance(55 * MINUTE - 10);
        begin(socket);
        clock.advance(10);
        configure(last(), clock, 60 * MINUTE);
        clock.advance(10_000);
        expect(socket.closedWith).toBeUndefined();
        end(socket);
        clock.advance(2000);
        expect(socket.closedWith).toBe(1000);
    });

    it('waits while the caller still hears a response, and not when they have interrupted it', async () => {
        const { clock, socket, last, bot } = await call();
        clock.advance(55 * MINUTE - 10);
        says(socket, 'resp_b', 'item_b', 'A long story.', 20_000);
        clock.advance(10);
        configure(last(), clock, 60 * MINUTE);
        clock.advance(15_000);
        expect(socket.closedWith).toBeUndefined();
        bot.interrupt({ items: [] });
        clock.advance(1400);
        expect(socket.closedWith).toBe(1000);
    });

    it('waits no longer than until 2 min before the end', async () => {
        const { clock, socket, last } = await call();
        clock.advance(55 * MINUTE - 10);
        socket.serve(speechEvent('started'));
        clock.advance(10);
        configure(last(), clock, 60 * MINUTE);
        clock.advance(3 * MINUTE - 1000);
        expect(socket.closedWith).toBeUndefined();
        clock.advance(1200);
        expect(socket.closedWith).toBe(1000);
    });

    it('a session that does not say when it ends is changed after 55 min', async () => {
        const { clock, sockets, socket } = await bench.byHand();
        answerPings(socket);
        clock.advance(55 * MINUTE - 1);
        expect(sockets).toHaveLength(1);
        clock.advance(1);
        expect(sockets).toHaveLength(2);
    });

    it('a session of half an hour is changed after 25 min', async () => {
        const { clock, socket, last } = await call();
        socket.emit('close', 1006, Buffer.alloc(0));
        const short = last();
        configure(short, clock, 30 * MINUTE);
        clock.advance(25 * MINUTE - 1);
        expect(last()).toBe(short);
        clock.advance(1);
        expect(last()).not.toBe(short);
    });

    it('when the next session does not come, the old one goes on, and it is tried again', async () => {
        const { clock, socket, last, sockets, events, made } = await call();
        clock.advance(55 * MINUTE);
        last().emit('close', 3000, Buffer.alloc(0));
        await Promise.resolve();
        expect([events, socket.closedWith, sockets.length]).toEqual([[], undefined, 3]);
        clock.advance(30_000);
        expect(sockets).toHaveLength(4);
        configure(last(), clock, 60 * MINUTE);
        clock.advance(1200);
        expect([events, socket.closedWith]).toEqual([[], 1000]);
        expect(made.ended).toEqual([]);
    });

    it('changes are no losses, however many there are', async () => {
        const { clock, last, events } = await call();
        for (let i = 0; i < 6; i++) {
            clock.advance(55 * MINUTE);
            configure(last(), clock, 60 * MINUTE);
            clock.advance(1200);
        }
        last().emit('close', 1006, Buffer.alloc(0));
        last().configure();
        expect(events).toEqual(['reconnecting', 'recovered']);
    });

    it('a session that is lost while its successor is opened is replaced at once', async () => {
        const { clock, socket, last, sockets, events } = await call();
        clock.advance(55 * MINUTE);
        const successor = last();
        socket.emit('close', 1001, Buffer.alloc(0));
        expect([sockets.length, successor.closedWith]).toEqual([4, 1000]);
        last().configure();
        expect(events).toEqual(['reconnecting', 'recovered']);
    });

    it('a call that ends because of the change itself frees both sessions and every timer', async () => {
        const { clock, socket, last, bot } = await call();
        clock.advance(55 * MINUTE - 10);
        socket.serve(speechEvent('started'));
        clock.advance(10);
        const next = last();
        configure(next, clock, 60 * MINUTE);
        bot.on('speechStopped', () => {
            bot.end();
        });
        clock.advance(3 * MINUTE + 1000);
        expect([socket.closedWith, next.closedWith, clock.pendingCount]).toEqual([1000, 1000, 0]);
    });

    it('a call that ends during the change frees both sessions and every timer', async () => {
        const { clock, socket, last, bot } = await call();
        clock.advance(55 * MINUTE);
        const next = last();
        next.emit('open');
        bot.end();
        expect([socket.closedWith, next.closedWith, clock.pendingCount]).toEqual([1000, 1000, 0]);
    });
});
