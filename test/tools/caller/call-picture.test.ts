import type { CallEventBody } from '../../../tools/caller/call-event';
import { CallPicture } from '../../../tools/caller/call-picture';

function picture(...events: [atMs: number, body: CallEventBody][]): CallPicture {
    const drawn = new CallPicture();
    for (const [atMs, body] of events) drawn.add({ atMs, ...body });
    return drawn;
}

const audio = (bytes: number): CallEventBody => ({ kind: 'audioReceived', bytes });
const started: CallEventBody = { kind: 'playback', what: 'started', heardMs: 0, totalMs: 0 };
const ended = (what: 'completed' | 'flushed', heardMs: number, totalMs: number): CallEventBody => ({
    kind: 'playback',
    what,
    heardMs,
    totalMs,
});
const opened: CallEventBody = { kind: 'received', type: 'opened', parameters: {}, text: '' };
const talk = (talking: boolean, agoMs = 0): CallEventBody => ({ kind: 'talk', talking, agoMs });
const vad = (speaking: boolean, agoMs = 0): CallEventBody => ({ kind: 'vad', speaking, agoMs });
const key: CallEventBody = { kind: 'sent', type: 'dtmf', seq: 1, parameters: {}, text: '' };

describe('CallPicture', () => {
    it('lays each run of bot audio at the bytes that it was made of, played and cut', () => {
        const { stretches } = picture(
            [100, audio(1600)],
            [100, started],
            [200, audio(2400)],
            [350, ended('flushed', 250, 500)],
            [900, audio(800)],
            [905, started],
            [1005, ended('completed', 100, 100)],
        );
        expect(stretches).toEqual([
            { startMs: 100, fromByte: 0, heardMs: 250, totalMs: 500, end: 'flushed' },
            { startMs: 905, fromByte: 4000, heardMs: 100, totalMs: 100, end: 'completed' },
        ]);
    });

    it('knows the lead: what was received and not yet heard', () => {
        const drawn = picture([100, audio(1600)], [110, started], [200, audio(2400)]);
        expect(drawn.leadMs(200)).toBe(410);
        expect(drawn.leadMs(600)).toBe(10);
        expect(drawn.leadMs(5000)).toBe(0);
    });

    it('counts the messages of the server against both limits', () => {
        const drawn = picture([0, opened], [0, audio(800)], [0, audio(800)]);
        expect([drawn.textRate.levelAt(0), drawn.audioRate.levelAt(0)]).toEqual([24, 23]);
        expect(drawn.audioRate.levelAt(200)).toBe(24);
    });

    it('makes spans of speech, holds and secure entries, from where they really began', () => {
        const drawn = picture(
            [1000, talk(true, 140)],
            [2600, talk(false, 600)],
            [1100, vad(true)],
            [1200, vad(true)],
            [2500, vad(false, 500)],
            [3000, { kind: 'sent', type: 'paused', seq: 2, parameters: {}, text: '' }],
            [4000, { kind: 'keypad', secure: true }],
        );
        expect(drawn.talk).toEqual([{ fromMs: 860, toMs: 2000 }]);
        expect(drawn.vad).toEqual([{ fromMs: 1100, toMs: 2000 }]);
        expect(drawn.holds).toEqual([{ fromMs: 3000, toMs: undefined }]);
        expect(drawn.secure).toEqual([{ fromMs: 4000, toMs: undefined }]);
    });

    it('puts what was heard beside what was generated', () => {
        const said = (text: string): CallEventBody => ({ kind: 'transcript', speaker: 'bot', itemId: 'a', text });
        const drawn = picture(
            [100, said('One two')],
            [200, said('One two three four')],
            [300, { kind: 'heard', itemId: 'a', heardMs: 500, receivedMs: 1000 }],
        );
        expect(drawn.transcript).toEqual([
            { atMs: 100, speaker: 'bot', itemId: 'a', text: 'One two three four', heard: 'One two' },
        ]);
    });
});

describe('the turns of a call', () => {
    it('go from the end of speech over voice activity detection and the model to playback, seen from inside', () => {
        const { turns, waitsMs } = picture(
            [1000, vad(true)],
            [2500, vad(false, 500)],
            [2700, { kind: 'openai', sent: false, type: 'response.output_audio.delta', detail: '' }],
            [2710, audio(1600)],
            [2722, started],
        );
        expect(turns).toEqual([
            { trigger: 'speech', endMs: 2000, noticedMs: 2500, modelMs: 2700, audioMs: 2710, playbackMs: 2722 },
        ]);
        expect(waitsMs).toEqual([722]);
    });

    it('are found from outside too, when the response came before the silence was noticed', () => {
        const { turns } = picture([1000, talk(true)], [2450, audio(1600)], [2460, started], [2600, talk(false, 600)]);
        expect(turns).toMatchObject([{ trigger: 'speech', endMs: 2000, audioMs: 2450, playbackMs: 2460 }]);
    });

    it('begin with the last key, and with opened; the greeting is no wait of a turn', () => {
        const drawn = picture(
            [10, opened],
            [300, audio(800)],
            [301, started],
            [401, ended('completed', 100, 100)],
            [1000, key],
            [1200, key],
            [1500, audio(800)],
            [1510, started],
        );
        expect(drawn.turns).toMatchObject([
            { trigger: 'opened', endMs: 10, audioMs: 300, playbackMs: 301 },
            { trigger: 'keys', endMs: 1200, audioMs: 1500, playbackMs: 1510 },
        ]);
        expect(drawn.waitsMs).toEqual([310]);
    });

    it('take no sound for a response that was already playing', () => {
        const { turns } = picture(
            [100, audio(8000)],
            [100, started],
            [200, vad(true)],
            [700, vad(false, 300)],
            [800, audio(8000)],
        );
        expect(turns).toMatchObject([{ trigger: 'speech', audioMs: undefined }]);
    });
});

describe('speech over the bot', () => {
    const over = { kind: 'overlap', spanMs: 600 } as const;

    it('is one utterance where the verdicts agree about its beginning, and lies where the caller spoke', () => {
        const { overlaps } = picture(
            [5000, { ...over, spanMs: 400, verdict: 'held', reason: 'held: 400 ms of voice', beganAgoMs: 450 }],
            [6000, { ...over, verdict: 'resumed', reason: 'resumed: a backchannel', beganAgoMs: 1449, backMs: 0 }],
            [9000, { ...over, verdict: 'turn', reason: 'turn: words', words: 'Wait', beganAgoMs: 1000 }],
        );
        expect(overlaps).toEqual([
            {
                fromMs: 4550,
                toMs: 5150,
                verdicts: [
                    { atMs: 5000, verdict: 'held', reason: 'held: 400 ms of voice', text: 'held: 400 ms of voice' },
                    {
                        atMs: 6000,
                        verdict: 'resumed',
                        reason: 'resumed: a backchannel',
                        text: 'resumed: a backchannel, 0 ms back',
                    },
                ],
            },
            {
                fromMs: 8000,
                toMs: 8600,
                verdicts: [{ atMs: 9000, verdict: 'turn', reason: 'turn: words', text: 'turn: words, “Wait”' }],
            },
        ]);
    });

    it('is no turn that was waited for, unless its verdict says so', () => {
        const { turns } = picture(
            [100, audio(80_000)],
            [100, started],
            [3600, talk(false, 600)],
            [3800, { ...over, verdict: 'ignored', reason: 'ignored: a backchannel', beganAgoMs: 900 }],
            [5600, talk(false, 600)],
            [5900, ended('flushed', 5800, 10_000)],
            [6900, audio(8000)],
            [6900, started],
        );
        expect(turns).toEqual([]);
    });

    it('is marked in the transcript when it is no turn, whether its words come before or after', () => {
        const said = { kind: 'transcript', speaker: 'caller' } as const;
        const { transcript } = picture(
            [100, { ...said, itemId: 'a', text: 'Mhm' }],
            [110, { ...said, itemId: 'a', text: '', ignored: true }],
            [200, { ...said, itemId: 'b', text: '', ignored: true }],
            [300, { ...said, itemId: 'b', text: 'Yeah' }],
            [400, { ...said, itemId: 'c', text: 'Wait' }],
        );
        expect(transcript.map(({ text, ignored }) => [text, ignored])).toEqual([
            ['Mhm', true],
            ['Yeah', true],
            ['Wait', undefined],
        ]);
    });
});
