import fc from 'fast-check';
import { encodeMulaw } from '../../../src/audio/mulaw';
import { type CallEvent, isCallEvent, maskKeys } from '../../../tools/caller/call-event';
import { PROTOCOL_CHECKS } from '../../../tools/caller/check-catalogue';
import { explainTopic } from '../../../tools/caller/explain-topic';
import { loudnessOf, readTimeline, writeTimeline } from '../../../tools/caller/timeline-file';

/** One of every kind. */
const EVENTS: CallEvent[] = [
    { atMs: 0, kind: 'upgraded', signed: true },
    { atMs: 0, kind: 'refused', status: undefined, why: 'no' },
    { atMs: 1, kind: 'sent', type: 'open', seq: 1, parameters: { media: [] }, text: '{}' },
    { atMs: 1, kind: 'sentRaw', bytes: 3 },
    { atMs: 2, kind: 'received', type: undefined, parameters: {}, text: 'x' },
    { atMs: 3, kind: 'audioSent', bytes: 1600 },
    { atMs: 4, kind: 'audioReceived', bytes: 1600 },
    { atMs: 5, kind: 'playback', what: 'flushed', heardMs: 10, totalMs: 20 },
    { atMs: 6, kind: 'talk', talking: true, agoMs: 20 },
    { atMs: 7, kind: 'violation', violation: { check: PROTOCOL_CHECKS.media, severity: 'warn', atMs: 7, detail: '' } },
    { atMs: 8, kind: 'fault', why: 'x' },
    { atMs: 9, kind: 'gone', byServer: false, code: 1000 },
    { atMs: 10, kind: 'vad', speaking: true, agoMs: 0 },
    { atMs: 11, kind: 'openai', sent: true, type: 'response.create', detail: '' },
    { atMs: 12, kind: 'transcript', speaker: 'bot', itemId: 'a', text: 'Hello.' },
    { atMs: 13, kind: 'heard', itemId: 'a', heardMs: 1, receivedMs: 2 },
    { atMs: 14, kind: 'tool', what: 'called', name: 'end_call', detail: '' },
    { atMs: 15, kind: 'keypad', secure: true },
    { atMs: 15, kind: 'overlap', verdict: 'ignored', reason: 'ignored: no words', spanMs: 96, beganAgoMs: 900 },
    { atMs: 16, kind: 'note', arrow: '⇢', label: 'x', text: 'y' },
];
const startedAt = '2026-11-22T12:00:00.000Z';
const loudness = { caller: Uint8Array.of(0, 128, 255), bot: Uint8Array.of(7) };

describe('a timeline file', () => {
    it('brings back every kind of event and both tracks as they were', () => {
        const read = readTimeline(writeTimeline({ startedAt, events: EVENTS, loudness }));
        expect(read).toEqual({ ok: true, timeline: { startedAt, events: EVENTS, loudness } });
    });

    it.each([
        ['no JSON', 'x', 'it is not a timeline of this tool'],
        ['another format', '{"format":"x"}', 'it is not a timeline of this tool'],
        ['another version', edited({ version: 2 }), 'another version of this tool wrote it'],
        ['no time', edited({ startedAt: 'once' }), 'it does not say when'],
        ['no events', edited({ events: {} }), 'it has no events'],
        [
            'an unknown kind',
            edited({ events: [EVENTS[0], { atMs: 1, kind: 'x' }] }),
            'its event number 2 cannot be read',
        ],
        [
            'a field of the wrong type',
            edited({ events: [{ ...EVENTS[0], signed: 1 }] }),
            'its event number 1 cannot be read',
        ],
        ['no sound', edited({ sound: { caller: '%', bot: '' } }), 'the loudness of its tracks cannot be read'],
    ])('is refused with a sentence when it has %s', (_what, text, why) => {
        expect(readTimeline(text)).toEqual({ ok: false, why: `This file cannot be shown: ${why}.` });
    });

    it('reads the violations of files that call the check a manner', () => {
        const violation = { manner: PROTOCOL_CHECKS.media, severity: 'warn', atMs: 7, detail: '' };
        const read = readTimeline(edited({ events: [{ atMs: 7, kind: 'violation', violation }] }));
        expect(read.ok && read.timeline.events).toEqual([
            expect.objectContaining({
                violation: expect.objectContaining({ check: PROTOCOL_CHECKS.media }) as unknown,
            }),
        ]);
    });

    it('never throws, for any input', () => {
        fc.assert(
            fc.property(fc.oneof(fc.string(), fc.json(), fc.anything().map(fc.stringify)), (text) => {
                expect(readTimeline(text).ok).toBe(false);
            }),
        );
    });

    it('takes nothing for an event that lacks a field', () => {
        for (const event of EVENTS) {
            expect(isCallEvent(event)).toBe(true);
            for (const [name, value] of Object.entries(event)) {
                if (value === undefined) continue;
                expect(isCallEvent({ ...event, [name]: Symbol('wrong') })).toBe(false);
            }
        }
    });

    function edited(change: Record<string, unknown>): string {
        const file: unknown = JSON.parse(writeTimeline({ startedAt, events: EVENTS, loudness }));
        return JSON.stringify(Object.assign({}, file, change));
    }
});

describe('loudnessOf', () => {
    it('has a value for each 20 ms, the loudest sample of full scale', () => {
        const pcmu = encodeMulaw(
            Int16Array.from({ length: 400 }, (_, i) => (i === 5 ? -32_000 : i === 399 ? 16_000 : 0)),
        );
        expect([...loudnessOf(pcmu)]).toEqual([255, 0, 127]);
        expect(loudnessOf(new Uint8Array(0))).toHaveLength(0);
    });
});

describe('maskKeys', () => {
    it('leaves no trace of a key, in the parameters or in the text', () => {
        const text = '{"type":"dtmf","seq":5,"parameters":{"digit":"7"}}';
        const event: CallEvent = { atMs: 1, kind: 'sent', type: 'dtmf', seq: 5, parameters: { digit: '7' }, text };
        expect(JSON.stringify(maskKeys(event))).not.toContain('7');
        expect(maskKeys({ ...event, type: 'ping' })).toEqual({ ...event, type: 'ping' });
    });
});

describe('explainTopic', () => {
    it('has a sentence for everything, known or not', () => {
        for (const topic of ['open', 'barge_in', 'response.done', 'response.unheard_of', 'unheard of'])
            expect(explainTopic(topic)).toMatch(/^[A-Z`].*\.$/);
        expect(new Set(['open', 'barge_in', 'vad on', 'transcript'].map(explainTopic)).size).toBe(4);
    });
});
