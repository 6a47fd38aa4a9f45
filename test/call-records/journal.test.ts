import { execFile } from 'node:child_process';
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    utimesSync,
    writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallDocument, RecordHead } from '../../src/call-records/document';
import { Journals, readJournal } from '../../src/call-records/journal';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { until } from '../support/test-bench';
import { DiskHere } from './disk/disk-here';

const SESSION = '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10';
const OTHER = '30b0e395-84d3-4570-ac13-9a62d8f514c0';
const DAY = '2026-11-22';

function headOf(sessionId = SESSION): RecordHead {
    return {
        version: 1,
        mode: 'full',
        sessionId,
        conversationId: 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77',
        organizationId: '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
        startedAt: `${DAY}T12:00:00.000Z`,
        server: '1',
        bot: { name: 'billing' },
        inputVariables: {},
    };
}

describe('the journals', () => {
    let folder: string;
    let clock: FakeClock;
    let logger: LogRecorder;
    let recovered: CallDocument[];
    let isWaiting: boolean;
    let all: Journals[];
    let disk: DiskHere;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'journals-'));
        clock = new FakeClock();
        logger = new LogRecorder();
        recovered = [];
        isWaiting = false;
        all = [];
        disk = new DiskHere();
    });

    afterEach(async () => {
        for (const journals of all) await journals.stop();
        rmSync(folder, { recursive: true, force: true });
    });

    function make(at = folder): Journals {
        const journals = new Journals({
            folder: at,
            disk,
            clock,
            logger,
            onRecovered: (document) => {
                recovered.push(document);
                return Promise.resolve();
            },
            isWaiting: () => isWaiting,
        });
        all.push(journals);
        return journals;
    }

    function files(): string[] {
        return existsSync(join(folder, DAY)) ? readdirSync(join(folder, DAY)).sort() : [];
    }

    function textOf(name = `${SESSION}.open.jsonl`): string {
        const path = join(folder, DAY, name);
        return existsSync(path) ? readFileSync(path, 'utf8') : '';
    }

    /** Time passes until what was to be written is. */
    async function pass(condition: () => boolean): Promise<void> {
        await until('it is written', () => {
            if (!condition()) clock.advance(1000);
            return condition();
        });
    }

    /** The same, for what is looked for now and then. */
    async function look(condition: () => boolean): Promise<void> {
        await pass(condition);
    }

    /** Leaves a journal of another process behind. */
    function leave(processLine: string, sessionId = SESSION): void {
        mkdirSync(join(folder, DAY), { recursive: true });
        const lines = [
            processLine,
            JSON.stringify({ head: headOf(sessionId) }),
            JSON.stringify({ event: { atMs: 5, kind: 'opened' } }),
            JSON.stringify({ event: { atMs: 100, kind: 'audio', responseId: 'a', itemId: 'b' } }),
            JSON.stringify({
                event: {
                    atMs: 2500,
                    kind: 'model',
                    provider: 'p',
                    model: 'm',
                    status: 'completed',
                    inputTokens: 7,
                    outputTokens: 3,
                    costUsd: 0.25,
                },
            }),
            JSON.stringify({ event: { atMs: 4000, kind: 'tool', name: 'pay', callId: 'c', ms: 10, outcome: 'ok' } }),
            JSON.stringify({ output: { callId: 'c', output: '{}' } }),
            '{"event":{"atMs":5000,"kind":"spee',
        ];
        writeFileSync(join(folder, DAY, `${sessionId}.open.jsonl`), lines.join('\n'));
    }

    it('have what happened within four seconds, for this user alone, and are removed when the record is stored', async () => {
        const journals = make();
        await journals.start();
        const journal = journals.begin(headOf());
        journal.write({ head: headOf() });
        journal.write({ event: { atMs: 0, kind: 'opened' } });
        expect(files()).toEqual([]);
        await pass(() => textOf().includes('opened'));
        const path = join(folder, DAY, `${SESSION}.open.jsonl`);
        expect(statSync(path).mode & 0o777).toBe(0o600);
        expect(statSync(join(folder, DAY)).mode & 0o777).toBe(0o700);
        journal.write({ event: { atMs: 900, kind: 'botReady' } });
        await pass(() => textOf().includes('botReady'));
        expect(
            textOf()
                .split('\n')
                .filter((line) => line !== ''),
        ).toHaveLength(4);
        journal.remove();
        await pass(() => files().length === 0);
    });

    it('are written a part at a time: each four seconds after its first line', async () => {
        const journals = make();
        await journals.start();
        const name = `${OTHER}.open.jsonl`;
        journals.begin(headOf()).write({ event: { atMs: 0, kind: 'opened' } });
        clock.advance(1000);
        journals.begin(headOf(OTHER)).write({ event: { atMs: 0, kind: 'opened' } });
        const after = async (ms: number): Promise<boolean[]> => {
            for (let step = 0; step < ms; step += 500) {
                clock.advance(500);
                await new Promise((resolve) => setImmediate(resolve));
            }
            return [textOf() !== '', textOf(name) !== ''];
        };
        expect(await after(2000)).toEqual([false, false]);
        expect(await after(1000)).toEqual([true, false]);
        expect(await after(1000)).toEqual([true, true]);
    });

    it('of a process that has ended without a word are closed at the next start, with what was known', async () => {
        leave('{"process":"0123456789abcdef"}');
        const journals = make();
        await journals.start();
        await until('the call is closed', () => files().length === 0);
        expect(recovered).toMatchObject([
            {
                sessionId: SESSION,
                endReason: 'process_died',
                durationMs: 4000,
                endedAt: `${DAY}T12:00:04.000Z`,
                bot: { name: 'billing' },
                figures: { toolCalls: 1, inputTokens: 7, outputTokens: 3, costUsd: 0.25, firstAudioMs: 95 },
                events: [{ kind: 'opened' }, { kind: 'audio' }, { kind: 'model' }, { kind: 'tool', output: '{}' }],
                turns: [{ number: 1, begunBy: 'bot' }],
                cut: 0,
            },
        ]);
    });

    it('that have the end of the call give its whole record', async () => {
        const figures = {
            turns: 3,
            bargeIns: 0,
            takenBack: 0,
            digits: 0,
            toolCalls: 0,
            callerAudioMs: 9000,
            lostCallerAudioMs: 0,
            inputTokens: 1,
            outputTokens: 2,
            pricesAsOf: '2026-11',
        };
        const end = {
            endedAt: `${DAY}T12:00:09.000Z`,
            durationMs: 9000,
            endReason: 'client_end',
            outputVariables: { bot: 'x' },
            fallbackUsed: [],
            figures,
        };
        mkdirSync(join(folder, DAY));
        const lines = [
            { process: '0123456789abcdef' },
            { head: headOf() },
            { event: { atMs: 0, kind: 'opened' } },
            { end, cut: 4 },
        ];
        const path = join(folder, DAY, `${SESSION}.open.jsonl`);
        writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
        expect(await readJournal(path)).toEqual({
            ...headOf(),
            ...end,
            events: [{ atMs: 0, kind: 'opened' }],
            turns: [],
            cut: 4,
        });
    });

    it('of another server that lives are left alone', async () => {
        const first = make();
        await first.start();
        const journal = first.begin(headOf());
        journal.write({ head: headOf() });
        await pass(() => textOf().includes('head'));
        leave('{"process":"0123456789abcdef"}', OTHER);
        const second = make();
        await second.start();
        await until('the other call is closed', () => files().length === 1);
        expect(recovered.map(({ sessionId }) => sessionId)).toEqual([OTHER]);
        expect(files()).toEqual([`${SESSION}.open.jsonl`]);
    });

    it('of a process of this machine are taken over once it is gone, and not before', async () => {
        if (!existsSync('/proc/self/stat')) {
            process.stderr.write('proc: skipped\n');
            return;
        }
        const child = execFile(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
        const stat = readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8');
        const journals = make();
        await journals.start();
        const [own = ''] = readdirSync(folder).filter((name) => name.startsWith('.process-'));
        const { space } = JSON.parse(readFileSync(join(folder, own), 'utf8')) as { space: string };
        const started = /\) (.*)$/s.exec(stat)?.[1]?.split(' ')[19];
        writeFileSync(join(folder, '.process-aaaaaaaaaaaaaaaa'), JSON.stringify({ pid: child.pid, started, space }));
        leave('{"process":"aaaaaaaaaaaaaaaa"}');
        clock.advance(30_000);
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(recovered).toEqual([]);
        child.kill('SIGKILL');
        await new Promise((resolve) => child.once('exit', resolve));
        await look(() => recovered.length === 1 && files().length === 0);
        await until('its mark is removed', () => !existsSync(join(folder, '.process-aaaaaaaaaaaaaaaa')));
    });

    it('of a process of another machine are taken over when it has not renewed its mark for a minute', async () => {
        const mark = join(folder, '.process-bbbbbbbbbbbbbbbb');
        writeFileSync(mark, JSON.stringify({ pid: 1, started: '1', space: 'elsewhere' }));
        leave('{"process":"bbbbbbbbbbbbbbbb"}');
        const journals = make();
        await journals.start();
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(recovered).toEqual([]);
        const old = new Date(Date.now() - 120_000);
        utimesSync(mark, old, old);
        await look(() => recovered.length === 1);
    });

    it('of a dead process are closed by one of several servers only', async () => {
        for (let i = 0; i < 20; i++)
            leave('{"process":"0123456789abcdef"}', `7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e${10 + i}`);
        await Promise.all([make().start(), make().start(), make().start()]);
        await until('all are closed', () => files().length === 0);
        expect(recovered.map(({ sessionId }) => sessionId).sort()).toEqual(
            [...new Set(recovered.map(({ sessionId }) => sessionId))].sort(),
        );
        expect(recovered).toHaveLength(20);
    });

    it('wait while no record can be stored, and are closed later', async () => {
        isWaiting = true;
        leave('{"process":"0123456789abcdef"}');
        const journals = make();
        await journals.start();
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(recovered).toEqual([]);
        isWaiting = false;
        await look(() => recovered.length === 1);
    });

    it('that are left by their own server are closed by it, and tell whether they have everything', async () => {
        const journals = make();
        await journals.start();
        const journal = journals.begin(headOf());
        journal.write({ head: headOf() });
        expect(journal.leave()).toBe(true);
        await pass(() => textOf().includes('head'));
        await look(() => recovered.length === 1 && files().length === 0);
    });

    it('that are no journals of this version harm nothing', async () => {
        mkdirSync(join(folder, DAY));
        writeFileSync(join(folder, DAY, `${SESSION}.open.jsonl`), 'not JSON at all\n{}\n[1]\n');
        writeFileSync(join(folder, DAY, 'notes.open.jsonl'), 'x');
        leave('{"process":"0123456789abcdef"}', OTHER);
        await make().start();
        await until('they are gone', () => files().join() === 'notes.open.jsonl');
        expect(recovered).toHaveLength(1);
    });

    it('that cannot be written are one line of the log, and one when they can be again', async () => {
        const place = join(folder, 'place');
        writeFileSync(place, 'a file where the folder should be');
        const journals = make(place);
        await journals.start();
        const journal = journals.begin(headOf());
        for (let second = 0; second < 5; second++) {
            journal.write({ head: headOf() });
            clock.advance(1000);
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        const told = () => logger.lines.filter(({ level }) => level !== 'debug');
        expect(told().map(({ fields }) => fields['code'])).toEqual(['ERR_CALL_JOURNAL']);
        expect(told()[0]?.fields['systemError']).toMatch(/^E[A-Z]+$/);
        expect(journal.leave()).toBe(false);
        rmSync(place);
        journals.begin(headOf(OTHER)).write({ head: headOf(OTHER) });
        await until('they are written', () => {
            clock.advance(1000);
            return told().length === 2;
        });
        expect(told()[1]?.message).toBe('The journals of calls can be written again.');
    });

    it('are bounded while the disk takes nothing', async () => {
        const journals = make();
        await journals.start();
        const journal = journals.begin(headOf());
        const event = { atMs: 1, kind: 'words', speaker: 'bot', itemId: 'a', text: 'x'.repeat(8000) } as const;
        for (let i = 0; i < 2000; i++) journal.write({ event });
        await pass(() => textOf().length > 7_000_000);
        expect(textOf().length).toBeLessThan(9_000_000);
        expect(journal.leave()).toBe(false);
    });

    it.each([
        [{ atMs: 1, kind: 'turn', disposition: 'match', heard: 'x'.repeat(8000) }],
        [{ atMs: 1, kind: 'tool', name: 'a', callId: 'b', ms: 1, outcome: 'ok', argumentsJson: 'x'.repeat(8000) }],
        [{ atMs: 1, kind: 'tool', name: 'a', callId: 'b', ms: 1, outcome: 'ok', output: 'x'.repeat(8000) }],
        [{ atMs: 1, kind: 'fault', code: 'x'.repeat(200) }],
    ] as const)('are bounded, whatever waits: %#', async (event) => {
        const journals = make();
        await journals.start();
        const journal = journals.begin(headOf());
        for (let i = 0; i < 60_000; i++) journal.write({ event });
        await pass(() => textOf().length > 5_000_000);
        expect(textOf().length).toBeLessThan(16_000_000);
        expect(journal.leave()).toBe(false);
    });
});
