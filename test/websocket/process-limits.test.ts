import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAPACITY } from '../../src/config/capacity';
import { loadConfig } from '../../src/config/config';
import { processLimits } from '../../src/websocket/process-limits';

const MIB = 1024 * 1024;
const MACHINE = { coreShare: 1, memoryBytes: 4096 * MIB };

function limits(env: Record<string, string>, machine = MACHINE) {
    return processLimits(loadConfig(env), machine);
}

const KEY = { OPENAI_API_KEY: 'sk-test' };

describe('MAX_SESSIONS that is not set', () => {
    it.each([
        [{ ...KEY, OPENAI_AUDIO_FORMAT: 'pcmu' }, 1, 700, 'what one core carries with pcmu'],
        [{ ...KEY, OPENAI_AUDIO_FORMAT: 'pcm16' }, 1, 550, 'what one core carries with pcm16'],
        [KEY, 1, 550, 'what one core carries with pcm16'],
        [KEY, 0.5, 275, 'what 0.50 of a core carries with pcm16'],
        [{}, 1, 50, 'what one core carries with the local bot'],
        [{}, 0.01, 1, 'what 0.01 of a core carries with the local bot'],
    ])(
        'is what the part of a core carries, and the log says why: %j with %f of a core',
        (env, coreShare, most, why) => {
            const { maxSessions, line } = limits(env, { ...MACHINE, coreShare });
            expect(maxSessions).toBe(most);
            expect(line).toContain(`At most ${most} calls at a time: ${why} (MAX_SESSIONS sets another number)`);
        },
    );

    it('is not used when a number is set', () => {
        const { maxSessions, line } = limits({ MAX_SESSIONS: '7000' });
        expect(maxSessions).toBe(7000);
        expect(line).toContain('At most 7000 calls at a time (MAX_SESSIONS)');
    });
});

describe('the limits of load', () => {
    it('are named in the log', () => {
        expect(limits({ MAX_EVENT_LOOP_DELAY_MS: '45', MAX_MEMORY_MIB: '2048' }).line).toContain(
            'new ones are refused at 45 ms of event loop delay, 70 % of the CPU or 90 % of 2048 MiB of memory',
        );
        expect(limits({ ADMISSION: 'off' }).line).toContain('load refuses none (ADMISSION)');
    });

    it('take the memory of the machine where none is set, and refuse more than there is', () => {
        expect(limits({}).maxMemoryBytes).toBe(4096 * MIB);
        expect(limits({ MAX_MEMORY_MIB: '300' }).maxMemoryBytes).toBe(300 * MIB);
        expect(() => limits({ MAX_MEMORY_MIB: '4097' })).toThrow(/MAX_MEMORY_MIB is 4097; right is 4096 at most/);
    });

    it('allow as many beginnings of calls as the part of a core can do', () => {
        expect(limits(KEY, { ...MACHINE, coreShare: 0.5 }).setUpsPerSecond).toBe(50);
    });
});

describe('docs/CAPACITY.md', () => {
    it('has the numbers of the capacity table', () => {
        const page = readFileSync(join(__dirname, '..', '..', 'docs', 'CAPACITY.md'), 'utf8');
        const rows = [...page.matchAll(/^\| `(pcmu|pcm16|local)` +\| ([\d,]+) +\| (\d+) ms +\|/gm)];
        expect(Object.fromEntries(rows.map(([, kind, calls, ms]) => [kind, [calls?.replace(',', ''), ms]]))).toEqual(
            Object.fromEntries(
                Object.entries(CAPACITY).map(([kind, each]) => [
                    kind,
                    [String(each.callsPerCore), String(each.setUpMs)],
                ]),
            ),
        );
    });
});
