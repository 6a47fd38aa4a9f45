import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallArchive, type AttachToCall } from '../../src/call-records/call-archive';
import type { CallDocument } from '../../src/call-records/document';
import type { CallFigures, CallObserver, OpeningCall } from '../../src/services/call-observer';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { until } from '../support/test-bench';
import { MemoryStore } from './memory-store';
import { DiskHere } from './disk/disk-here';

const FIGURES: CallFigures = {
    reason: 'client_end',
    turns: 2,
    bargeIns: 0,
    takenBack: 0,
    digits: 0,
    toolCalls: 0,
    costUsd: 0.02,
    firstAudioMs: 400,
    callerAudioMs: 9000,
    lostCallerAudioMs: 0,
    turnClock: { worstMs: 1200, medianMs: 900 },
};

describe('the archive of calls', () => {
    let folder: string;
    let clock: FakeClock;
    let logger: LogRecorder;
    let store: MemoryStore;
    let archive: CallArchive;
    let disk: DiskHere;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'archive-'));
        clock = new FakeClock();
        logger = new LogRecorder();
        store = new MemoryStore();
        disk = new DiskHere();
    });

    afterEach(async () => {
        const stopping = archive.stop();
        while (await isPending(stopping)) clock.advance(1000);
        rmSync(folder, { recursive: true, force: true });
    });

    async function start(attachments: readonly AttachToCall[] = [], journalFolder = folder): Promise<void> {
        const options = { mode: 'full', masks: true, store, journalFolder, disk, attachments, clock, logger } as const;
        archive = new CallArchive(options);
        await archive.start();
    }

    function opening(sessionId = randomUUID()): OpeningCall {
        return {
            clock,
            logger,
            sessionId,
            conversationId: randomUUID(),
            organizationId: randomUUID(),
            correlationId: undefined,
            language: 'en-US',
            participant: { id: randomUUID(), ani: '', aniName: '', dnis: '' },
            inputVariables: {},
        };
    }

    function open(call: OpeningCall): CallObserver[] {
        return archive.observers.flatMap((observe) => observe(call) ?? []);
    }

    /** A call that is over at once. @returns its session id */
    function call(): string {
        const opened = opening();
        const observers = open(opened);
        for (const observer of observers) observer.opened?.();
        clock.advance(500);
        for (const observer of observers) observer.end?.(FIGURES);
        return opened.sessionId;
    }

    function journals(): string[] {
        return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
    }

    /** Lets time pass until something holds. */
    async function passUntil(what: string, condition: () => boolean): Promise<void> {
        await until(what, () => {
            if (!condition()) clock.advance(1000);
            return condition();
        });
    }

    it('stores the record of each call, tells of it, and removes its journal', async () => {
        await start();
        const told: CallDocument[] = [];
        archive.listeners.push(
            () => {
                throw new Error('a bug of a listener');
            },
            (document) => told.push(document),
        );
        const id = call();
        await passUntil('it is stored', () => archive.figures.stored === 1);
        expect(store.documents.get(id)).toMatchObject({ sessionId: id, endReason: 'client_end', durationMs: 500 });
        expect(told.map(({ sessionId }) => sessionId)).toEqual([id]);
        await passUntil('no journal is left', () => journals().length === 0);
        expect(archive.figures).toEqual({ isDown: false, waiting: 0, stored: 1, dropped: 0 });
    });

    it('has what is added to a record in it, with its file, after the end of what followed the call', async () => {
        const order: string[] = [];
        const recording: AttachToCall = ({ sessionId }) => ({
            observer: { end: () => order.push('end') },
            finish: ({ durationMs }) => {
                order.push('finish');
                const name = `${sessionId}.wav`;
                const fields = { recording: { name, bytes: 44, fromMs: durationMs - 500 } };
                return Promise.resolve({ fields, file: { name, path: '/tmp/x.wav' } });
            },
        });
        const failing: AttachToCall = () => ({ finish: () => Promise.reject(new Error('no model')) });
        const extracting: AttachToCall = () => ({
            finish: ({ recording: known }) => Promise.resolve({ fields: { extracted: { knows: known?.name ?? '' } } }),
        });
        const none: AttachToCall = () => undefined;
        await start([recording, failing, extracting, none]);
        const id = call();
        await passUntil('it is stored', () => archive.figures.stored === 1);
        expect(order).toEqual(['end', 'finish']);
        expect(store.files).toEqual([`${id} ${id}.wav /tmp/x.wav`]);
        expect(store.documents.get(id)).toMatchObject({
            recording: { name: `${id}.wav`, bytes: 44, fromMs: 0 },
            extracted: { knows: `${id}.wav` },
        });
        expect(logger.lines.map(({ message }) => message)).toEqual(['The record of a call lacks a part.']);
    });

    it('does not wait without end for what is added', async () => {
        await start([() => ({ finish: () => new Promise(() => undefined) })]);
        call();
        await passUntil('it is stored', () => archive.figures.stored === 1);
        expect(logger.text).toContain('It took too long.');
    });

    it('tries again while the store takes nothing: one line when it begins, one when it is over, and nothing is lost', async () => {
        await start();
        store.fails = true;
        const ids = [call(), call(), call()];
        await passUntil('it was tried often', () => store.puts > 6);
        expect(archive.figures).toMatchObject({ isDown: true, waiting: 3, stored: 0, dropped: 0 });
        expect(logger.codes).toEqual(['ERR_CALL_STORE_FULL']);
        expect(logger.lines[0]).toMatchObject({ level: 'error', fields: { systemError: 'ENOSPC' } });
        expect(logger.lines[0]?.message).toContain('Make room on the disk');
        store.fails = false;
        await passUntil('all are stored', () => archive.figures.stored === 3);
        expect([...store.documents.keys()].sort()).toEqual(ids.sort());
        expect(archive.figures).toMatchObject({ isDown: false, waiting: 0, dropped: 0 });
        expect(logger.lines).toHaveLength(2);
        expect(logger.lines[1]?.message).toBe('Records of calls are stored again.');
    });

    it('leaves to the journals what is too much to wait in memory, and stores it from there later', async () => {
        await start();
        store.fails = true;
        for (let i = 0; i < 520; i++) call();
        await passUntil('the store is down', () => archive.figures.isDown && archive.figures.waiting <= 504);
        expect(archive.figures.dropped).toBe(0);
        store.fails = false;
        await passUntil('all are stored', () => store.documents.size === 520);
        await passUntil('no journal is left', () => journals().length === 0);
    });

    it('drops and counts what neither store nor journal can take', async () => {
        const file = join(folder, 'a file');
        writeFileSync(file, '');
        await start([], file);
        store.fails = true;
        const before = opening();
        open(before);
        clock.advance(2000);
        await until('the journals are down', () => logger.codes.includes('ERR_CALL_JOURNAL'));
        for (let i = 0; i < 510; i++) {
            call();
            if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await passUntil('some are dropped', () => archive.figures.dropped > 0);
        expect(logger.codes.sort()).toEqual(['ERR_CALL_JOURNAL', 'ERR_CALL_STORE_FULL']);
    });

    it('waits for a slow store no longer than its limit when it stops, and leaves the rest to the next start', async () => {
        await start();
        store.wait = new Promise(() => undefined);
        const ids = [call(), call()].sort();
        await until('it is being stored', () => store.puts === 2);
        const stopping = archive.stop();
        let passedMs = 0;
        while (await isPending(stopping)) {
            clock.advance(500);
            passedMs += 500;
        }
        expect(passedMs).toBeLessThanOrEqual(16_000);
        expect(journals()).toHaveLength(2);
        store = new MemoryStore();
        disk = new DiskHere();
        await start();
        await passUntil('both are stored', () => store.documents.size === 2);
        expect([...store.documents.keys()].sort()).toEqual(ids);
        expect([...store.documents.values()].map(({ endReason }) => endReason)).toEqual(['client_end', 'client_end']);
    });

    it('stores what is being completed when it stops', async () => {
        await start();
        const id = call();
        await archive.stop();
        expect(store.documents.has(id)).toBe(true);
        expect(store.closed).toBe(1);
        expect(journals()).toEqual([]);
        expect(existsSync(folder)).toBe(true);
    });

    it('closes the disk when it stops, after the last addition and the end of the journals', async () => {
        const order: string[] = [];
        const attach: AttachToCall = () => ({
            finish: async () => {
                await new Promise((resolve) => setImmediate(resolve));
                order.push('added');
                return undefined;
            },
        });
        jest.spyOn(disk, 'close').mockImplementation(() => {
            order.push(...disk.asked.map((work) => (work.do === 'text' ? work.then : work.do)), 'closed');
            return Promise.resolve();
        });
        await start([attach]);
        call();
        await archive.stop();
        expect(order).toEqual(['added', 'remove', 'closed']);
    });

    it('has old records removed at its start and every hour', async () => {
        await start();
        expect(store.tidied).toBe(1);
        clock.advance(3_600_000);
        expect(store.tidied).toBe(2);
    });

    it('keeps nothing and no timer once it has stopped', async () => {
        await start();
        call();
        await archive.stop();
        expect(clock.pendingCount).toBe(0);
        expect(archive.figures.waiting).toBe(0);
    });
});

async function isPending(promise: Promise<unknown>): Promise<boolean> {
    const pending = Symbol('pending');
    const later = new Promise((resolve) => setTimeout(resolve, 10, pending));
    return (await Promise.race([promise, later])) === pending;
}
