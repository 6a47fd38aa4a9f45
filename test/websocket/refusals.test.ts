import { MAX_REFUSAL_LINES, REFUSAL_WINDOW_MS, RefusalLog } from '../../src/websocket/refusals';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { cleanUp, exchange, startServer, upgradeRequest } from './harness';

afterEach(cleanUp);

describe('the log of refusals', () => {
    const clock = new FakeClock();
    let log: LogRecorder;
    let refusals: RefusalLog;

    beforeEach(() => {
        log = new LogRecorder();
        refusals = new RefusalLog(log, clock);
        clock.advance(REFUSAL_WINDOW_MS);
    });

    function note(count: number): void {
        for (let i = 0; i < count; i += 1) refusals.note('warn', 'ERR_KEY_UNKNOWN', { status: 401 });
    }

    it('has a line for each of the first twenty, with its particulars', () => {
        note(MAX_REFUSAL_LINES);
        expect(log.lines).toHaveLength(20);
        expect(log.lines[0]).toMatchObject({ level: 'warn', fields: { code: 'ERR_KEY_UNKNOWN', status: 401 } });
        expect(clock.pendingCount).toBe(0);
    });

    it('counts the others, and says how many they were when ten seconds are over', () => {
        note(1000);
        expect(log.lines).toHaveLength(20);
        clock.advance(REFUSAL_WINDOW_MS);
        expect(log.lines).toHaveLength(21);
        expect(log.lines[20]).toMatchObject({ level: 'warn', fields: { refused: { ERR_KEY_UNKNOWN: 980 } } });
        expect(clock.pendingCount).toBe(0);
    });

    it('has a line for the first of another kind, however many came before', () => {
        note(1000);
        refusals.note('error', 'ERR_INTERNAL', { fault: 'x' });
        refusals.note('error', 'ERR_INTERNAL', { fault: 'x' });
        expect(log.lines.at(-1)).toMatchObject({ level: 'error', fields: { code: 'ERR_INTERNAL', fault: 'x' } });
        refusals.flush();
        expect(log.lines.at(-1)?.fields).toEqual({ refused: { ERR_KEY_UNKNOWN: 980, ERR_INTERNAL: 1 } });
    });

    it('begins again with the first refusal after the window', () => {
        note(MAX_REFUSAL_LINES);
        clock.advance(REFUSAL_WINDOW_MS);
        note(1);
        expect(log.lines).toHaveLength(21);
    });

    it('writes the rest and frees its timer when the server goes', () => {
        note(21);
        refusals.flush();
        refusals.flush();
        expect(log.lines).toHaveLength(21);
        expect(clock.pendingCount).toBe(0);
    });
});

describe('a server that is knocked at', () => {
    it('writes at most twenty lines about three hundred knocks, and their number when it stops', async () => {
        const { port, log, server } = await startServer();
        for (let round = 0; round < 10; round += 1) {
            const requests = Array.from({ length: 30 }, (_, index) =>
                exchange(port, index % 2 === 0 ? 'no HTTP\r\n\r\n' : upgradeRequest('/', { Upgrade: 'h2c' })),
            );
            await Promise.all(requests);
        }
        await server.stop();
        const refusals = log.lines.filter(({ fields }) => 'status' in fields);
        expect(refusals).toHaveLength(MAX_REFUSAL_LINES);
        const [summary] = log.lines.flatMap(({ fields }) => ('refused' in fields ? [fields['refused']] : []));
        const { ERR_HTTP_MALFORMED = 0, ERR_UPGRADE_MALFORMED = 0 } = summary as Record<string, number>;
        expect(ERR_HTTP_MALFORMED + ERR_UPGRADE_MALFORMED).toBe(280);
    });
});
