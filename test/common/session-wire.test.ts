import { MessageSequence, SessionWire } from '../../src/common/session-wire';
import { MAX_TEXT_MESSAGE_BYTES } from '../../src/protocol/core';
import type { EventEntity } from '../../src/protocol/entities';
import type { ServerMessageType } from '../../src/protocol/message';
import type { ErrorCode } from '../../src/support/errors';
import { FakeClock } from '../support/fake-clock';
import { FakeSocket } from '../support/fake-socket';

const SESSION = '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10';
const MEBIBYTE = 1024 * 1024;
const BARGE_IN: EventEntity = { type: 'barge_in', data: {} };
/** Text messages that may leave at once, and ms until the next one may. */
const BURST = 20;
const TOKEN_MS = 1000 / 4.5;

const accepts: [] = [];
let clock: FakeClock;
let socket: FakeSocket;
let rules: { accepts: []; callerAudio: 'hear'; sends: ServerMessageType[]; sendsAudio: boolean };
let overflows: ErrorCode[];
let faults: unknown[];
let waited: number[];
let wire: SessionWire;

beforeEach(() => {
    clock = new FakeClock();
    socket = new FakeSocket();
    rules = { accepts, callerAudio: 'hear', sends: ['event', 'pong'], sendsAudio: true };
    overflows = [];
    faults = [];
    waited = [];
    wire = new SessionWire(socket, {
        sessionId: SESSION,
        clock,
        state: { rules },
        onOverflow: (code) => overflows.push(code),
        onFault: (fault) => faults.push(fault),
        meter: { eventWaited: (ms) => waited.push(ms) },
    });
});

function report(text: string): EventEntity {
    return { type: 'bot_turn_response', data: { disposition: 'match', text } };
}

/** The texts of the reports in each event that was written; a barge-in is `!`. */
function events(): string[][] {
    return socket.messages
        .filter(({ type }) => type === 'event')
        .map(({ parameters }) =>
            (parameters['entities'] as EventEntity[]).map((entity) =>
                entity.type === 'barge_in' ? '!' : (entity.data.text ?? '-'),
            ),
        );
}

/** Uses up the budget of text messages. */
function spendAll(): void {
    for (let count = 0; count < BURST; count++) expect(wire.send('pong', {})).toBe(true);
    socket.texts.length = 0;
}

describe('one message', () => {
    it('is written, numbered, and says what it has', () => {
        expect(wire.send('pong', {})).toBe(true);
        expect(wire.send('pong', {})).toBe(true);
        const message = { version: '2', id: SESSION, type: 'pong', clientseq: 0, parameters: {} };
        expect(socket.messages).toEqual([
            { ...message, seq: 1 },
            { ...message, seq: 2 },
        ]);
    });

    it('that the state forbids is not written, and uses no number', () => {
        rules.sends = [];
        expect(wire.send('pong', {})).toBe(false);
        rules.sends = ['pong'];
        wire.send('pong', {});
        expect(socket.messages.map(({ seq }) => seq)).toEqual([1]);
    });

    it('that is too long is not written, and uses no number', () => {
        expect(wire.send('event', { entities: [report('x'.repeat(MAX_TEXT_MESSAGE_BYTES))] })).toBe(false);
        expect([socket.texts, overflows]).toEqual([[], []]);
    });

    it('tells of a client that does not read, when more than 1 MiB waits', () => {
        socket.bufferedAmount = MEBIBYTE;
        expect([wire.bufferedBytes(), wire.send('pong', {}), overflows]).toEqual([MEBIBYTE, true, []]);
        socket.bufferedAmount = MEBIBYTE + 1;
        expect([wire.send('pong', {}), overflows]).toEqual([false, ['ERR_SLOW_READER']]);
        expect(socket.texts).toHaveLength(2);
    });
});

it('writes audio as it is, where the state allows it', () => {
    const pcmu = Uint8Array.of(1, 2);
    wire.sendAudio(pcmu);
    rules.sendsAudio = false;
    wire.sendAudio(pcmu);
    expect(socket.audio).toEqual([pcmu]);
    expect(socket.audio[0]).toBe(pcmu);
});

it('closes the socket with 1000, or ends it at once', () => {
    const close = jest.spyOn(socket, 'close');
    wire.close();
    expect([close.mock.calls, socket.terminated]).toEqual([[[1000]], false]);
    wire.terminate();
    expect(socket.terminated).toBe(true);
});

describe('the numbers', () => {
    const envelope = { version: '2', id: SESSION, seq: 1, serverseq: 0, position: 'PT0S' };

    it('of the client must follow each other, and name no message of the server that was not sent', () => {
        const sequence = new MessageSequence(SESSION);
        expect(sequence.accept(envelope)).toBeUndefined();
        expect(sequence.accept({ ...envelope, seq: 3 })).toBe('ERR_MESSAGE_SEQ');
        expect(sequence.accept({ ...envelope, seq: 1 })).toBe('ERR_MESSAGE_SEQ');
        expect(sequence.accept({ ...envelope, id: 'x', seq: 2 })).toBe('ERR_MESSAGE_ID');
        expect(sequence.accept({ ...envelope, seq: 2, serverseq: 1 })).toBe('ERR_MESSAGE_SERVERSEQ');
        sequence.next('pong', {});
        expect(sequence.accept({ ...envelope, seq: 3, serverseq: 1 })).toBeUndefined();
        expect(JSON.parse(sequence.next('pong', {}) ?? '')).toMatchObject({ seq: 2, clientseq: 3 });
    });

    it('are taken as they come after a fault', () => {
        const sequence = new MessageSequence(SESSION);
        sequence.stopChecking();
        expect(sequence.accept({ ...envelope, id: 'x', seq: 70, serverseq: 9 })).toBeUndefined();
        expect(JSON.parse(sequence.next('pong', {}) ?? '')).toMatchObject({ seq: 1, clientseq: 70 });
    });

    it('belong to messages of 64,000 bytes at most, whatever characters they have', () => {
        const sequence = new MessageSequence(SESSION);
        const empty = Buffer.byteLength(
            new MessageSequence(SESSION).next('disconnect', { reason: 'error', info: '' }) ?? '',
        );
        const room = MAX_TEXT_MESSAGE_BYTES - empty;
        const info = (bytes: number): string => 'ä'.repeat(bytes / 2) + 'x'.repeat(bytes % 2);
        expect(sequence.next('disconnect', { reason: 'error', info: info(room + 1) })).toBeUndefined();
        const longest = sequence.next('disconnect', { reason: 'error', info: info(room) }) ?? '';
        expect(Buffer.byteLength(longest)).toBe(MAX_TEXT_MESSAGE_BYTES);
        expect(JSON.parse(longest)).toMatchObject({ seq: 1 });
    });
});

describe('events', () => {
    it('leave at once while the budget has something', () => {
        wire.sendEvent(report('a'));
        wire.sendEvent(report('b'));
        expect([events(), waited, clock.pendingCount]).toEqual([[['a'], ['b']], [], 0]);
    });

    it('wait for the budget, which every message uses, and leave together as one', () => {
        spendAll();
        for (const text of ['a', 'b', 'c']) wire.sendEvent(report(text));
        expect([events(), clock.pendingCount]).toEqual([[], 1]);
        expect(waited).toEqual([expect.closeTo(TOKEN_MS, 6)]);
        clock.advance(Math.ceil(TOKEN_MS) - 1);
        expect(events()).toEqual([]);
        clock.advance(1);
        expect([events(), clock.pendingCount]).toEqual([[['a', 'b', 'c']], 0]);
    });

    it('wait again when the budget was used meanwhile, and no longer than it takes', () => {
        spendAll();
        wire.sendEvent(report('a'));
        wire.send('pong', {});
        clock.advance(Math.ceil(TOKEN_MS));
        expect([events(), clock.pendingCount, waited.length]).toEqual([[], 1, 2]);
        clock.advance(Math.ceil(TOKEN_MS));
        expect(events()).toEqual([['a']]);
    });

    it('with a barge-in leave at once, beyond the budget, with all that waits before it', () => {
        spendAll();
        wire.sendEvent(report('a'));
        wire.sendEvent(BARGE_IN);
        expect([events(), clock.pendingCount]).toEqual([[['a', '!']], 0]);
        clock.advance(10_000);
        expect(events()).toHaveLength(1);
    });

    it('wait after 429 as long as it says, the longest counts, and a barge-in does not wait', () => {
        clock.advance(5000);
        wire.holdEvents(3000);
        wire.holdEvents(1000);
        wire.sendEvent(report('a'));
        expect(waited).toEqual([3000]);
        clock.advance(2999);
        expect(events()).toEqual([]);
        clock.advance(1);
        expect(events()).toEqual([['a']]);
        wire.holdEvents(3000);
        wire.sendEvent(BARGE_IN);
        expect(events()).toEqual([['a'], ['!']]);
    });

    it('wait as 20 at most: the oldest is left out', () => {
        spendAll();
        for (let number = 1; number <= 21; number++) wire.sendEvent(report(`${number}`));
        wire.flushEvents();
        expect(events()).toEqual([Array.from({ length: 20 }, (_, index) => `${index + 2}`)]);
    });

    it('are shortened to 4000 characters', () => {
        wire.sendEvent(report('x'.repeat(4000)));
        wire.sendEvent(report('y'.repeat(4001)));
        expect(events()).toEqual([['x'.repeat(4000)], [`${'y'.repeat(3999)}…`]]);
        wire.sendEvent({ type: 'bot_turn_response', data: { disposition: 'no_input' } });
        expect(events().at(-1)).toEqual(['-']);
        const { parameters } = socket.messages.at(1) ?? { parameters: {} };
        expect(parameters).toMatchObject({ entities: [{ type: 'bot_turn_response', data: { disposition: 'match' } }] });
    });

    it('that wait go when it is their last chance, and none is written where none waits', () => {
        spendAll();
        wire.sendEvent(report('a'));
        wire.flushEvents();
        wire.flushEvents();
        expect([events(), clock.pendingCount]).toEqual([[['a']], 0]);
    });

    it('are over when they are closed', () => {
        spendAll();
        wire.sendEvent(report('a'));
        wire.closeEvents();
        wire.sendEvent(report('b'));
        expect(clock.pendingCount).toBe(0);
        wire.sendEvent(BARGE_IN);
        wire.flushEvents();
        clock.advance(10_000);
        expect([events(), clock.pendingCount]).toEqual([[], 0]);
    });

    it('wait where no metrics are kept, too', () => {
        const options = { sessionId: SESSION, clock, state: { rules }, onOverflow: jest.fn(), onFault: jest.fn() };
        wire = new SessionWire(socket, options);
        spendAll();
        wire.sendEvent(report('a'));
        clock.advance(1000);
        expect(events()).toEqual([['a']]);
    });

    it('that cannot be written later are a fault of the call', () => {
        spendAll();
        wire.sendEvent(report('a'));
        const fault = new Error('The socket is gone.');
        jest.spyOn(socket, 'send').mockImplementation(() => {
            throw fault;
        });
        clock.advance(1000);
        expect(faults).toEqual([fault]);
    });
});
