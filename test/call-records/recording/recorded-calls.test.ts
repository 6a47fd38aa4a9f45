import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeWav } from '../../../src/audio/wav';
import type { CallDocument } from '../../../src/call-records/document';
import { RecordedCalls } from '../../../src/call-records/recording/recorded-calls';
import type { CallAudio } from '../../../src/services/call-audio';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { until } from '../../support/test-bench';
import { openingCall } from './recorded-call';
import { DiskHere } from '../disk/disk-here';

describe('recorded calls', () => {
    const clock = new FakeClock();
    const call = openingCall(clock);
    const name = `${call.sessionId}.wav`;
    let folder: string;
    let path: string;
    let document: CallDocument;
    let calls: RecordedCalls;
    let disk: DiskHere;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'recorded-calls-'));
        const startedAt = new Date(clock.epochMs()).toISOString();
        path = join(folder, startedAt.slice(0, 10), name);
        // Nothing else of the record is looked at.
        document = { sessionId: call.sessionId, startedAt } as CallDocument;
        disk = new DiskHere();
        calls = new RecordedCalls(folder, clock, new LogRecorder(), disk);
    });

    afterEach(async () => {
        await disk.close();
        rmSync(folder, { recursive: true });
    });

    function talk(audio: CallAudio | undefined, seconds = 5): void {
        for (let frame = 0; frame < 5 * seconds; frame++) {
            clock.advance(200);
            audio?.callerHeard(new Uint8Array(1600).fill(1), false);
        }
    }

    it('add the file to the record, by the date and the id of the call', async () => {
        const attached = calls.attach(call);
        talk(attached?.observer?.audio);
        const addition = await attached?.finish(document);
        expect(addition).toEqual({
            fields: { recording: { name, bytes: statSync(path).size, fromMs: 0 } },
            file: { name, path },
        });
        expect(decodeWav(readFileSync(path)).samples.length).toBe(2 * 5000 * 8);
    });

    it('add nothing to a call without a sound, and record none whose id could name another path', async () => {
        expect(await calls.attach(call)?.finish(document)).toBeUndefined();
        expect(calls.attach({ ...call, sessionId: '../../etc/passwd' })).toBeUndefined();
    });

    it('find and mend what a dead process has left', async () => {
        expect(await calls.recover(document)).toBeUndefined();
        const attached = calls.attach(call);
        talk(attached?.observer?.audio, 6);
        clock.advance(500);
        await until('four seconds are written', () => existsSync(path) && statSync(path).size === 58 + 4 * 16_000);
        const { fields } =
            (await new RecordedCalls(folder, clock, new LogRecorder(), new DiskHere()).recover(document)) ?? {};
        expect(fields).toEqual({ recording: { name, bytes: 58 + 4 * 16_000, fromMs: 0 } });
        expect(readFileSync(path).readUInt32LE(54)).toBe(4 * 16_000);
        await attached?.finish(document);
    });

    it('refuse a file that is no recording', async () => {
        const attached = calls.attach(call);
        talk(attached?.observer?.audio);
        await attached?.finish(document);
        writeFileSync(path, Buffer.alloc(1000));
        await expect(calls.recover(document)).rejects.toThrow('RIFF');
    });
});
