import type { Identity } from '../../src/auth/authenticator';
import { CallSlots, UNCOUNTED, type NoSlot, type Slot } from '../../src/websocket/call-slots';
import type { CallEntry, Claim } from '../../src/shared-state/shared-calls';

const SESSION = '30b0e395-84d3-4570-ac13-9a62d8f514c0';

function identity(changes: Partial<Identity> = {}): Identity {
    const ids = { organizationId: 'd7934305-0972-4844-938e-9060eef73d05', sessionId: crypto.randomUUID() };
    return { apiKey: 'key', correlationId: ids.sessionId, signed: true, ...ids, ...changes };
}

/** Answers each claim when a test says so. */
class FakeShared {
    readonly claims: {
        entry: CallEntry;
        isRetry: boolean;
        isLimited: boolean;
        answer: (claim: Claim | 'unavailable') => void;
    }[] = [];
    readonly released: CallEntry[] = [];

    claim(entry: CallEntry, options: { isRetry: boolean; isLimited: boolean }): Promise<Claim | 'unavailable'> {
        return new Promise((answer) => this.claims.push({ entry, ...options, answer }));
    }

    release(entry: CallEntry): void {
        this.released.push(entry);
    }
}

function taken(slot: Slot | NoSlot): Slot {
    if (typeof slot === 'string') throw new Error(`no slot: ${slot}`);
    return slot;
}

describe('CallSlots', () => {
    it('counts nothing where nothing is limited and nothing shared', async () => {
        const slots = new CallSlots({ maxSessionsPerKey: 0, maxSessionsTotal: 0 });
        await expect(slots.take(identity(), false)).resolves.toBe(UNCOUNTED);
        expect(slots.total).toBe(0);
    });

    it('gives back a place once, however often it is released', async () => {
        const slots = new CallSlots({ maxSessionsPerKey: 2, maxSessionsTotal: 0 });
        const [a, b] = [taken(await slots.take(identity(), false)), taken(await slots.take(identity(), false))];
        await expect(slots.take(identity(), false)).resolves.toBe('key-full');
        a.release();
        a.release();
        expect([...slots.counts()].map(([, count]) => count)).toEqual([1]);
        b.release();
        expect([slots.total, [...slots.counts()], [...slots.entries()]]).toEqual([0, [], []]);
    });

    it('takes the place here before it asks the others, so that two at once do not share it', async () => {
        const shared = new FakeShared();
        const slots = new CallSlots({ maxSessionsPerKey: 1, maxSessionsTotal: 0 });
        slots.share(shared);
        const first = slots.take(identity(), false);
        await expect(slots.take(identity(), false)).resolves.toBe('key-full');
        shared.claims[0]?.answer('free');
        taken(await first).release();
        expect(shared.released).toEqual([shared.claims[0]?.entry]);
    });

    it.each(['conflict', 'key-full', 'total-full', 'unavailable'] as const)(
        'gives the place here back where the others say %s',
        async (answer) => {
            const shared = new FakeShared();
            const slots = new CallSlots({ maxSessionsPerKey: 0, maxSessionsTotal: 0 });
            slots.share(shared);
            const asked = slots.take(identity(), false);
            expect(slots.total).toBe(1);
            shared.claims[0]?.answer(answer);
            await expect(asked).resolves.toBe(answer);
            expect([slots.total, shared.released]).toEqual([0, []]);
        },
    );

    it('refuses a second first attempt of a session while the answer to the first is awaited, and lets its retry ask', async () => {
        const shared = new FakeShared();
        const slots = new CallSlots({ maxSessionsPerKey: 0, maxSessionsTotal: 0 });
        slots.share(shared);
        const first = slots.take(identity({ sessionId: SESSION }), false);
        await expect(slots.take(identity({ sessionId: SESSION.toUpperCase() }), false)).resolves.toBe('conflict');
        const retry = slots.take(identity({ sessionId: SESSION, retryAttempt: 1 }), false);
        expect(shared.claims.map(({ isRetry }) => isRetry)).toEqual([false, true]);
        for (const { answer } of shared.claims) answer('free');
        const [older, newer] = [taken(await first), taken(await retry)];
        // The others tell the two connections apart.
        expect(shared.claims[0]?.entry.number).not.toBe(shared.claims[1]?.entry.number);
        older.release();
        expect(slots.total).toBe(1);
        newer.release();
        expect(slots.total).toBe(0);
    });

    it('limits nothing for a connection that takes the place of one that is served here', async () => {
        const shared = new FakeShared();
        const slots = new CallSlots({ maxSessionsPerKey: 1, maxSessionsTotal: 1 });
        slots.share(shared);
        void slots.take(identity({ sessionId: SESSION }), false);
        shared.claims[0]?.answer('free');
        await new Promise((resolve) => setImmediate(resolve));
        void slots.take(identity({ sessionId: SESSION, retryAttempt: 1 }), true);
        expect(shared.claims.map(({ isLimited }) => isLimited)).toEqual([true, false]);
        await expect(slots.take(identity({ apiKey: 'other' }), false)).resolves.toBe('total-full');
    });

    it('holds no API key, organization or session id', () => {
        const shared = new FakeShared();
        const slots = new CallSlots({ maxSessionsPerKey: 0, maxSessionsTotal: 0 });
        slots.share(shared);
        void slots.take(identity({ apiKey: 'the-key', sessionId: SESSION }), false);
        expect(JSON.stringify([...slots.entries(), ...slots.counts()])).not.toMatch(/the-key|30b0e395|d7934305/);
    });
});
