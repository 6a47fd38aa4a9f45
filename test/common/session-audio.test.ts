import type { CallAudio } from '../../src/services/call-audio';
import { FakeClock } from '../support/fake-clock';
import { SessionHarness } from '../support/session-harness';

const SILENCE = 0xff;

/** What is told of the sound of a call: a name, and what is to be known of the arguments. */
class ToldAudio implements CallAudio {
    readonly told: string[] = [];
    readonly heard: Buffer[] = [];
    readonly sent: Buffer[] = [];
    places: [number, number][] = [];

    callerHeard(pcmu: Uint8Array, isSecret: boolean): void {
        this.heard.push(Buffer.from(pcmu));
        this.told.push(isSecret ? 'secret' : 'heard');
    }

    callerSkipped(ms: number): void {
        this.told.push(`skipped ${ms}`);
    }

    callerResumed(): void {
        this.told.push('resumed');
    }

    keyPressed(): void {
        this.told.push('key');
    }

    secretAwaited(): void {
        this.told.push('secret awaited');
    }

    botSent(pcmu: Uint8Array): void {
        this.sent.push(Buffer.from(pcmu));
    }

    botPlaced(fromBytes: number, atMs: number): void {
        this.places.push([fromBytes, atMs]);
    }

    botStopped(heardBytes: number): void {
        this.told.push(`stopped at ${heardBytes}`);
    }

    ended(): void {
        this.told.push('ended');
    }
}

function recordedSession() {
    const audio = new ToldAudio();
    const call = new SessionHarness({ observers: [() => undefined, () => ({ audio })] });
    return { call, audio };
}

describe('the sound of a call is told', () => {
    it('as the bot was given it, frame by frame, and not what came in a pause', async () => {
        const { call, audio } = recordedSession();
        await call.open();
        call.audio(1600, 0x11);
        call.send('paused');
        call.audio(1600, 0x22);
        call.send('resumed', { start: 'PT0.2S', discarded: 'PT1.5S' });
        call.audio(1600, 0x33);
        call.send('discarded', { start: 'PT0.4S', discarded: 'PT0.25S' });
        expect(audio.heard.map((frame) => frame[0])).toEqual([0x11, 0x33]);
        // The second of silence that lets a sentence end is no sound of the caller.
        expect(call.bot.heard).toHaveLength(3);
        expect(audio.told).toEqual(['heard', 'skipped 1500', 'resumed', 'heard', 'skipped 250']);
    });

    it('with silence in place of a secure entry, from its request to its end', async () => {
        const { call, audio } = recordedSession();
        await call.open();
        call.audio(1600);
        const done = jest.fn();
        call.bot.emit('collectDigits', { name: 'pin', maxDigits: 2, secure: true, done });
        call.audio(1600);
        call.send('dtmf', { digit: '4' });
        call.audio(1600);
        call.send('dtmf', { digit: '2' });
        call.audio(1600);
        expect(done).toHaveBeenCalledWith(expect.objectContaining({ digits: '42' }));
        expect(audio.told).toEqual(['heard', 'secret awaited', 'secret', 'key', 'secret', 'key', 'heard']);
        expect(audio.heard.map((frame) => frame.every((code) => code === SILENCE))).toEqual([false, true, true, false]);
    });

    it('of the bot: what is sent, where it is heard, and where it was stopped', async () => {
        const { call, audio } = recordedSession();
        await call.open();
        call.clock.advance(1000);
        call.send('ping', { rtt: 'PT0.08S' });
        const pcmu = Uint8Array.from({ length: 8000 }, (_, at) => at % 251);
        call.bot.emit('audio', pcmu, { responseId: 'r', itemId: 'i', contentIndex: 0 });
        call.clock.advance(400);
        call.send('dtmf', { digit: '1' });
        const sent = Buffer.concat(audio.sent);
        expect(sent.equals(Buffer.from(pcmu.subarray(0, sent.length)))).toBe(true);
        expect(audio.places.at(-1)).toEqual([0, 1080]);
        expect(audio.told).toContain(`stopped at ${400 * 8}`);
    });

    it('until the socket is gone, and to its end also where another observer has failed', async () => {
        const audio = new ToldAudio();
        const fails = () => ({
            opened: () => {
                throw new Error('of the observer');
            },
        });
        const call = new SessionHarness({ clock: new FakeClock(), observers: [fails, () => ({ audio })] });
        await call.open();
        call.audio(1600);
        call.session.close();
        call.audio(1600);
        expect(audio.told).toEqual(['heard', 'stopped at 0', 'ended']);
    });
});
