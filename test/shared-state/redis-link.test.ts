import type { RedisClient } from '../../src/shared-state/redis-client';
import { ANSWER_MS, RedisLink, type Command, type LinkUser } from '../../src/shared-state/redis-link';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { settle } from '../support/session-harness';

/** Answers as a test says: at once, never, or with a fault. */
class FakeRedis implements RedisClient {
    readonly asked: string[] = [];
    cuts = 0;
    closed = 0;
    lastFault: Error | undefined;
    connected = Promise.resolve();
    answer: (script: string) => Promise<unknown> = () => Promise.resolve('yes');

    eval(script: string): Promise<unknown> {
        this.asked.push(script);
        return this.answer(script);
    }

    cut(): void {
        this.cuts += 1;
    }

    close(): void {
        this.closed += 1;
    }
}

const QUESTION: Command = { script: 'question', keys: ['k'], values: ['secret'] };
const GOODBYE: Command = { script: 'goodbye', keys: [], values: [] };

function hangs(): Promise<unknown> {
    return new Promise(() => undefined);
}

function replies(message: string): () => Promise<unknown> {
    return () => Promise.reject(Object.assign(new Error(message), { name: 'ReplyError' }));
}

function bench(failure: 'local' | 'closed' = 'local') {
    const clock = new FakeClock();
    const logger = new LogRecorder();
    const redis = new FakeRedis();
    const restore = jest.fn(() => Promise.resolve());
    const heartbeat: Command = { script: 'heartbeat', keys: [], values: [] };
    const beaten = jest.fn();
    const user: LinkUser = { heartbeat: () => heartbeat, beaten, restore };
    const link = new RedisLink({ url: 'redis://:secret@x', failure, clock, logger, connect: () => redis });
    const start = async (): Promise<void> => {
        await link.start(user);
    };
    return { clock, logger, redis, restore, beaten, link, start };
}

async function started(failure?: 'local' | 'closed') {
    const parts = bench(failure);
    await parts.start();
    parts.redis.asked.length = 0;
    return parts;
}

describe('a question to Redis', () => {
    it('has the answer of Redis, and leaves no timer behind', async () => {
        const { link, clock } = await started();
        const pending = clock.pendingCount;
        await expect(link.ask(QUESTION)).resolves.toBe('yes');
        expect(clock.pendingCount).toBe(pending);
        expect(link.figures).toEqual({ outages: 0, undecided: 0, refused: 0, timeouts: 0 });
    });

    it('has none after the limit; the connection is cut, and one line says so', async () => {
        const { link, clock, redis, logger } = await started();
        redis.answer = hangs;
        let answered: unknown = 'not yet';
        void link.ask(QUESTION).then((answer) => (answered = answer));
        clock.advance(ANSWER_MS - 1);
        await settle();
        await settle();
        expect(answered).toBe('not yet');
        clock.advance(1);
        await settle();
        await settle();
        expect(answered).toBeUndefined();
        expect([link.isDown, redis.cuts]).toEqual([true, 1]);
        expect(logger.lines).toEqual([
            {
                level: 'warn',
                message: expect.stringMatching(/does not answer/) as string,
                fields: { code: 'ERR_REPLAY_STORE_DOWN', failure: 'local', fault: 'No answer within 150 ms.' },
            },
        ]);
        expect(link.figures).toEqual({ outages: 1, undecided: 1, refused: 0, timeouts: 1 });
    });

    it('has its answer where that came while this process was held up', async () => {
        const { link, clock, redis, logger } = await started();
        let answer: (value: unknown) => void = () => undefined;
        redis.answer = () => new Promise((resolve) => (answer = resolve));
        const asked = link.ask(QUESTION);
        // The timers of a turn of the event loop run before what has arrived is read.
        clock.advance(10 * ANSWER_MS);
        answer('yes, late');
        await expect(asked).resolves.toBe('yes, late');
        expect(logger.lines).toEqual([]);
    });

    it('is not asked while Redis is known to be down', async () => {
        const { link, clock, redis, logger } = await started();
        redis.answer = replies('READONLY You can’t write against a read only replica.');
        await link.ask(QUESTION);
        const asked = redis.asked.length;
        for (let count = 0; count < 100; count += 1) await expect(link.ask(QUESTION)).resolves.toBeUndefined();
        expect(redis.asked).toHaveLength(asked);
        expect(logger.lines).toHaveLength(1);
        expect(logger.lines[0]?.fields['fault']).toMatch(/^READONLY/);
        expect(link.figures.undecided).toBe(101);
        expect(clock.pendingCount).toBe(1);
    });

    it('logs one line for many that fail at the same time', async () => {
        const { link, clock, redis, logger } = await started();
        redis.answer = hangs;
        const many = Array.from({ length: 50 }, () => link.ask(QUESTION));
        clock.advance(ANSWER_MS);
        await Promise.all(many);
        expect(logger.codes).toEqual(['ERR_REPLAY_STORE_DOWN']);
        expect(link.figures).toMatchObject({ outages: 1, undecided: 50, timeouts: 50 });
        expect(redis.cuts).toBe(1);
    });

    it('says why there is no connection, and nothing of what was asked', async () => {
        const { link, redis, logger } = await started();
        redis.lastFault = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' });
        redis.answer = () => Promise.reject(new Error('Stream is not writeable'));
        await link.ask(QUESTION);
        expect(logger.lines[0]?.fields).toMatchObject({ systemError: 'ECONNREFUSED' });
        expect(logger.text).not.toContain('secret');
    });
});

describe('an outage', () => {
    it('ends with a heartbeat that is answered: what must be known is written anew, and one line says how long it took', async () => {
        const { link, clock, redis, logger, restore } = await started();
        redis.answer = hangs;
        const asked = link.ask(QUESTION);
        clock.advance(ANSWER_MS);
        await asked;
        link.noteRefused();
        await clock.advanceAsync(30_000, 50);
        expect(logger.codes).toEqual(['ERR_REPLAY_STORE_DOWN']);
        const probes = redis.asked.filter((script) => script === 'heartbeat').length;
        expect(probes).toBeGreaterThanOrEqual(8);
        expect(probes).toBeLessThanOrEqual(16);
        expect(restore).not.toHaveBeenCalled();
        redis.answer = () => Promise.resolve('yes');
        await clock.advanceAsync(4000, 50);
        expect(restore).toHaveBeenCalledTimes(1);
        expect(logger.lines).toHaveLength(2);
        const { level, message, fields } = logger.lines[1] ?? {};
        expect([level, message]).toEqual(['info', 'Redis answers again']);
        expect(fields).toEqual({ seconds: expect.any(Number) as number, undecided: 1, refused: 1 });
        expect(fields?.['seconds']).toBeGreaterThanOrEqual(30);
        await expect(link.ask(QUESTION)).resolves.toBe('yes');
    });

    it('is a new one where it begins anew while what must be known is written', async () => {
        const { link, clock, redis, restore, logger } = await started();
        redis.answer = replies('LOADING Redis is loading the dataset in memory');
        await link.ask(QUESTION);
        restore.mockImplementation(async () => {
            redis.answer = replies('LOADING again');
            await link.ask(QUESTION);
        });
        redis.answer = () => Promise.resolve('yes');
        await clock.advanceAsync(4000, 50);
        expect(logger.lines.map(({ level }) => level)).toEqual(['warn', 'info', 'warn']);
        expect(link.isDown).toBe(true);
    });
});

describe('the heartbeat', () => {
    it('comes every 5 s while all is well, and its answer is passed on', async () => {
        const { clock, redis, beaten } = await started();
        redis.answer = () => Promise.resolve(7);
        await clock.advanceAsync(60_000, 100);
        expect(redis.asked.length).toBeGreaterThanOrEqual(10);
        expect(redis.asked.length).toBeLessThanOrEqual(13);
        expect(beaten).toHaveBeenLastCalledWith(7);
    });
});

describe('the start', () => {
    it.each([
        'WRONGPASS invalid username-password pair or user is disabled.',
        'NOAUTH Authentication required.',
        'NOPERM User default has no permissions to run the EVAL command',
        'MOVED 3999 127.0.0.1:6381',
        'ERR DB index is out of range',
        'ERR unknown command EVAL',
    ])('fails where waiting does not help: %s', async (message) => {
        const { start, redis, clock, logger } = bench();
        redis.answer = replies(message);
        await expect(start()).rejects.toMatchObject({ code: 'ERR_REPLAY_STORE_REFUSED' });
        expect([redis.closed, clock.pendingCount, logger.lines.length]).toEqual([1, 0, 0]);
    });

    it.each([
        'LOADING Redis is loading',
        'READONLY replica',
        'MASTERDOWN Link with MASTER is down',
        'OOM command not allowed',
    ])('goes on where it may pass: %s', async (message) => {
        const { start, redis, link, logger } = bench();
        redis.answer = replies(message);
        await start();
        expect(link.isDown).toBe(true);
        expect(logger.codes).toEqual(['ERR_REPLAY_STORE_DOWN']);
    });

    it('waits 3 s for a connection, and goes on without', async () => {
        const { start, redis, clock, link } = bench();
        redis.connected = new Promise(() => undefined);
        redis.answer = hangs;
        let isOver = false;
        void start().then(() => (isOver = true));
        await clock.advanceAsync(2900, 50);
        expect(isOver).toBe(false);
        await clock.advanceAsync(400, 50);
        expect([isOver, link.isDown]).toEqual([true, true]);
    });
});

describe('the end', () => {
    it('says goodbye, and frees the connection and every timer', async () => {
        const { link, redis, clock } = await started();
        await link.stop(GOODBYE);
        await link.stop(GOODBYE);
        expect(redis.asked).toEqual(['goodbye']);
        expect([redis.closed, clock.pendingCount]).toEqual([1, 0]);
    });

    it('does not wait for a Redis that does not answer, nor tell of it', async () => {
        const { link, redis, clock, logger } = await started();
        redis.answer = hangs;
        const stopped = link.stop(GOODBYE);
        clock.advance(ANSWER_MS);
        await stopped;
        expect([redis.closed, clock.pendingCount, logger.lines.length]).toEqual([1, 0, 0]);
    });

    it('asks nothing of a Redis that is down', async () => {
        const { link, redis } = await started();
        redis.answer = replies('LOADING');
        await link.ask(QUESTION);
        redis.asked.length = 0;
        await link.stop(GOODBYE);
        expect([redis.asked, redis.closed]).toEqual([[], 1]);
    });
});
