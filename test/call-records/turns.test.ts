import type { RecordEvent } from '../../src/call-records/document';
import { turnsOf } from '../../src/call-records/turns';

type EventBody = RecordEvent extends infer Event
    ? Event extends { atMs: number }
        ? Omit<Event, 'atMs'>
        : never
    : never;

function at(atMs: number, event: EventBody): RecordEvent {
    return { atMs, ...event };
}

function talks(fromMs: number, toMs: number): RecordEvent[] {
    return [
        at(fromMs, { kind: 'speech', talking: true, agoMs: 0 }),
        at(toMs + 500, { kind: 'speech', talking: false, agoMs: 500 }),
    ];
}

function model(atMs: number, responseId: string, startedAtMs: number, costUsd?: number): RecordEvent {
    const body = { provider: 'openai', model: 'm', status: 'completed', startedAtMs, responseId };
    return at(atMs, { kind: 'model', ...body, ...(costUsd !== undefined && { costUsd }) });
}

function audio(atMs: number, responseId: string, itemId = `item_${responseId}`): RecordEvent {
    return at(atMs, { kind: 'audio', responseId, itemId });
}

function ended(atMs: number, responseId: string, audioMs: number): RecordEvent {
    return at(atMs, { kind: 'responseEnded', responseId, audioMs });
}

function playback(atMs: number, state: 'started' | 'completed'): RecordEvent {
    return at(atMs, { kind: 'playback', state });
}

function words(atMs: number, speaker: 'caller' | 'bot', itemId: string, text: string, sinceMs?: number): RecordEvent {
    return at(atMs, { kind: 'words', speaker, itemId, text, ...(sinceMs !== undefined && { sinceMs }) });
}

const GREETING = [
    at(0, { kind: 'opened' }),
    audio(400, 'hello'),
    words(450, 'bot', 'item_hello', 'Hello, how can I help?'),
    model(500, 'hello', 100, 0.01),
    ended(510, 'hello', 1500),
    playback(550, 'started'),
    playback(2000, 'completed'),
    at(2000, { kind: 'turn', responseId: 'hello', disposition: 'match', heard: 'Hello, how can I help?' }),
];

describe('the turns of a call', () => {
    it('are none where nothing was said', () => {
        expect(turnsOf([])).toEqual([]);
        expect(turnsOf([at(0, { kind: 'opened' }), at(10, { kind: 'fault', code: 'ERR_X' })])).toEqual([]);
    });

    it('begin with the greeting, from the moment at which the call is open', () => {
        expect(turnsOf(GREETING)).toEqual([
            {
                number: 1,
                begunBy: 'bot',
                startMs: 0,
                endMs: 2000,
                generated: 'Hello, how can I help?',
                heard: 'Hello, how can I help?',
                toolsMs: 0,
                interrupted: false,
                audioMs: 1500,
                heardMs: 1500,
                faults: [],
                costUsd: 0.01,
            },
        ]);
    });

    it('have the waits from the end of the caller’s voice, and words that come after the response', () => {
        const [, turn] = turnsOf([
            ...GREETING,
            ...talks(3000, 5000),
            audio(6200, 'answer'),
            words(6300, 'caller', 'item_caller', 'My bill, please.', 5510),
            model(6400, 'answer', 5600, 0.02),
            ended(6410, 'answer', 2000),
            playback(6350, 'started'),
            words(6420, 'bot', 'item_answer', 'It is forty euros.'),
        ]);
        expect(turn).toMatchObject({
            number: 2,
            begunBy: 'caller',
            startMs: 3000,
            said: 'My bill, please.',
            generated: 'It is forty euros.',
            toModelMs: 600,
            toAudioMs: 1200,
            toPlaybackMs: 1350,
            costUsd: 0.02,
        });
    });

    it('keep the caller’s words in the turn in which they were said, also when the next one has begun', () => {
        const turns = turnsOf([
            ...GREETING,
            ...talks(3000, 5000),
            audio(6000, 'a'),
            ended(6100, 'a', 500),
            ...talks(7000, 8000),
            words(8600, 'caller', 'one', 'First.', 5500),
            words(8700, 'caller', 'two', 'Second.', 8510),
        ]);
        expect(turns.map(({ said }) => said)).toEqual([undefined, 'First.', 'Second.']);
    });

    it('are interrupted: what was heard is what came without what was not heard', () => {
        const turns = turnsOf([
            ...GREETING,
            ...talks(3000, 4000),
            audio(5000, 'long', 'item_1'),
            playback(5100, 'started'),
            at(7000, {
                kind: 'bargeIn',
                items: [
                    { itemId: 'item_1', responseId: 'long', heardMs: 1900, receivedMs: 3000 },
                    { itemId: 'item_2', responseId: 'long', heardMs: 0, receivedMs: 1000 },
                ],
            }),
            at(7000, { kind: 'speech', talking: true, agoMs: 0 }),
            ended(7100, 'long', 5000),
            at(7100, { kind: 'turn', responseId: 'long', disposition: 'match', heard: 'It was' }),
        ]);
        expect(turns).toHaveLength(3);
        expect(turns[1]).toMatchObject({ interrupted: true, audioMs: 5000, heardMs: 2900, heard: 'It was' });
        expect(turns[2]).toMatchObject({ begunBy: 'caller', startMs: 7000, interrupted: false, audioMs: 0 });
    });

    it('that interrupt begin with the speech over the bot, and have the words that were said in it', () => {
        const turns = turnsOf([
            ...talks(3000, 4000),
            audio(5000, 'long'),
            playback(5050, 'started'),
            at(7000, { kind: 'speech', talking: true, agoMs: 200, overBot: true }),
            at(7400, {
                kind: 'bargeIn',
                items: [{ itemId: 'item_long', responseId: 'long', heardMs: 2300, receivedMs: 6000 }],
            }),
            at(7400, { kind: 'speech', talking: true, agoMs: 100 }),
            at(9000, { kind: 'speech', talking: false, agoMs: 500 }),
            words(9300, 'caller', 'b', 'No, wait.', 6900),
            playback(10_500, 'started'),
            audio(11_000, 'next'),
        ]);
        expect(turns.map(({ startMs, said, toPlaybackMs }) => ({ startMs, said, toPlaybackMs }))).toEqual([
            { startMs: 3000, said: undefined, toPlaybackMs: 1050 },
            { startMs: 6800, said: 'No, wait.', toPlaybackMs: undefined },
        ]);
    });

    it('begin after speech over the bot that was none where a turn begins', () => {
        const turns = turnsOf([
            ...talks(3000, 4000),
            audio(5000, 'long'),
            at(7000, { kind: 'speech', talking: true, agoMs: 200, overBot: true }),
            at(7400, {
                kind: 'overlap',
                verdict: 'ignored',
                reason: 'ignored: a backchannel',
                voicedMs: 200,
                spanMs: 200,
                afterMs: 600,
            }),
            ended(7500, 'long', 3000),
            ...talks(9000, 10_000),
        ]);
        expect(turns.map(({ startMs }) => startMs)).toEqual([3000, 9000]);
    });

    it('are cut off by the end of the call, which is no interruption', () => {
        const items = [{ itemId: 'item_hello', responseId: 'hello', heardMs: 600, receivedMs: 1500 }];
        const events = [...GREETING.slice(0, 6), at(1200, { kind: 'cutOff', items })];
        expect(turnsOf(events)).toMatchObject([{ interrupted: false, audioMs: 1500, heardMs: 600, endMs: 550 }]);
    });

    it('have the time and the cost of a function with the response after it', () => {
        const turns = turnsOf([
            ...GREETING,
            ...talks(3000, 4000),
            model(4900, 'call', 4600, 0.003),
            at(6400, { kind: 'tool', name: 'bill', callId: 'c', ms: 1500, outcome: 'ok' }),
            at(6400, { kind: 'waiting', wait: 'response_requested' }),
            audio(7000, 'answer'),
            model(7200, 'answer', 6500, 0.004),
            ended(7300, 'answer', 800),
        ]);
        expect(turns).toHaveLength(2);
        expect(turns[1]).toMatchObject({ toolsMs: 1500, toModelMs: 600, toAudioMs: 3000, audioMs: 800 });
        expect(turns[1]?.costUsd).toBeCloseTo(0.007, 9);
    });

    it('go on after a response that announced a function, and begin anew when the bot speaks by itself', () => {
        const turns = turnsOf([
            ...GREETING,
            ...talks(3000, 4000),
            audio(5000, 'wait'),
            ended(5100, 'wait', 400),
            at(6000, { kind: 'tool', name: 'bill', callId: 'c', ms: 900, outcome: 'ok' }),
            audio(7000, 'answer'),
            ended(7100, 'answer', 900),
            audio(19_000, 'still there'),
            ended(19_100, 'still there', 700),
        ]);
        expect(turns.map(({ begunBy, audioMs }) => [begunBy, audioMs])).toEqual([
            ['bot', 1500],
            ['caller', 1300],
            ['bot', 700],
        ]);
    });

    it('begin with a key, unless a function has asked for it', () => {
        const pressed = turnsOf([...GREETING, at(3000, { kind: 'key' }), at(3400, { kind: 'key' }), audio(4000, 'a')]);
        expect(pressed.map(({ begunBy, startMs }) => [begunBy, startMs])).toEqual([
            ['bot', 0],
            ['keypad', 3000],
        ]);
        const asked = turnsOf([
            ...GREETING,
            at(2500, { kind: 'keysAwaited', secure: true }),
            at(3000, { kind: 'key' }),
            at(3400, { kind: 'key' }),
            at(3500, { kind: 'tool', name: 'collect_digits', callId: 'c', ms: 1000, outcome: 'ok' }),
            audio(4000, 'a'),
            ended(4100, 'a', 300),
        ]);
        expect(asked).toMatchObject([{ begunBy: 'bot', audioMs: 1800, toolsMs: 1000 }]);
    });

    it('have the faults of their time once each, those before the first turn too', () => {
        const turns = turnsOf([
            at(0, { kind: 'fault', code: 'ERR_A' }),
            ...GREETING,
            ...talks(3000, 4000),
            at(4600, { kind: 'fault', code: 'ERR_B' }),
            at(4700, { kind: 'fault', code: 'ERR_B' }),
        ]);
        expect(turns.map(({ faults }) => faults)).toEqual([['ERR_A'], ['ERR_B']]);
    });

    it('leave out what was said over the bot and was no turn, and what is no part of a response', () => {
        const turns = turnsOf([
            ...GREETING.slice(0, 6),
            at(900, { kind: 'speech', talking: true, agoMs: 0, overBot: true }),
            at(1200, { kind: 'speech', talking: false, agoMs: 0, overBot: true }),
            at(1300, { kind: 'words', speaker: 'caller', itemId: 'x', text: 'Mhm.', ignored: true }),
            at(1400, { kind: 'audio', responseId: 'filler', itemId: 'filler', aside: true }),
        ]);
        expect(turns).toHaveLength(1);
        expect(turns[0]).not.toHaveProperty('said');
    });

    it('have no wait that is less than nothing', () => {
        const [, turn] = turnsOf([...GREETING, ...talks(3000, 5000), model(5600, 'early', 4000), audio(5700, 'early')]);
        expect(turn).not.toHaveProperty('toModelMs');
        expect(turn).toMatchObject({ toAudioMs: 700 });
    });

    it('are bounded: what is more belongs to the last one', () => {
        const many = Array.from({ length: 1500 }, (_, i) => [...talks(i * 10, i * 10 + 1), audio(i * 10 + 5, `r${i}`)]);
        const turns = turnsOf(many.flat());
        expect(turns).toHaveLength(1000);
        expect(turns.at(-1)?.number).toBe(1000);
    });
});
