import { randomUUID } from 'node:crypto';
import { hashOf, KEY_PREFIX } from './keys';
import type { Command, RedisLink } from './redis-link';

/** A connection that this process serves, or is about to serve. */
export interface CallEntry {
    /** Hash of the session id. */
    readonly session: string;
    /** Hash of the API key. */
    readonly key: string;
    /** Hash of API key and organization: whose retry may take the session over. */
    readonly owner: string;
    /** Differs between two connections of the same session. */
    readonly number: number;
}

/** The connections of this process. */
export interface LocalCalls {
    entries(): Iterable<CallEntry>;
    /** API keys as hashes, each with its connections. */
    counts(): Iterable<readonly [key: string, count: number]>;
    readonly total: number;
    ofKey(key: string): number;
}

/** What limits a further connection. 0: no limit. */
export interface CallLimits {
    readonly perKey: number;
    readonly total: number;
}

export type Claim = 'free' | 'conflict' | 'key-full' | 'total-full';

/** How long a process that gives no sign counts as alive, in ms: three heartbeats. */
export const ALIVE_MS = 15_000;
/** How long numbers of calls are kept without a heartbeat, in ms. Longer than ALIVE_MS; they count only while their process is alive. */
const COUNTS_MS = 60_000;
/** How much longer than the longest call a session is kept, in ms. It counts only while its process is alive. */
const SPARE_MS = 120_000;
/** Sessions that are written with one command. */
const BATCH = 100;

const REPLICA = `${KEY_PREFIX}replica:`;
const TOTAL = `${KEY_PREFIX}calls:total`;

/** For all scripts: ARGV[1] is the prefix of the replicas, ARGV[2] the id of this one. */
const COMMON = `
local function alive(id) return redis.call('EXISTS', ARGV[1] .. id) == 1 end
local function put(key, count, ms)
    if tonumber(count) > 0 then redis.call('HSET', key, ARGV[2], count) else redis.call('HDEL', key, ARGV[2]) end
    redis.call('PEXPIRE', key, ms)
end
local function others(key)
    local sum = 0
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
        if all[i] ~= ARGV[2] then
            if alive(all[i]) then sum = sum + tonumber(all[i + 1]) else redis.call('HDEL', key, all[i]) end
        end
    end
    return sum
end`;

/**
 * KEYS: this replica, the session, all calls, the calls of the key. ARGV from 3: value and owner of the session, whether it is a retry, whether the
 * limits hold, own calls and limit (all, key), times in ms (session, replica, counts).
 */
const CLAIM = `${COMMON}
local held = redis.call('GET', KEYS[2])
local limited = ARGV[6] == '1'
if held then
    local id, owner = string.match(held, '^([^|]*)|([^|]*)|')
    if id ~= ARGV[2] and alive(id) then
        if ARGV[5] ~= '1' or owner ~= ARGV[4] then return 'conflict' end
        limited = false
    end
end
if limited then
    if tonumber(ARGV[8]) > 0 and others(KEYS[3]) + tonumber(ARGV[7]) > tonumber(ARGV[8]) then return 'total-full' end
    if tonumber(ARGV[10]) > 0 and others(KEYS[4]) + tonumber(ARGV[9]) > tonumber(ARGV[10]) then return 'key-full' end
end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[12])
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[11])
put(KEYS[3], ARGV[7], ARGV[13])
put(KEYS[4], ARGV[9], ARGV[13])
return 'free'`;

/** KEYS: sessions, all calls, the calls of each key. ARGV from 3: number of sessions, time in ms, values of the sessions, own calls. */
const RELEASE = `${COMMON}
local sessions = tonumber(ARGV[3])
for i = 1, sessions do
    if redis.call('GET', KEYS[i]) == ARGV[i + 4] then redis.call('DEL', KEYS[i]) end
end
for i = sessions + 1, #KEYS do put(KEYS[i], ARGV[i + 4], ARGV[4]) end
return 'released'`;

/** KEYS: this replica, all calls, the calls of each key. ARGV from 3: times in ms (replica, counts), own calls. Gives the calls of all. */
const HEARTBEAT = `${COMMON}
redis.call('SET', KEYS[1], '1', 'PX', ARGV[3])
for i = 2, #KEYS do put(KEYS[i], ARGV[i + 3], ARGV[4]) end
return others(KEYS[2]) + tonumber(ARGV[5])`;

/** KEYS: sessions. ARGV from 3: time in ms, their values. One that another process has taken over meanwhile stays there. */
const REGISTER = `${COMMON}
for i, key in ipairs(KEYS) do
    local id = string.match(redis.call('GET', key) or '', '^([^|]*)|')
    if not id or id == ARGV[2] or not alive(id) then redis.call('SET', key, ARGV[i + 3], 'PX', ARGV[3]) end
end
return 'registered'`;

const FORGET = `return redis.call('DEL', KEYS[1])`;

/**
 * The sessions and the numbers of calls of all processes. Each process writes its own numbers as a whole and counts only while its heartbeat is
 * fresh, so that nothing is left over of one that died. After an outage it goes on under a new id: what Redis still knew of it is void.
 */
export class SharedCalls {
    private replica = randomUUID();
    private lastTotal = 0;
    /** Whose places are to be given back. */
    private readonly ended: CallEntry[] = [];

    constructor(
        private readonly link: RedisLink,
        private readonly local: LocalCalls,
        private readonly limits: CallLimits,
        /** MAX_CALL_MINUTES in ms. */
        private readonly longestCallMs: number,
    ) {}

    /** The connections of all processes at the last heartbeat. */
    get total(): number {
        return this.lastTotal;
    }

    /**
     * Asks for a place for a connection that `LocalCalls` counts already. Never rejects.
     *
     * @param options.isLimited false: it takes the place of one that is served here
     * @returns undefined: Redis has not answered
     */
    async claim(entry: CallEntry, options: { isRetry: boolean; isLimited: boolean }): Promise<Claim | undefined> {
        const { local, limits } = this;
        const answer = await this.link.ask({
            script: CLAIM,
            keys: [this.replicaKey, sessionKey(entry), TOTAL, countKey(entry.key)],
            values: [
                ...[REPLICA, this.replica, this.valueOf(entry), entry.owner],
                ...[options.isRetry ? '1' : '0', options.isLimited ? '1' : '0'],
                ...[local.total, limits.total, local.ofKey(entry.key), limits.perKey],
                ...[this.sessionMs, ALIVE_MS, COUNTS_MS],
            ],
        });
        return CLAIMS.find((claim) => claim === answer);
    }

    /**
     * Gives the place back, after `LocalCalls` has; those of calls that end together with one command. While Redis is away nothing is sent:
     * `restore` makes up for it.
     */
    release(entry: CallEntry): void {
        if (this.ended.push(entry) > 1) return;
        setImmediate(() => {
            void this.sendReleases(this.ended.splice(0).values());
        });
    }

    private async sendReleases(ended: Iterator<CallEntry>): Promise<void> {
        for (let batch = take(ended, BATCH); batch.length > 0 && !this.link.isDown; batch = take(ended, BATCH)) {
            const keys = [...new Set(batch.map(({ key }) => key))];
            await this.link.ask({
                script: RELEASE,
                keys: [...batch.map(sessionKey), TOTAL, ...keys.map(countKey)],
                values: [
                    ...[REPLICA, this.replica, batch.length, COUNTS_MS],
                    ...batch.map((entry) => this.valueOf(entry)),
                    ...[this.local.total, ...keys.map((key) => this.local.ofKey(key))],
                ],
            });
        }
    }

    heartbeat(): Command {
        const counts = [...this.local.counts()];
        return {
            script: HEARTBEAT,
            keys: [this.replicaKey, TOTAL, ...counts.map(([key]) => countKey(key))],
            values: [REPLICA, this.replica, ALIVE_MS, COUNTS_MS, this.local.total, ...counts.map(([, count]) => count)],
        };
    }

    /** The answer to a heartbeat. */
    beaten(answer: unknown): void {
        if (typeof answer === 'number') this.lastTotal = answer;
    }

    /** Writes everything anew under a new id. */
    async restore(): Promise<void> {
        const goodbye = this.goodbye();
        this.replica = randomUUID();
        await this.link.ask(this.heartbeat());
        await this.link.ask(goodbye);
        // Not from a copy: the place of a call that ends meanwhile is given back after it was written, or never written.
        const entries = this.local.entries()[Symbol.iterator]();
        for (let batch = take(entries, BATCH); batch.length > 0 && !this.link.isDown; batch = take(entries, BATCH))
            await this.link.ask({
                script: REGISTER,
                keys: batch.map(sessionKey),
                values: [REPLICA, this.replica, this.sessionMs, ...batch.map((entry) => this.valueOf(entry))],
            });
    }

    /** With it, all that this process has written is void. */
    goodbye(): Command {
        return { script: FORGET, keys: [this.replicaKey], values: [] };
    }

    private get replicaKey(): string {
        return `${REPLICA}${this.replica}`;
    }

    private get sessionMs(): number {
        return this.longestCallMs + SPARE_MS;
    }

    private valueOf({ owner, number }: CallEntry): string {
        return `${this.replica}|${owner}|${number}`;
    }
}

const CLAIMS: readonly Claim[] = ['free', 'conflict', 'key-full', 'total-full'];

function take<T>(from: Iterator<T>, most: number): T[] {
    const taken: T[] = [];
    while (taken.length < most) {
        const next = from.next();
        if (next.done === true) break;
        taken.push(next.value);
    }
    return taken;
}

function sessionKey({ session }: CallEntry): string {
    return `${KEY_PREFIX}session:${session}`;
}

function countKey(key: string): string {
    return `${KEY_PREFIX}calls:key:${key}`;
}

/** An entry for a connection. The session id counts in any case of letters. */
export function callEntry(
    { apiKey, organizationId, sessionId }: { apiKey: string; organizationId: string; sessionId: string },
    number: number,
): CallEntry {
    return {
        session: hashOf(sessionId.toLowerCase()),
        key: hashOf(apiKey),
        owner: hashOf(apiKey, organizationId.toLowerCase()),
        number,
    };
}
