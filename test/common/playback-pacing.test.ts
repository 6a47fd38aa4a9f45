import { CallRecord } from '../../src/common/call-record';
import { Playback, type PlaybackOptions } from '../../src/common/playback';
import { FakeClock } from '../support/fake-clock';

/** Ms when each piece was sent, and ms of sound in it. */
type Sent = [number, number];

let clock: FakeClock;
let sent: Sent[];
let buffered: number;
let drained: number;
let faults: unknown[];

beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    buffered = 0;
    drained = 0;
    faults = [];
});

function make(changes: Partial<PlaybackOptions> = {}): Playback {
    return new Playback({
        clock,
        maxLeadMs: 600,
        keepsHistory: false,
        wire: {
            bufferedBytes: () => buffered,
            sendAudio: (pcmu) => sent.push([clock.nowMs(), pcmu.length / 8]),
        },
        record: new CallRecord(),
        echoGuard: undefined,
        onDrained: () => (drained += 1),
        onFault: (fault) => faults.push(fault),
        ...changes,
    });
}

function audio(ms: number): Uint8Array {
    return new Uint8Array(ms * 8).fill(0x55);
}

function origin(responseId: string) {
    return { responseId, itemId: responseId, contentIndex: 0 };
}

/** So many responses of 1 ms, each of which takes a token. */
function spend(playback: Playback, count: number): void {
    for (let number = 0; number < count; number++) {
        playback.enqueue(audio(1), origin(`spent${number}`));
        playback.responseEnded(`spent${number}`);
    }
    sent.length = 0;
}

describe('pieces', () => {
    it('are 200 ms and then 300 ms, as long as no more than 600 ms are ahead', () => {
        make().enqueue(audio(5000), origin('a'));
        clock.advance(1100);
        expect(sent).toEqual([
            [0, 200],
            [0, 300],
            [200, 300],
            [500, 300],
            [800, 300],
            [1100, 300],
        ]);
    });

    it('that are not whole wait while more may come, until 160 ms are left', () => {
        const playback = make();
        playback.enqueue(audio(500), origin('a'));
        playback.enqueue(audio(100), origin('a'));
        expect(sent).toEqual([
            [0, 200],
            [0, 300],
        ]);
        clock.advance(339);
        expect(sent).toHaveLength(2);
        clock.advance(1);
        expect(sent.at(-1)).toEqual([340, 100]);
    });

    it('that become whole leave as soon as there is room', () => {
        const playback = make();
        playback.enqueue(audio(500), origin('a'));
        playback.enqueue(audio(100), origin('a'));
        playback.enqueue(audio(250), origin('a'));
        clock.advance(200);
        expect(sent.at(-1)).toEqual([200, 300]);
    });

    it.each(['responseEnded', 'endAllResponses'] as const)('that are not whole leave when no more comes: %s', (end) => {
        const playback = make();
        playback.enqueue(audio(250), origin('a'));
        expect(sent).toEqual([[0, 200]]);
        playback[end]('a');
        expect(sent).toEqual([
            [0, 200],
            [0, 50],
        ]);
    });

    it('are as long as they may be when fewer than two messages may be sent', () => {
        const playback = make();
        spend(playback, 19);
        playback.enqueue(audio(1000), origin('a'));
        expect(sent[0]).toEqual([0, 581]);
    });

    it('have their usual length when two messages may be sent', () => {
        const playback = make();
        spend(playback, 18);
        playback.enqueue(audio(1000), origin('a'));
        expect(sent[0]).toEqual([0, 300]);
    });

    it('begin with a short one when two messages may be sent and nothing plays', () => {
        const playback = make();
        spend(playback, 18);
        playback.flush();
        playback.enqueue(audio(1000), origin('a'));
        expect(sent[0]).toEqual([0, 200]);
    });

    it('set no timer anew when a whole one waits already', () => {
        const playback = make();
        playback.enqueue(audio(800), origin('a'));
        const after = jest.spyOn(clock, 'after');
        // Exactly one piece waits.
        for (let number = 0; number < 10; number++) playback.enqueue(audio(1), origin('a'));
        expect([playback.queuedMs, after.mock.calls]).toEqual([310, []]);
    });
});

describe('the queue', () => {
    it('takes nothing that is empty, and nothing after its end', () => {
        const playback = make();
        playback.enqueue(new Uint8Array(0), origin('empty'));
        playback.enqueue(audio(10), origin('a'));
        playback.responseEnded('a');
        clock.advance(10);
        expect(drained).toBe(1);
        playback.enqueue(audio(1000), origin('b'));
        expect(clock.pendingCount).toBe(1);
        playback.close();
        playback.enqueue(audio(10), origin('c'));
        expect([playback.queuedMs, clock.pendingCount, sent.length]).toEqual([0, 0, 3]);
    });

    it('takes ten minutes, and not a byte more', () => {
        const playback = make();
        playback.enqueue(audio(600_000), origin('a'));
        expect(playback.queuedMs).toBe(599_500);
        playback.enqueue(new Uint8Array(500 * 8 + 1), origin('a'));
        expect(playback.queuedMs).toBe(599_500);
        playback.enqueue(new Uint8Array(500 * 8), origin('a'));
        expect(playback.queuedMs).toBe(600_000);
    });

    it('tells what the caller has yet to hear, and what was not reported yet', () => {
        const playback = make();
        expect([playback.soundLeftMs, playback.isAudible, playback.isUnreported]).toEqual([0, false, false]);
        playback.enqueue(audio(1000), origin('a'));
        expect([playback.queuedMs, playback.leadMs, playback.soundLeftMs]).toEqual([500, 500, 1000]);
        expect([playback.isAudible, playback.isUnreported]).toEqual([true, true]);
    });

    it('waits for another report while there is more to hear, and when the client begins again', () => {
        const playback = make();
        playback.setRoundTrip(0);
        expect(playback.reportAgeMs).toBe(Infinity);
        playback.enqueue(audio(500), origin('a'));
        playback.responseEnded('a');
        // The piece of 200 ms was played; that of 300 ms, sent with it, had not come.
        clock.advance(250);
        playback.playbackCompleted();
        expect([playback.isUnreported, playback.reportAgeMs]).toEqual([true, Infinity]);
        clock.advance(300);
        playback.playbackCompleted();
        expect([playback.isUnreported, playback.reportAgeMs]).toEqual([false, 0]);
        clock.advance(7);
        expect(playback.reportAgeMs).toBe(7);
        playback.playbackStarted();
        expect(playback.isUnreported).toBe(true);
    });

    it('waits for no report of what a barge-in has thrown away', () => {
        const playback = make();
        playback.enqueue(audio(200), origin('a'));
        clock.advance(200);
        playback.playbackCompleted();
        playback.enqueue(audio(200), origin('b'));
        clock.advance(20);
        playback.flush();
        expect([playback.isUnreported, playback.reportAgeMs]).toEqual([false, Infinity]);
        playback.playbackStarted();
        expect(playback.isUnreported).toBe(false);
    });

    it('keeps an item of an open response, though all of it so far was heard', () => {
        const playback = make();
        playback.enqueue(audio(200), origin('a'));
        clock.advance(300);
        playback.enqueue(audio(100), origin('b'));
        playback.enqueue(audio(100), origin('a'));
        expect(playback.flush().items).toEqual([
            { ...origin('a'), heardMs: 200, receivedMs: 300 },
            { ...origin('b'), heardMs: 0, receivedMs: 100 },
        ]);
    });
});

it('gives every comfort tone an item of its own', () => {
    const playback = make();
    const tone = (name: string): object => ({ ...origin(name), heardMs: 0, receivedMs: 160 });
    playback.comfort();
    expect(playback.flush().items).toEqual([tone('comfort_1')]);
    playback.comfort();
    expect(playback.flush().items).toEqual([tone('comfort_2')]);
});

describe('a socket that takes nothing', () => {
    it('is one in which more than two seconds of audio wait, and says since when', () => {
        const playback = make();
        expect(playback.blockedMs).toBeUndefined();
        buffered = 16_001;
        // Nothing was to be sent yet.
        expect(playback.blockedMs).toBeUndefined();
        clock.advance(1000);
        playback.enqueue(audio(10), origin('a'));
        clock.advance(30);
        expect([sent, playback.blockedMs]).toEqual([[], 30]);
        buffered = 16_000;
        expect(playback.blockedMs).toBeUndefined();
        clock.advance(20);
        expect(sent).toEqual([[1050, 10]]);
    });
});

describe('429', () => {
    it('stops everything for as long as it says, the longest counts, and halves the rate', () => {
        const playback = make();
        clock.advance(100);
        playback.slowDown(1000);
        playback.slowDown(500);
        playback.enqueue(audio(10), origin('a'));
        clock.advance(999);
        expect(sent).toEqual([]);
        clock.advance(1);
        expect(sent).toEqual([[1100, 10]]);
    });
});

describe('playback that is held', () => {
    it('is stopped once', () => {
        const dropped = jest.fn();
        const playback = make({ keepsHistory: true, echoGuard: { sent: jest.fn(), dropped } });
        playback.enqueue(audio(1000), origin('a'));
        clock.advance(300);
        const first = playback.hold();
        clock.advance(500);
        expect(playback.hold()).toEqual(first);
        expect(dropped.mock.calls).toEqual([[2400]]);
    });

    it('and one that is not, goes on where it is', () => {
        const playback = make({ keepsHistory: true });
        // There is a pause that it could go back to.
        playback.enqueue(Buffer.concat([audio(200), new Uint8Array(200 * 8).fill(0xff), audio(100)]), origin('a'));
        playback.responseEnded('a');
        clock.advance(450);
        expect(playback.resume()).toEqual({ backMs: 0 });
        expect([sent.length, playback.queuedMs]).toEqual([2, 0]);
    });
});

it('tells who records where the sent stream lies', () => {
    const botPlaced = jest.fn();
    const record = new CallRecord();
    Object.defineProperty(record.observers, 'audio', {
        value: { botPlaced, botSent: jest.fn(), botStopped: jest.fn() },
    });
    const playback = make({ record });
    clock.advance(50);
    playback.enqueue(audio(1000), origin('a'));
    expect(botPlaced.mock.calls).toEqual([
        [0, 50],
        [0, 50],
    ]);
    playback.setRoundTrip(100);
    expect(botPlaced).toHaveBeenLastCalledWith(0, 150);
    clock.advance(120);
    playback.playbackStarted();
    expect(botPlaced).toHaveBeenLastCalledWith(0, 160);
    clock.advance(200);
    const before = botPlaced.mock.calls.length;
    playback.playbackCompleted();
    expect(botPlaced.mock.calls.length).toBeGreaterThan(before);
});

it('tells of a fault of the wire in a task of its timer', () => {
    const fault = new Error('The socket is gone.');
    let isGone = false;
    const sendAudio = (): void => {
        if (isGone) throw fault;
    };
    make({ wire: { bufferedBytes: () => 0, sendAudio } }).enqueue(audio(1000), origin('a'));
    isGone = true;
    clock.advance(200);
    expect(faults).toEqual([fault]);
});

it('sets no timer behind its end', () => {
    const playback = make();
    playback.enqueue(audio(5000), origin('a'));
    playback.close();
    expect(clock.pendingCount).toBe(0);
});
