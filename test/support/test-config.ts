import type { Config } from '../../src/common/environment-variables';

/** A configuration for tests: the echo bot, no key, quiet. */
export function testConfig(changes: Partial<Config> = {}): Config {
    return {
        port: 0,
        host: '127.0.0.1',
        audiohookPath: '/',
        production: false,
        apiKeys: { kind: 'inline', json: '{}' },
        organizations: [],
        authorities: [],
        trustProxy: false,
        maxSessions: 1000,
        maxCallMinutes: 60,
        shutdownGraceSeconds: 10,
        playbackLeadMs: 600,
        openai: undefined,
        logLevel: 'silent',
        logTranscripts: false,
        ...changes,
    };
}
