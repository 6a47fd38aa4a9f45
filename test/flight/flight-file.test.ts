import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FlightFile } from '../../src/flight/flight-file';
import { LogRecorder } from '../support/log-recorder';

describe('a flight file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flights-'));

    afterAll(() => {
        rmSync(folder, { recursive: true, force: true });
    });

    function linesOf(path: string | undefined): string[] {
        return gunzipSync(readFileSync(path ?? ''))
            .toString()
            .trimEnd()
            .split('\n');
    }

    it('that is full is marked and logged once, and takes nothing more', async () => {
        const log = new LogRecorder();
        const file = new FlightFile(join(folder, 'full.flight'), log, 100_000);
        for (let written = 0; log.codes.length === 0 && written < 10_000_000; written += 20_000) {
            file.write(JSON.stringify(randomBytes(15_000).toString('base64')));
            await new Promise((resolve) => setTimeout(resolve, 1));
        }
        file.write('"too late"');
        file.end('complete');
        const lines = linesOf(await file.done);
        expect(log.codes).toEqual(['ERR_FLIGHT_FILE']);
        expect(lines.at(-1)).toBe('["end","the file is full"]');
        expect(lines.length).toBeGreaterThan(3);
    });

    it('whose disk takes nothing is marked as incomplete, and holds no memory', async () => {
        const log = new LogRecorder();
        const file = new FlightFile(join(folder, 'slow.flight'), log);
        // No turn of the event loop: nothing reaches the disk meanwhile.
        for (let written = 0; written < 30_000_000; written += 20_000)
            file.write(JSON.stringify(randomBytes(15_000).toString('base64')));
        const lines = linesOf(await file.done);
        expect(log.codes).toEqual(['ERR_FLIGHT_FILE']);
        expect(lines.at(-1)).toBe('["end","the disk is too slow"]');
        expect(lines.join('').length).toBeLessThan(10_000_000);
    });

    it('that could not be made resolves with no path', async () => {
        const log = new LogRecorder();
        const file = new FlightFile('/dev/null/none.flight', log);
        file.write('"lost"');
        expect(await file.done).toBeUndefined();
        file.write('"lost"');
        file.end('complete');
        expect(log.codes).toEqual(['ERR_FLIGHT_FILE']);
    });
});
