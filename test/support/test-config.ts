import type { Config, TurnTakingConfig } from '../../src/config/config';

/** Turn-taking with every limit off but those of a key entry. */
export const TEST_TURN_TAKING: TurnTakingConfig = {
    bargeIn: { mode: 'instant', backchannels: [], alwaysYield: [] },
    bargeInMinSpeechMs: 0,
    echoGuard: false,
    noInputMs: 0,
    maxReprompts: 2,
    deadAirMs: 0,
    maxTurns: 0,
    maxCostUsd: 0,
    dtmf: { terminator: '#', singleKeys: '', maxDigits: 20, interDigitMs: 3000, totalMs: 30_000 },
};

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
        admission: { mode: 'off', maxEventLoopDelayMs: 30, maxMemoryMiB: undefined },
        replayStore: undefined,
        abuse: { maxSessionsPerKey: 0, maxSessionsTotal: 0, maxFailedAuthPerMinute: 0, trustedProxies: 0 },
        maxUnopenedConnections: 200,
        alerts: undefined,
        metrics: undefined,
        maxCallMinutes: 60,
        shutdownDrainSeconds: 0,
        shutdownGraceSeconds: 10,
        playbackLeadMs: 600,
        turnTaking: TEST_TURN_TAKING,
        defaultBot: 'echo',
        extensionsPath: undefined,
        botsFolder: undefined,
        genesys: undefined,
        localSpeech: {
            tts: 'flite',
            voice: undefined,
            ttsModelPath: undefined,
            asr: 'none',
            asrModelPath: undefined,
            promptsFile: undefined,
            rest: undefined,
            fallback: 'off',
            forceFallback: 'off',
        },
        openai: undefined,
        logLevel: 'silent',
        logTranscripts: false,
        tracing: undefined,
        traceContent: false,
        flight: undefined,
        warnings: [],
        ...changes,
    };
}
