import { Playhead } from '../../src/common/playhead';

const BYTES_PER_MS = 8;

/** A playhead that knows its round trip, with one piece of `ms` sent at 0. */
function playing(ms: number, roundTripMs?: number): Playhead {
    const playhead = new Playhead();
    if (roundTripMs !== undefined) playhead.setRoundTrip(roundTripMs);
    playhead.sent(ms * BYTES_PER_MS, 0);
    return playhead;
}

function heardMs(playhead: Playhead, nowMs: number): number {
    return playhead.heardBytes(nowMs) / BYTES_PER_MS;
}

describe('the playhead', () => {
    it('counts by the clock alone while no round trip is known', () => {
        const playhead = playing(1000);
        playhead.playbackStarted(80);
        expect(heardMs(playhead, 500)).toBe(500);
        playhead.playbackCompleted(600);
        expect(heardMs(playhead, 700)).toBe(700);
    });

    it('lets the playhead go on in time beyond the end of what was sent, and behind a flush from what was heard', () => {
        const playhead = playing(200, 80);
        expect(playhead.playheadBytes(500)).toBe(4000);
        expect(heardMs(playhead, 500)).toBe(200);
        playhead.sent(2400, 600);
        playhead.emptied(700);
        expect(playhead.playheadBytes(750)).toBe(300 * BYTES_PER_MS + 400);
    });

    it('takes a report that is on time for what it is', () => {
        const playhead = playing(1000, 80);
        playhead.playbackStarted(80);
        expect(heardMs(playhead, 500)).toBe(500);
    });

    it('gives half of a small delay to the way there, and half to the way back', () => {
        const playhead = playing(1000, 80);
        playhead.playbackStarted(110);
        expect(heardMs(playhead, 500)).toBe(485);
    });

    it('believes a client that is clearly late', () => {
        const playhead = playing(1000, 80);
        playhead.playbackStarted(280);
        expect(heardMs(playhead, 500)).toBe(300);
    });

    it('takes only the first report of a stretch', () => {
        const playhead = playing(1000, 80);
        playhead.playbackStarted(80);
        playhead.playbackStarted(480);
        expect(heardMs(playhead, 500)).toBe(500);
    });

    it('keeps a report about a short stretch away from the one that followed it', () => {
        const playhead = playing(20, 200);
        playhead.sent(8000, 150);
        playhead.playbackStarted(200);
        playhead.playbackStarted(350 + 100);
        expect(heardMs(playhead, 550)).toBe(20 + 300);
    });

    it('learns from playback_completed in mid-response that a piece was late on its way', () => {
        const playhead = playing(200, 80);
        playhead.sent(300 * BYTES_PER_MS, 100);
        playhead.playbackStarted(80);
        // The second piece took 200 ms longer: the playhead was empty from 200 to 300, on our scale.
        playhead.playbackCompleted(280);
        playhead.playbackStarted(380);
        expect(heardMs(playhead, 400)).toBe(300);
        expect(playhead.leadMs(400)).toBe(200);
    });

    it('takes playback_completed for the end of all that was sent, when the clock says so too', () => {
        const playhead = playing(200, 80);
        playhead.playbackCompleted(275);
        expect(playhead.leadMs(280)).toBe(0);
        expect(heardMs(playhead, 280)).toBe(200);
    });

    it('does not take playback_completed, which follows a flush, for the end of the next response', () => {
        const playhead = playing(1000, 80);
        playhead.emptied(300);
        playhead.sent(2400, 350);
        playhead.playbackCompleted(382);
        expect(playhead.leadMs(400)).toBe(250);
    });

    it('follows the round trip slowly, and not at all beyond 2 s', () => {
        const playhead = playing(1000, 80);
        playhead.setRoundTrip(280);
        playhead.setRoundTrip(2001);
        playhead.setRoundTrip(-1);
        playhead.setRoundTrip(NaN);
        playhead.playbackStarted(130 + 100);
        expect(heardMs(playhead, 500)).toBe(400);
    });
});
