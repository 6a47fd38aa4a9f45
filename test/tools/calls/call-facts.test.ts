import type { RecordEvent, RecordTurn } from '../../../src/call-records/document';
import { playingOf, talkingOf } from '../../../tools/calls/call-facts';
import {
    dollars,
    momentTime,
    quoted,
    unheardWords,
    waitOf,
    waitParts,
    wasNeverHeard,
} from '../../../tools/calls/call-words';
import { plantedCall } from '../../support/planted-calls';

const { call } = plantedCall(1);

function callOf(events: readonly RecordEvent[]) {
    return { ...call, durationMs: 20_000, events: [...events] };
}

function turnOf(changes: Partial<RecordTurn>): RecordTurn {
    const turn = { number: 2, begunBy: 'caller', startMs: 0, endMs: 9000, toolsMs: 0, interrupted: false } as const;
    return { ...turn, audioMs: 4000, heardMs: 4000, faults: [], ...changes };
}

const times = { reason: '', voicedMs: 400, spanMs: 400, afterMs: 400 };
const items = [{ itemId: 'a', heardMs: 1000, receivedMs: 3500 }];

describe('where the client played', () => {
    it('is from its report to the next one, to an interruption, or to the end of the call', () => {
        const playing = playingOf(
            callOf([
                { atMs: 1000, kind: 'playback', state: 'started' },
                { atMs: 3000, kind: 'playback', state: 'completed' },
                { atMs: 5000, kind: 'playback', state: 'started' },
                { atMs: 6000, kind: 'bargeIn', items },
                { atMs: 6100, kind: 'playback', state: 'completed' },
                { atMs: 8000, kind: 'playback', state: 'started' },
            ]),
        );
        expect(playing).toEqual([
            { fromMs: 1000, toMs: 3000, end: 'completed', unheardMs: 0 },
            { fromMs: 5000, toMs: 6000, end: 'interrupted', unheardMs: 2500 },
            { fromMs: 8000, toMs: 20_000, end: 'cut', unheardMs: 0 },
        ]);
    });

    it('ends where it was held, when that turned out to be an interruption, and goes on when it did not', () => {
        const held: RecordEvent[] = [
            { atMs: 1000, kind: 'playback', state: 'started' },
            { atMs: 2000, kind: 'overlap', verdict: 'held', ...times },
            { atMs: 2010, kind: 'playback', state: 'completed' },
        ];
        const turned = playingOf(callOf([...held, { atMs: 3200, kind: 'bargeIn', items }]));
        expect(turned).toEqual([{ fromMs: 1000, toMs: 2000, end: 'interrupted', unheardMs: 2500 }]);
        const resumed = playingOf(
            callOf([
                ...held,
                { atMs: 2600, kind: 'overlap', verdict: 'resumed', ...times },
                { atMs: 2650, kind: 'playback', state: 'started' },
                { atMs: 4000, kind: 'playback', state: 'completed' },
            ]),
        );
        expect(resumed.map(({ end }) => end)).toEqual(['held', 'completed']);
    });
});

describe('where the caller talked', () => {
    it('is without what they began over the bot, unless that is asked for', () => {
        const events: RecordEvent[] = [
            { atMs: 1060, kind: 'speech', talking: true, agoMs: 60 },
            { atMs: 2500, kind: 'speech', talking: false, agoMs: 500 },
            { atMs: 5000, kind: 'speech', talking: true, agoMs: 0, overBot: true },
            { atMs: 6000, kind: 'speech', talking: false, agoMs: 0 },
            { atMs: 19_000, kind: 'speech', talking: true, agoMs: 0 },
        ];
        expect(talkingOf(callOf(events))).toEqual([
            { fromMs: 1000, toMs: 2000 },
            { fromMs: 19_000, toMs: 20_000 },
        ]);
        expect(talkingOf(callOf(events), true)).toHaveLength(3);
    });

    it.each(['ignored', 'resumed'] as const)(
        'ends what was %s where its verdict says, without a report of its end',
        (verdict) => {
            const began: RecordEvent[] = [
                { atMs: 5000, kind: 'speech', talking: true, agoMs: 0, overBot: true },
                { atMs: 5300, kind: 'overlap', verdict, reason: '', voicedMs: 200, spanMs: 260, afterMs: 400 },
            ];
            const next: RecordEvent[] = [
                { atMs: 9060, kind: 'speech', talking: true, agoMs: 60 },
                { atMs: 11_000, kind: 'speech', talking: false, agoMs: 500 },
            ];
            const pieces = [
                { fromMs: 4900, toMs: 5160 },
                { fromMs: 9000, toMs: 10_500 },
            ];
            expect(talkingOf(callOf([...began, ...next]), true)).toEqual(pieces);
            const late: RecordEvent = { atMs: 5900, kind: 'speech', talking: false, agoMs: 0, overBot: true };
            expect(talkingOf(callOf([...began, late, ...next]), true)).toEqual(pieces);
            expect(talkingOf(callOf([...began, late, ...next]))).toEqual(pieces.slice(1));
        },
    );

    it('leaves what became a turn in one piece, and a verdict about other speech changes nothing', () => {
        const events: RecordEvent[] = [
            { atMs: 5000, kind: 'speech', talking: true, agoMs: 0, overBot: true },
            { atMs: 5400, kind: 'overlap', verdict: 'turn', reason: '', voicedMs: 300, spanMs: 400, afterMs: 400 },
            { atMs: 5400, kind: 'speech', talking: true, agoMs: 0 },
            { atMs: 8000, kind: 'speech', talking: false, agoMs: 500 },
            { atMs: 9500, kind: 'overlap', verdict: 'ignored', reason: '', voicedMs: 100, spanMs: 100, afterMs: 400 },
        ];
        expect(talkingOf(callOf(events), true)).toEqual([{ fromMs: 5000, toMs: 7500 }]);
    });
});

describe('a wait', () => {
    it('is until the answer was heard: a filler before it is none', () => {
        expect(waitOf(turnOf({ toAudioMs: 900, toPlaybackMs: 980 }))).toBe(980);
        expect(waitOf(turnOf({ toAudioMs: 3600, toPlaybackMs: 2600 }))).toBe(3600);
        expect(waitOf(turnOf({ toAudioMs: 3600, toPlaybackMs: 9100 }))).toBe(3600);
        expect(waitOf(turnOf({ toPlaybackMs: 2600 }))).toBeUndefined();
    });

    it('has parts that are the whole of it', () => {
        for (const changes of [
            { toModelMs: 300, toAudioMs: 2000, toPlaybackMs: 2060, toolsMs: 1200 },
            { toAudioMs: 900 },
            { toModelMs: 900, toAudioMs: 800, toPlaybackMs: 400, toolsMs: 5000 },
        ]) {
            const turn = turnOf(changes);
            expect(waitParts(turn).reduce((sum, { ms }) => sum + ms, 0)).toBe(waitOf(turn));
        }
    });
});

describe('an answer never heard', () => {
    it('is one of which nothing was heard, or that the client never played', () => {
        const notPlayed = { kind: 'notPlayed', turn: 2 } as const;
        expect(wasNeverHeard(turnOf({}), [])).toBe(false);
        expect(wasNeverHeard(turnOf({ heardMs: 0 }), [])).toBe(true);
        expect(wasNeverHeard(turnOf({}), [notPlayed])).toBe(true);
        expect(wasNeverHeard(turnOf({ number: 3 }), [notPlayed])).toBe(false);
        expect(wasNeverHeard(turnOf({ audioMs: 0, heardMs: 0 }), [])).toBe(false);
    });
});

it('writes a moment to a tenth of a second, rounded down', () => {
    expect([0, 99, 100, 41_567, 65_999].map(momentTime)).toEqual(['0:00.0', '0:00.0', '0:00.1', '0:41.5', '1:05.9']);
});

describe('words never heard', () => {
    it.each([
        [{ generated: 'One two three.', heard: 'One two' }, 'three.'],
        [{ generated: 'One  two\nthree.', heard: 'One two' }, 'three.'],
        [{ generated: 'One two three.', heard: 'One two three.' }, ''],
        [{ generated: 'One two three four.', audioMs: 4000, heardMs: 2000 }, 'three four.'],
        [{ generated: 'One two.', audioMs: 0, heardMs: 0 }, ''],
        [{ heard: 'One' }, ''],
    ])('of %j are %j', (turn, unheard) => {
        expect(unheardWords(turnOf(turn))).toBe(unheard);
    });
});

it('writes small sums with more digits, and long words shortened', () => {
    expect([dollars(0), dollars(0.0413), dollars(1.2)]).toEqual(['$0.00', '$0.0413', '$1.20']);
    expect(quoted('a\u0007b')).toBe('“a b”');
    expect(quoted('x'.repeat(200))).toHaveLength(102);
});
