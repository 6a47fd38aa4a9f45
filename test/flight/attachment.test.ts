import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Flights, type FlightSession } from '../../src/flight/flights';
import type { BotFinder } from '../../src/services/bot-service';
import { systemClock } from '../../src/support/clock';
import { silentLogger } from '../../src/support/logger';
import { FakeSocket } from '../support/fake-socket';
import { testConfig } from '../support/test-config';

const IDLE: FlightSession = {
    hasOpened: true,
    logger: silentLogger,
    isSecret: false,
    processTextMessage: () => undefined,
    processBinaryMessage: () => undefined,
    close: () => undefined,
    endForShutdown: () => undefined,
    shutDown: () => undefined,
};

describe('the record of a call', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flights-'));
    const clock = systemClock;
    const deps = {
        clock,
        botService: { getBotIfExists: () => Promise.resolve({ unknown: 'none' }) },
        hasRoom: () => true,
        identity: undefined,
    };

    afterAll(() => {
        rmSync(folder, { recursive: true, force: true });
    });

    it('gets the flight file of its session, and of no other, when the file is complete', async () => {
        const flights = new Flights(testConfig(), { every: 2, folder }, { clock, logger: silentLogger });
        const [sessionId, notRecorded] = [randomUUID(), randomUUID()];
        const session = flights.session({ ws: new FakeSocket(), sessionId, url: '/' }, deps, () => IDLE);
        const other = flights.session({ ws: new FakeSocket(), sessionId: notRecorded, url: '/' }, deps, () => IDLE);
        expect(flights.attach({ sessionId: notRecorded })).toBeUndefined();
        expect(other).toBe(IDLE);
        const attachment = flights.attach({ sessionId });
        session.processTextMessage('{}');
        session.close();
        const addition = await attachment?.finish();
        const { name, path } = addition?.file ?? { name: '', path: '' };
        expect(name).toBe(`${sessionId}.flight`);
        expect(addition?.fields.flight).toEqual({ name, bytes: statSync(path).size, fromMs: 0 });
        await flights.close();
    });

    it('gets a file of its own for a session that is tried again', async () => {
        const flights = new Flights(testConfig(), { every: 1, folder }, { clock, logger: silentLogger });
        const sessionId = randomUUID();
        const paths: string[] = [];
        for (let attempt = 0; attempt < 2; attempt++) {
            const session = flights.session({ ws: new FakeSocket(), sessionId, url: '/' }, deps, () => IDLE);
            const attachment = flights.attach({ sessionId });
            session.close();
            paths.push((await attachment?.finish())?.file.path ?? '');
        }
        expect(paths.map((path) => path.slice(path.indexOf(sessionId) + sessionId.length))).toEqual([
            '.flight',
            '-2.flight',
        ]);
    });

    it.each([
        ['reception', true],
        ['other', false],
    ])('has no flight file where only the calls of another bot are recorded: %s', async (bot, isKept) => {
        const bots = ['reception'];
        const flights = new Flights(testConfig(), { every: 1, folder, bots }, { clock, logger: silentLogger });
        const sessionId = randomUUID();
        const botService = { getBotIfExists: () => Promise.resolve({ unknown: bot }) };
        let given: BotFinder | undefined;
        const call = { ws: new FakeSocket(), sessionId, url: '/' };
        const session = flights.session(call, { ...deps, botService }, (_ws, recorded) => {
            given = recorded.botService;
            return IDLE;
        });
        const attachment = flights.attach({ sessionId });
        expect(
            await given?.getBotIfExists({ connectionUrl: '/', conversationId: '' }, { logger: silentLogger }),
        ).toEqual({ unknown: bot });
        session.processBinaryMessage(new Uint8Array(1600));
        session.close();
        const addition = await attachment?.finish();
        expect(addition !== undefined).toBe(isKept);
        const below = readdirSync(folder, { recursive: true, encoding: 'utf8' });
        expect(below.some((name) => name.includes(sessionId))).toBe(isKept);
        await flights.close();
    });

    it('has no flight file where the call cannot begin', async () => {
        const flights = new Flights(testConfig(), { every: 1, folder }, { clock, logger: silentLogger });
        const call = { ws: new FakeSocket(), sessionId: randomUUID(), url: '/' };
        const make = (): FlightSession => {
            throw new Error('no session');
        };
        expect(() => flights.session(call, deps, make)).toThrow('no session');
        await flights.close();
    });
});
