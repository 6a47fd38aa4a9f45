import { CallRecording, type RecordingSink } from '../../../src/call-records/recording/call-recording';
import { FakeClock } from '../../support/fake-clock';
import { heldBytes } from '../../support/held-bytes';
import { MemorySink } from './recorded-call';

const SILENCE = 0xff;
const VOICE = 0x42;
const FRAME_MS = 200;

class Bench {
    readonly clock = new FakeClock();
    readonly sink = new MemorySink();
    readonly faults: unknown[] = [];
    readonly recording: CallRecording;

    constructor(sink?: RecordingSink) {
        this.recording = new CallRecording(this.clock, sink ?? this.sink, (fault) => this.faults.push(fault));
    }

    /** The caller talks for so long; `isSecret` as in the hook, and then their audio is silence. */
    talk(ms: number, isSecret = false, value = VOICE): void {
        for (let done = 0; done < ms; done += FRAME_MS) {
            this.clock.advance(FRAME_MS);
            const frame = new Uint8Array(FRAME_MS * 8).fill(isSecret ? SILENCE : value);
            this.recording.callerHeard(frame, isSecret);
        }
    }

    /** Whether the caller's channel is silent from one time to another, ms, all of it. */
    isSilent(fromMs: number, toMs: number): boolean {
        const part = this.sink.caller.subarray(fromMs * 8, toMs * 8);
        return part.length === (toMs - fromMs) * 8 && part.every((code) => code === SILENCE);
    }

    /** The same for sound. */
    isVoice(fromMs: number, toMs: number): boolean {
        const part = this.sink.caller.subarray(fromMs * 8, toMs * 8);
        return part.length === (toMs - fromMs) * 8 && part.every((code) => code === VOICE);
    }
}

describe('the recording of a call', () => {
    it('begins with the call and ends with it, both channels equally long', () => {
        const bench = new Bench();
        bench.talk(5000);
        bench.clock.advance(700);
        bench.recording.ended();
        expect([bench.sink.caller.length, bench.sink.bot.length]).toEqual([5700 * 8, 5700 * 8]);
        expect([bench.isVoice(0, 5000), bench.isSilent(5000, 5700)]).toEqual([true, true]);
    });

    it('is silent in a pause of the stream, which takes no memory', () => {
        const bench = new Bench();
        bench.talk(2000);
        bench.clock.advance(600_000);
        bench.recording.callerSkipped(600_000);
        bench.recording.callerResumed();
        bench.talk(2000);
        bench.recording.ended();
        expect(bench.sink.caller.length).toBe(604_000 * 8);
        expect([bench.isVoice(0, 2000), bench.isSilent(2000, 602_000), bench.isVoice(602_000, 604_000)]).toEqual([
            true,
            true,
            true,
        ]);
    });

    it('keeps a few kilobytes of a call, however long it is', () => {
        const bench = new Bench();
        let most = 0;
        for (let second = 0; second < 120; second++) {
            bench.talk(1000);
            bench.recording.botPlaced(second * 8000, bench.clock.nowMs());
            bench.recording.botSent(new Uint8Array(8000).fill(3));
            most = Math.max(most, heldBytes(bench.recording, [bench.sink, bench.clock]));
        }
        expect(most).toBeLessThan(48 * 1024);
        bench.recording.ended();
        expect(bench.faults).toEqual([]);
    });

    it('waits for a network that is held up, and loses nothing of it', () => {
        const bench = new Bench();
        bench.talk(4000);
        bench.clock.advance(2600);
        for (let number = 0; number < 13; number++)
            bench.recording.callerHeard(new Uint8Array(FRAME_MS * 8).fill(VOICE), false);
        bench.talk(4000);
        bench.recording.ended();
        expect(bench.isVoice(0, 10_600)).toBe(true);
    });

    it('ends at a fault of its own, and says so once', () => {
        const fault = new Error('no room');
        const bench = new Bench({
            takeChunk: () => new Uint8Array(16_000),
            write: () => {
                throw fault;
            },
            silence: () => undefined,
        });
        bench.talk(10_000);
        bench.recording.ended();
        expect(bench.faults).toEqual([fault]);
    });
});

describe('keys in a recording', () => {
    it('are not heard: the caller is silent around each', () => {
        const bench = new Bench();
        bench.talk(3000);
        bench.recording.keyPressed();
        bench.talk(3000);
        bench.recording.ended();
        expect(bench.isVoice(0, 2400)).toBe(true);
        expect(bench.isSilent(2400, 3600)).toBe(true);
        expect(bench.isVoice(3600, 6000)).toBe(true);
    });

    it('of a secure entry are not heard from its request to a second after its end', () => {
        const bench = new Bench();
        bench.talk(3100);
        bench.recording.secretAwaited();
        bench.talk(4000, true);
        bench.recording.keyPressed();
        bench.talk(3000);
        bench.recording.ended();
        expect(bench.isVoice(0, 3000)).toBe(true);
        expect(bench.isSilent(3200, 8200)).toBe(true);
        expect(bench.isVoice(8200, 10_200)).toBe(true);
    });

    it('of a secure entry that begins and ends between two frames are not heard', () => {
        const bench = new Bench();
        bench.talk(3000);
        bench.recording.secretAwaited();
        bench.talk(3000);
        bench.recording.ended();
        expect([bench.isVoice(0, 3000), bench.isSilent(3000, 4200), bench.isVoice(4200, 6000)]).toEqual([
            true,
            true,
            true,
        ]);
    });

    it('of a secure entry are not heard when the network was held up at its end', () => {
        const bench = new Bench();
        bench.talk(3000);
        bench.recording.secretAwaited();
        bench.talk(1000, true);
        bench.clock.advance(2000);
        const frame = new Uint8Array(FRAME_MS * 8);
        bench.recording.callerHeard(frame.fill(SILENCE), true);
        // The key was heard here, and the entry was over when it came.
        for (let number = 0; number < 9; number++) bench.recording.callerHeard(frame.fill(0x11), false);
        bench.talk(4000);
        bench.recording.ended();
        expect(bench.sink.caller.includes(0x11)).toBe(false);
        expect(bench.isVoice(8000, 10_000)).toBe(true);
    });
});
