import type { CallEvent } from '../../../../tools/caller/call-event';
import { PCMU_SILENCE } from '../../../../tools/caller/media';
import { CallStore } from '../../../../tools/console/page/call-store';
import { GUTTER_PIXELS, TimeView } from '../../../../tools/console/page/time-view';
import { stagesOf, triggerOf } from '../../../../tools/console/page/turn-stages';

describe('TimeView', () => {
    function view(): TimeView {
        const made = new TimeView();
        made.widthPixels = GUTTER_PIXELS + 1000;
        return made;
    }

    it('finds a moment where it is drawn', () => {
        const made = view();
        made.fit(9000);
        expect(made.msAt(made.xOf(1234))).toBeCloseTo(1234);
        expect(made.xOf(0)).toBe(GUTTER_PIXELS);
        expect(made.xOf(9000)).toBeLessThan(made.widthPixels);
    });

    it('keeps the moment under the pointer when it zooms', () => {
        const made = view();
        made.fit(60_000);
        const ms = made.msAt(500);
        made.zoom(0.5, 500);
        expect(made.msAt(500)).toBeCloseTo(ms);
    });

    it('follows the present of a live call until it is moved', () => {
        const made = view();
        made.showLive();
        made.showLatest(60_000);
        expect(made.xOf(60_000)).toBeLessThan(made.widthPixels);
        expect(made.fromMs).toBeGreaterThan(30_000);
        made.pan(-100);
        const { fromMs } = made;
        made.showLatest(90_000);
        expect(made.fromMs).toBe(fromMs);
    });

    it('brings a moment into sight, and leaves it where it is in sight already', () => {
        const made = view();
        made.showLive();
        made.reveal(100);
        expect(made.fromMs).toBe(0);
        made.reveal(120_000);
        expect(made.xOf(120_000)).toBeGreaterThan(GUTTER_PIXELS);
        expect(made.xOf(120_000)).toBeLessThan(made.widthPixels);
    });

    it('shows the whole of a call of an hour on a page of 390 pixels', () => {
        const made = new TimeView();
        made.widthPixels = 340;
        made.fit(3_600_000);
        expect(made.xOf(3_600_000)).toBeLessThan(made.widthPixels);
        expect(made.fromMs).toBe(0);
    });

    it('shows a part of a call with a little around it', () => {
        const made = view();
        made.fit(600_000);
        made.showPart(40_000, 60_000);
        expect(made.xOf(40_000)).toBeGreaterThan(GUTTER_PIXELS);
        expect(made.xOf(60_000)).toBeLessThan(made.widthPixels);
        expect(made.toMs - made.fromMs).toBeCloseTo(22_000, -2);
        made.showPart(0, 10);
        expect(made.fromMs).toBe(0);
    });

    it('turns its page when what plays leaves it, and not before', () => {
        const made = view();
        made.fit(10_000);
        made.zoom(0.2, GUTTER_PIXELS);
        const end = made.toMs;
        made.turnPage(end - 1);
        expect(made.fromMs).toBe(0);
        made.turnPage(end + 1);
        expect(made.xOf(end + 1)).toBeCloseTo(GUTTER_PIXELS + 50);
        made.turnPage(0);
        expect(made.fromMs).toBe(0);
    });

    it('has marks 70 pixels apart at least, at round times', () => {
        const made = view();
        for (const lastMs of [1500, 20_000, 600_000, 3_600_000]) {
            made.fit(lastMs);
            expect(made.tickMs / made.msPerPixel).toBeGreaterThanOrEqual(70);
            expect([1, 2, 5]).toContain(Number(String(made.tickMs)[0]));
        }
    });
});

describe('stagesOf', () => {
    const turn = { trigger: 'speech', endMs: 1000, modelMs: undefined, playbackMs: 1700 } as const;

    it('is the waterfall of a turn without a hole; a step that was not seen is part of the next one', () => {
        const stages = stagesOf({ ...turn, noticedMs: 1500, audioMs: 1690 });
        expect(stages.map(({ name, fromMs, toMs }) => [name, fromMs, toMs])).toEqual([
            ['listen', 1000, 1500],
            ['carry', 1500, 1690],
            ['play', 1690, 1700],
        ]);
        expect(triggerOf({ ...turn, noticedMs: 1500, audioMs: 1690 })).toBe('speech');
    });

    it('leaves out what came before the step before it', () => {
        const stages = stagesOf({ ...turn, noticedMs: 1800, audioMs: 1690 });
        expect(stages.map(({ name }) => name)).toEqual(['listen']);
    });
});

describe('CallStore', () => {
    const events: CallEvent[] = [
        { atMs: 200, kind: 'audioSent', bytes: 1600 },
        { atMs: 250, kind: 'audioReceived', bytes: 800 },
        { atMs: 260, kind: 'playback', what: 'started', heardMs: 0, totalMs: 0 },
        { atMs: 310, kind: 'playback', what: 'flushed', heardMs: 50, totalMs: 100 },
    ];

    function filled(): CallStore {
        const store = new CallStore('2026-11-22T12:00:00.000Z');
        for (const event of events) {
            store.add(event);
            if (event.kind === 'audioSent') store.addCallerAudio(new Uint8Array(1600).fill(0x20));
            if (event.kind === 'audioReceived') store.addBotAudio(Uint8Array.from({ length: 800 }, (_, i) => i % 127));
        }
        return store;
    }

    it('lays both tracks on the time line of the call: the caller as sent, the bot as heard', () => {
        const store = filled();
        expect(store.callerTrack.subarray(0, 1600)).toEqual(new Uint8Array(1600).fill(0x20));
        const heard = store.heardTrack;
        expect(heard.subarray(260 * 8)).toEqual(Uint8Array.from({ length: 400 }, (_, i) => i % 127));
    });

    it('ends both tracks together, where the call ends', () => {
        const store = filled();
        store.add({ atMs: 900, kind: 'gone', byServer: true, code: 1000 });
        expect([store.callerTrack.length, store.heardTrack.length]).toEqual([900 * 8, 900 * 8]);
        expect(store.callerTrack.subarray(1600)).toEqual(new Uint8Array(900 * 8 - 1600).fill(PCMU_SILENCE));
    });

    it('is the same picture when it was saved and opened, without the sound', () => {
        const store = filled();
        const opened = CallStore.open(store.saved);
        expect(opened.saved).toEqual(store.saved);
        expect(opened.rows).toEqual(store.rows);
        expect([store.hasSound, opened.hasSound]).toEqual([true, false]);
        expect(opened.botLoudness.at(3)).toBe(store.botLoudness.at(3));
        expect(opened.botLoudness.at(99)).toBe(0);
    });
});
