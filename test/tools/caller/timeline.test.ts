import type { CallEvent } from '../../../tools/caller/call-event';
import type { CallSummary } from '../../../tools/caller/call-record';
import { PROTOCOL_CHECKS } from '../../../tools/caller/check-catalogue';
import { Timeline } from '../../../tools/caller/timeline';

const PCMU = { type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 };
const OPEN = { media: [PCMU], conversationId: '4f1e0000-0000-4000-8000-000000000001' };

const sent = (atMs: number, type: string, parameters = {}): CallEvent => ({
    atMs,
    kind: 'sent',
    type,
    seq: 1,
    parameters,
    text: '',
});
const received = (atMs: number, type: string, parameters = {}): CallEvent => ({
    atMs,
    kind: 'received',
    type,
    parameters,
    text: '',
});
const playback = (atMs: number, what: 'started' | 'completed' | 'flushed', heardMs = 0, totalMs = 0): CallEvent => ({
    atMs,
    kind: 'playback',
    what,
    heardMs,
    totalMs,
});
const audio = (atMs: number): CallEvent => ({ atMs, kind: 'audioReceived', bytes: 2400 });
const event = (atMs: number, ...entities: unknown[]): CallEvent => received(atMs, 'event', { entities });

function print(events: CallEvent[], options = {}): string[] {
    const lines: string[] = [];
    const timeline = new Timeline({ write: (line) => lines.push(line), colour: false, ...options });
    for (const each of events) timeline.add(each);
    return lines;
}

const summary: CallSummary = {
    outcome: 'completed',
    refusal: undefined,
    disconnect: undefined,
    openedAfterMs: 11,
    firstAudioAfterMs: 378,
    heardMs: 3000,
    receivedMs: 3100,
    sentMs: 6000,
    rttsMs: [0.5, 0.3, 9],
    durationMs: 6021,
    protocol: { checked: Object.values(PROTOCOL_CHECKS).slice(0, 12), broken: [], warned: [] },
    faults: [],
};

describe('Timeline', () => {
    it('shows a call with an interruption, a line for each thing that matters', () => {
        const lines = print([
            { atMs: 0, kind: 'upgraded', signed: true },
            sent(4, 'open', OPEN),
            received(11, 'opened', { media: [PCMU] }),
            { atMs: 211, kind: 'audioSent', bytes: 1600 },
            audio(389),
            playback(390, 'started'),
            { atMs: 411, kind: 'audioSent', bytes: 1600 },
            sent(1011, 'ping'),
            audio(1011),
            received(1012, 'pong'),
            { atMs: 2140, kind: 'talk', talking: true, agoMs: 140 },
            event(2310, { type: 'barge_in', data: {} }),
            playback(2310, 'flushed', 1750, 4200),
            { atMs: 2318, kind: 'note', arrow: '⇢', label: 'openai', text: 'truncate 1750' },
            { atMs: 3600, kind: 'talk', talking: false, agoMs: 600 },
            audio(4000),
            audio(4100),
            playback(4001, 'started'),
            playback(4600, 'completed', 600, 600),
            sent(6020, 'close', { reason: 'end' }),
            received(6021, 'closed'),
            { atMs: 6041, kind: 'gone', byServer: false, code: 1000 },
        ]);
        expect(lines).toEqual([
            '  0.000  ⇄ upgrade            accepted, signed',
            '  0.004  → open               PCMU 8000 Hz external · conversation 4f1e…',
            '  0.011  ← opened             PCMU 8000 Hz external',
            "  0.211  → audio              the caller's line is open, first frame 1,600 bytes",
            '  0.389  ← audio              first sound, 378 ms after opened',
            '  0.390  → playback_started',
            '  2.140  → (caller talks)',
            '  2.310  ← event              barge_in · bot stopped after 1,750 of 4,200 ms',
            '  2.318  ⇢ openai             truncate 1750',
            '  3.600  → (caller is quiet)',
            '  4.000  ← audio              sound again, about 1,000 ms after the caller went quiet',
            '  4.001  → playback_started',
            '  4.600  → playback_completed 600 ms heard, 2 messages',
            '  6.020  → close              end',
            '  6.021  ← closed',
        ]);
    });

    it('prints a barge_in that cut nothing before the next row', () => {
        const lines = print([event(1000, { type: 'barge_in', data: {} }), sent(2000, 'close', { reason: 'end' })]);
        expect(lines).toEqual(['  1.000  ← event              barge_in', '  2.000  → close              end']);
    });

    it('never shows digits', () => {
        expect(print([sent(1000, 'dtmf', { digit: '7' })]).join('')).not.toContain('7');
    });

    it('shows what was said, and values of variables, only when asked', () => {
        const events = [
            event(1000, { type: 'bot_turn_response', data: { disposition: 'match', text: 'Good day' } }),
            received(2000, 'disconnect', { reason: 'completed', info: 'done', outputVariables: { intent: 'billing' } }),
        ];
        expect(print(events)).toEqual([
            '  1.000  ← event              bot turn, match, 8 characters',
            '  2.000  ← disconnect         completed · done · intent',
        ]);
        expect(print(events, { showText: true })).toEqual([
            '  1.000  ← event              bot turn, match, “Good day”',
            '  2.000  ← disconnect         completed · done · intent=billing',
        ]);
    });

    it('lets nothing from the wire steer the terminal', () => {
        const lines = print([received(0, 'disconnect', { reason: '\u001b[2J\u0007', info: 'a\nb' })]);
        expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    });

    it('names a breach with its number, its section and what was found', () => {
        const violation = {
            check: PROTOCOL_CHECKS.audioSize,
            severity: 'fail' as const,
            atMs: 1500,
            detail: '64001 bytes',
        };
        expect(print([{ atMs: 1500, kind: 'violation', violation }])).toEqual([
            '  1.500  ✗ rule 21            expected: it sends raw PCMU without a header, 1 to 64,000 bytes a message (PROTOCOL.md 5.1, 2.4); found: 64001 bytes',
        ]);
    });

    it('says who ended the socket when that was not the regular end', () => {
        expect(print([{ atMs: 1, kind: 'gone', byServer: true, code: 1006 }])).toHaveLength(1);
    });

    it('ends with the protocol checks and the figures', () => {
        const lines: string[] = [];
        new Timeline({ write: (line) => lines.push(line), colour: false }).end(summary);
        expect(lines).toEqual(['         ✓ 12 protocol checks, 0 broken · audio out 3.1 s · 3 pings, 0.5 ms']);
    });

    it('colours only when told to', () => {
        const lines = print([received(0, 'closed')], { colour: true });
        expect(lines[0]).toContain('\u001b[36m← closed\u001b[0m');
    });
});

describe('Timeline, of a server that is seen from inside', () => {
    const inside: CallEvent[] = [
        { atMs: 10, kind: 'vad', speaking: true, agoMs: 0 },
        { atMs: 20, kind: 'vad', speaking: true, agoMs: 0 },
        { atMs: 600, kind: 'vad', speaking: false, agoMs: 500 },
        { atMs: 601, kind: 'openai', sent: true, type: 'response.create', detail: '' },
        { atMs: 700, kind: 'openai', sent: false, type: 'error', detail: 'no_such_voice' },
        { atMs: 800, kind: 'transcript', speaker: 'bot', itemId: 'a', text: 'Good day' },
        { atMs: 850, kind: 'transcript', speaker: 'bot', itemId: 'a', text: 'Good day to you' },
        { atMs: 900, kind: 'heard', itemId: 'a', heardMs: 1000, receivedMs: 4200 },
        { atMs: 950, kind: 'tool', what: 'answered', name: 'end_call', detail: 'ok, 12 ms' },
        { atMs: 960, kind: 'keypad', secure: true },
    ];

    it('has a line for what the server heard, said and asked for, once each', () => {
        expect(print(inside)).toEqual([
            '  0.010  · (speech heard)',
            '  0.600  · (end of speech)    500 ms ago',
            '  0.601  ⇢ openai             response.create',
            '  0.700  ⇠ openai             error no_such_voice',
            '  0.800  · (bot says)         8 characters',
            '  0.900  · (heard)            1,000 of 4,200 ms',
            '  0.950  ⇢ tool               end_call ok, 12 ms',
            '  0.960  · (keypad)           secure: keys are hidden',
        ]);
        expect(print(inside, { showText: true })).toContain('  0.800  · (bot says)         “Good day”');
    });

    const over = { kind: 'overlap', spanMs: 420, beganAgoMs: 900 } as const;
    const overlaps: CallEvent[] = [
        { ...over, atMs: 500, verdict: 'held', reason: 'held: 420 ms of voice' },
        { ...over, atMs: 900, verdict: 'resumed', reason: 'resumed: a backchannel', words: 'Mhm', backMs: 1340 },
        { atMs: 900, kind: 'transcript', speaker: 'caller', itemId: 'u', text: '', ignored: true },
        { atMs: 950, kind: 'transcript', speaker: 'caller', itemId: 'u', text: 'Mhm', ignored: true },
    ];

    it('has a line for each verdict about speech over the bot, with its reason, and marks what was ignored', () => {
        expect(print(overlaps, { showText: true })).toEqual([
            '  0.500  · (over the bot)     held: 420 ms of voice',
            '  0.900  · (over the bot)     resumed: a backchannel, “Mhm”, 1,340 ms back',
            '  0.950  · (caller says)      “Mhm”, ignored',
        ]);
        expect(print(overlaps)).toEqual([
            '  0.500  · (over the bot)     held: 420 ms of voice',
            '  0.900  · (over the bot)     resumed: a backchannel, 1,340 ms back',
            '  0.950  · (caller says)      3 characters, ignored',
        ]);
    });

    it('ends with the wait of the turn in the middle', () => {
        const lines: string[] = [];
        const timeline = new Timeline({ write: (line) => lines.push(line), colour: false });
        for (const each of [...inside.slice(0, 3), audio(1200), playback(1210, 'started')]) timeline.add(each);
        timeline.end(summary);
        expect(lines.at(-1)).toMatch(/ · 3 pings, 0\.5 ms · 1 turn, 1,110 ms$/);
    });
});
