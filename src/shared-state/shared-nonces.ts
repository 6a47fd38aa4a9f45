import type { NonceStore } from '../auth/authenticator';
import type { ReplayGuard, UsedNonce } from '../auth/replay-guard';
import type { Clock } from '../support/clock';
import { hashOf, KEY_PREFIX } from './keys';
import type { Command, RedisLink } from './redis-link';

/** How much longer than at this process a nonce is remembered, in ms: the clocks of other processes may be behind. */
const OTHER_CLOCKS_MS = 5000;
/** Nonces that are written with one command after an outage. */
const BATCH = 100;

/** Marks all nonces or, if one is used already, says so. KEYS: the nonces. ARGV: for how long each is remembered, in ms. */
const CLAIM = `
for i, key in ipairs(KEYS) do
    if not redis.call('SET', key, '1', 'NX', 'PX', ARGV[i]) then return 'replayed' end
end
return 'fresh'`;

/** Marks nonces, whether they are used or not. */
const MARK = `
for i, key in ipairs(KEYS) do redis.call('SET', key, '1', 'NX', 'PX', ARGV[i]) end
return 'marked'`;

/**
 * The nonces that all processes have accepted. The keys in Redis are hashes, and none is kept for longer than its signature could be accepted
 * anywhere (docs/PROTOCOL.md, 1.3).
 */
export class SharedNonces implements NonceStore {
    constructor(
        private readonly link: RedisLink,
        /** What this process has accepted itself. */
        private readonly guard: ReplayGuard,
        private readonly clock: Clock,
    ) {}

    async claim(nonces: readonly UsedNonce[]): Promise<'fresh' | 'replayed' | 'unavailable'> {
        const answer = await this.link.ask(this.command(CLAIM, nonces));
        if (answer === 'fresh' || answer === 'replayed') return answer;
        return this.link.failure === 'local' ? 'fresh' : 'unavailable';
    }

    /** Writes what this process has accepted and could still be replayed: Redis was away, and may have lost what it knew. */
    async restore(): Promise<void> {
        const nonces = [...this.guard.remembered()];
        for (let from = 0; from < nonces.length && !this.link.isDown; from += BATCH)
            await this.link.ask(this.command(MARK, nonces.slice(from, from + BATCH)));
    }

    private command(script: string, nonces: readonly UsedNonce[]): Command {
        const epochMs = this.clock.epochMs();
        return {
            script,
            keys: nonces.map(({ apiKey, nonce }) => `${KEY_PREFIX}nonce:${hashOf(apiKey, nonce)}`),
            values: nonces.map(({ untilMs }) => Math.ceil(Math.max(0, untilMs - epochMs) + OTHER_CLOCKS_MS)),
        };
    }
}
