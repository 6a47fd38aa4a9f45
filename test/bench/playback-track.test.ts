import { PlaybackTrack } from '../../bench/playback-track';
import { expectedPcmu } from '../../tools/fake-openai';

/** Items of 100 ms: 1 and 2 belong to the first response, 3 to the second. */
function makeTrack(): PlaybackTrack {
    return new PlaybackTrack((itemNumber) =>
        itemNumber > 3
            ? undefined
            : { itemNumber, responseId: itemNumber < 3 ? 'first' : 'second', pcmu: expectedPcmu(itemNumber, 100) },
    );
}

function figures({ strayBytes, cancelledBytes }: PlaybackTrack) {
    return { strayBytes, cancelledBytes };
}

describe('the track of what a caller hears', () => {
    it('knows how much of each item the caller heard, however the audio is cut', () => {
        const track = makeTrack();
        const whole = Buffer.concat([expectedPcmu(1, 100), expectedPcmu(2, 100)]);
        for (let at = 0; at < whole.length; at += 7) track.received(whole.subarray(at, at + 7));
        expect(track.heardOf(1, 1000)).toBe(800);
        expect(track.heardOf(2, 1000)).toBe(200);
        expect(track.receivedOf(2)).toBe(800);
        expect(figures(track)).toEqual({ strayBytes: 0, cancelledBytes: 0 });
    });

    it('goes on behind an interruption with the next response, also when items were never heard', () => {
        const track = makeTrack();
        track.received(expectedPcmu(1, 60));
        track.bargedIn(240, ['first']);
        track.received(expectedPcmu(3, 100));
        expect(track.receivedOf(1)).toBe(240);
        expect(track.heardOf(3, 340)).toBe(100);
        expect(figures(track)).toEqual({ strayBytes: 0, cancelledBytes: 0 });
    });

    it('finds bytes of a response that had been cancelled', () => {
        const track = makeTrack();
        track.received(expectedPcmu(1, 50));
        track.bargedIn(400, ['first']);
        track.received(expectedPcmu(1, 50, 70));
        track.received(expectedPcmu(2, 10));
        expect(figures(track)).toEqual({ strayBytes: 0, cancelledBytes: 30 * 8 });
    });

    it.each([
        ['lost', () => expectedPcmu(1, 51, 60)],
        ['doubled', () => expectedPcmu(1, 49, 60)],
        ['strange', () => Buffer.alloc(80, 0xff)],
    ])('finds bytes that are %s', (_what, wrong) => {
        const track = makeTrack();
        track.received(expectedPcmu(1, 50));
        track.received(wrong());
        expect(track.strayBytes).toBeGreaterThan(0);
    });
});
