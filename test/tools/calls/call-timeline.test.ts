import type { CallDocument } from '../../../src/call-records/document';
import { readTimeline, writeTimeline } from '../../../tools/caller/timeline-file';
import { CallPicture } from '../../../tools/caller/call-picture';
import { TimelineRows } from '../../../tools/caller/timeline-rows';
import { timelineOf, tracksOf } from '../../../tools/calls/call-timeline';
import { playingOf } from '../../../tools/calls/call-facts';
import { plantedCall, PLANTS, type Plant } from '../../support/planted-calls';

const SILENCE = 0xff;

function pictureOf(call: Parameters<typeof timelineOf>[0]): CallPicture {
    const picture = new CallPicture();
    for (const event of timelineOf(call).events) picture.add(event);
    return picture;
}

describe('the record of a call as a timeline of the console', () => {
    it.each(Object.keys(PLANTS) as Plant[])('is a file that the console opens, with the fault %s', (plant) => {
        const read = readTimeline(writeTimeline(timelineOf(plantedCall(4, plant).call)));
        expect(read).toMatchObject({ ok: true });
        const events = read.ok ? read.timeline.events : [];
        expect(events.map(({ atMs }) => atMs)).toEqual(events.map(({ atMs }) => atMs).sort((a, b) => a - b));
    });

    it('has a run of bot audio for each that the client played, as long as it was heard', () => {
        for (let seed = 1; seed <= 30; seed++) {
            const { call } = plantedCall(seed, 'questionUnheard');
            const { stretches } = pictureOf(call);
            const playing = playingOf(call);
            expect(stretches.map(({ startMs }) => startMs)).toEqual(playing.map(({ fromMs }) => fromMs));
            const cut = stretches.filter(({ end }) => end === 'flushed');
            expect(cut.length).toBe(call.figures.bargeIns);
            for (const { heardMs, totalMs } of cut) expect(totalMs - heardMs).toBeGreaterThan(500);
        }
    });

    it('has the waits of the record’s turns', () => {
        const { call } = plantedCall(8, 'slowModel');
        const waits = call.turns.flatMap(({ toPlaybackMs, begunBy }) =>
            toPlaybackMs === undefined || begunBy === 'bot' ? [] : [toPlaybackMs],
        );
        const drawn = pictureOf(call).waitsMs;
        expect(drawn.length).toBe(waits.length);
        drawn.forEach((ms, index) => {
            expect(Math.abs(ms - (waits[index] ?? 0))).toBeLessThan(200);
        });
    });

    it('tells faults, fallback and connection as rows that say what they are', () => {
        const rows = new TimelineRows({ showText: true });
        const told = timelineOf(plantedCall(7, 'fallback').call).events.flatMap((event) => rows.add(event));
        expect(told.find(({ topic }) => topic === 'fallback')).toMatchObject({ tone: 'bad' });
        expect(told.find(({ topic }) => topic === 'fault of the call')).toMatchObject({ text: 'ERR_OPENAI_LOST' });
    });

    it('shows no key', () => {
        const { call } = plantedCall(1);
        const events = timelineOf({ ...call, events: [...call.events, { atMs: 5000, kind: 'key' }] }).events;
        expect(events.filter((event) => event.kind === 'sent').map(({ parameters }) => parameters)).toContainEqual({
            digit: '•',
        });
    });

    it('draws speech over the bot that was ignored no longer than it lasted, where there is no recording', () => {
        const { call } = plantedCall(1);
        const events: CallDocument['events'] = [
            { atMs: 2000, kind: 'speech', talking: true, agoMs: 0, overBot: true },
            { atMs: 2400, kind: 'overlap', verdict: 'ignored', reason: '', voicedMs: 200, spanMs: 240, afterMs: 400 },
            { atMs: 4000, kind: 'speech', talking: true, agoMs: 0 },
            { atMs: 5000, kind: 'speech', talking: false, agoMs: 0 },
        ];
        const { caller } = timelineOf({ ...call, durationMs: 6000, events }).loudness;
        const isLoudAt = (ms: number): boolean => (caller[ms / 20] ?? 0) > 0;
        expect([1900, 2100, 2300, 3900, 4500, 5100].map(isLoudAt)).toEqual([false, true, false, false, true, false]);
    });

    it('draws each voice where the recording has it', () => {
        const { call } = plantedCall(1);
        const frames = Math.ceil(call.durationMs * 8);
        const samples = new Uint8Array(2 * frames).fill(SILENCE);
        // The caller is loud in the second second, what they hear in the third.
        for (let i = 8000; i < 16_000; i++) samples[2 * i] = 0x80;
        for (let i = 16_000; i < 24_000; i++) samples[2 * i + 1] = 0x80;
        const tracks = tracksOf(samples, 500, SILENCE);
        expect(tracks.caller.length).toBe(frames + 4000);
        const { loudness } = timelineOf(call, tracks);
        expect(loudness.caller[Math.floor(1000 / 20)]).toBe(0);
        expect(loudness.caller[Math.floor(1800 / 20)]).toBeGreaterThan(200);
        expect(loudness.caller[Math.floor(2600 / 20)]).toBe(0);
    });
});
