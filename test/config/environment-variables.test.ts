import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type Config } from '../../src/config/config';
import { SHIPPED_BOTS } from '../../src/config/shipped-bots';
import { CodedError } from '../../src/support/errors';

type Env = Record<string, string | undefined>;

function refusal(env: Env): CodedError {
    try {
        loadConfig(env);
    } catch (fault) {
        if (fault instanceof CodedError) return fault;
        throw fault;
    }
    throw new Error('the configuration was taken');
}

function openai(env: Env): NonNullable<Config['openai']> {
    const config = loadConfig({ OPENAI_API_KEY: 'sk-test', ...env });
    if (config.openai === undefined) throw new Error('no OpenAI configuration');
    return config.openai;
}

const DEFAULT_TURN_TAKING = {
    bargeIn: { mode: 'smart', backchannels: [], alwaysYield: [] },
    bargeInMinSpeechMs: 0,
    echoGuard: false,
    noInputMs: 10_000,
    maxReprompts: 2,
    deadAirMs: 5000,
    maxTurns: 0,
    maxCostUsd: 0,
    dtmf: { terminator: '#', singleKeys: '', maxDigits: 20, interDigitMs: 3000, totalMs: 30_000 },
};

describe('loadConfig with nothing set', () => {
    it('listens on port 8080 of this machine with a development key and the embedded bot', () => {
        expect(loadConfig({})).toEqual({
            port: 8080,
            host: '127.0.0.1',
            audiohookPath: '/',
            production: false,
            apiKeys: { kind: 'development', path: '.audiohook-dev-keys.json' },
            organizations: [],
            authorities: [],
            trustProxy: false,
            maxSessions: undefined,
            admission: { mode: 'load', maxEventLoopDelayMs: 30, maxMemoryMiB: undefined },
            replayStore: undefined,
            abuse: { maxSessionsPerKey: 0, maxSessionsTotal: 0, maxFailedAuthPerMinute: 60, trustedProxies: 0 },
            maxUnopenedConnections: 200,
            maxCallMinutes: 60,
            shutdownDrainSeconds: 30,
            shutdownGraceSeconds: 10,
            playbackLeadMs: 600,
            turnTaking: DEFAULT_TURN_TAKING,
            defaultBot: undefined,
            extensionsPath: undefined,
            botsFolder: SHIPPED_BOTS,
            genesys: undefined,
            localSpeech: {
                tts: 'flite',
                voice: undefined,
                ttsModelPath: undefined,
                asr: 'none',
                asrModelPath: undefined,
                promptsFile: undefined,
                rest: undefined,
                fallback: 'ladder',
                forceFallback: 'off',
            },
            openai: undefined,
            logLevel: 'info',
            logTranscripts: false,
            tracing: undefined,
            traceContent: false,
            afterCall: { summary: 'off', link: undefined, webhook: undefined },
            warnings: [],
        });
    });

    it('counts an empty or blank value as not set', () => {
        expect(loadConfig({ PORT: '', OPENAI_API_KEY: '   ', AUDIOHOOK_ORGANIZATIONS: '' })).toEqual(loadConfig({}));
    });

    it('fills in the defaults of the bot once there is a key', () => {
        expect(openai({})).toMatchObject({
            url: 'wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1',
            headers: { Authorization: 'Bearer sk-test' },
            model: 'gpt-realtime-2.1',
            voice: 'marin',
            greeting: 'Greet the caller in one short sentence, and ask how you can help.',
            greetingProtected: false,
            audioFormat: 'pcm16',
            turnDetection: { type: 'server_vad', threshold: 0.5, prefixPaddingMs: 300, silenceDurationMs: 500 },
            transcription: { model: 'gpt-transcribe' },
            noiseReduction: undefined,
            speed: 1,
            maxOutputTokens: 'inf',
            reasoningEffort: undefined,
            truncation: 'auto',
        });
        expect(openai({}).instructions).toMatch(/telephone/);
    });

    it('is frozen through and through', () => {
        const config = loadConfig({ OPENAI_API_KEY: 'sk-test' });
        const parts: unknown[] = [
            config,
            config.warnings,
            config.apiKeys,
            config.organizations,
            config.openai,
            config.openai?.headers,
        ];
        parts.push(config.openai?.turnDetection, config.openai?.transcription);
        expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
    });
});

describe('loadConfig with values', () => {
    it('reads every setting of the server', () => {
        const config = loadConfig({
            PORT: '0',
            HOST: '0.0.0.0',
            AUDIOHOOK_PATH: '/audiohook/v2/',
            AUDIOHOOK_API_KEYS: '{"key":"secret"}',
            AUDIOHOOK_ORGANIZATIONS: 'D7934305-0972-4844-938E-9060EEF73D05, ',
            AUDIOHOOK_AUTHORITIES: 'Bot.Example.com,[::1]:8443',
            AUDIOHOOK_TRUST_PROXY: 'TRUE',
            MAX_SESSIONS: '5',
            ADMISSION: 'Load',
            MAX_EVENT_LOOP_DELAY_MS: '40',
            MAX_MEMORY_MIB: '2048',
            REPLAY_STORE: 'rediss://me:pass%20word@redis.example.com:6380/2',
            REPLAY_STORE_FAILURE: 'Closed',
            MAX_SESSIONS_PER_KEY: '3',
            MAX_SESSIONS_TOTAL: '40',
            MAX_FAILED_AUTH_PER_MINUTE: '9',
            TRUSTED_PROXIES: '10.0.0.0/8, 2001:DB8::/32,192.0.2.7',
            MAX_UNOPENED_CONNECTIONS: '6',
            MAX_CALL_MINUTES: '15',
            SHUTDOWN_DRAIN_SECONDS: '7',
            SHUTDOWN_GRACE_SECONDS: '0',
            DEFAULT_BOT: 'billing',
            EXTENSIONS: 'extensions/index.js',
            BOTS_FOLDER: 'off',
            GENESYS_REGION: 'mypurecloud.de',
            GENESYS_CLIENT_ID: 'id',
            GENESYS_CLIENT_SECRET: 'secret',
            LOCAL_TTS: 'Sherpa',
            LOCAL_VOICE: '7',
            LOCAL_TTS_MODEL_PATH: '/models/voice',
            LOCAL_ASR: 'sherpa',
            LOCAL_ASR_MODEL_PATH: '/models/sherpa',
            PROMPTS_FILE: 'prompts.json',
            FALLBACK: 'off',
            BARGE_IN_MIN_SPEECH_MS: '300',
            ECHO_GUARD: 'true',
            NO_INPUT_SECONDS: '7.5',
            NO_INPUT_REPROMPTS: '1',
            DEAD_AIR_SECONDS: '0',
            MAX_TURNS: '40',
            MAX_COST_USD: '0.5',
            DTMF_TERMINATOR: 'none',
            DTMF_SINGLE_KEYS: '120',
            DTMF_MAX_DIGITS: '8',
            DTMF_INTER_DIGIT_SECONDS: '2.5',
            DTMF_TOTAL_SECONDS: '12',
            PLAYBACK_LEAD_MS: '300',
            LOG_LEVEL: 'Debug',
            LOG_TRANSCRIPTS: 'true',
            OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example.com/base/',
            OTEL_SERVICE_NAME: 'bots',
            TRACE_CONTENT: 'On',
            NODE_ENV: 'Production',
        });
        expect(config).toEqual({
            port: 0,
            host: '0.0.0.0',
            audiohookPath: '/audiohook/v2',
            production: true,
            apiKeys: { kind: 'inline', json: '{"key":"secret"}' },
            organizations: ['d7934305-0972-4844-938e-9060eef73d05'],
            authorities: ['bot.example.com', '[::1]:8443'],
            trustProxy: true,
            maxSessions: 5,
            admission: { mode: 'load', maxEventLoopDelayMs: 40, maxMemoryMiB: 2048 },
            replayStore: { url: 'rediss://me:pass%20word@redis.example.com:6380/2', failure: 'closed' },
            abuse: {
                maxSessionsPerKey: 3,
                maxSessionsTotal: 40,
                maxFailedAuthPerMinute: 9,
                trustedProxies: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'],
            },
            maxUnopenedConnections: 6,
            maxCallMinutes: 15,
            shutdownDrainSeconds: 7,
            shutdownGraceSeconds: 0,
            playbackLeadMs: 300,
            turnTaking: {
                bargeIn: { mode: 'instant', backchannels: [], alwaysYield: [] },
                bargeInMinSpeechMs: 300,
                echoGuard: true,
                noInputMs: 7500,
                maxReprompts: 1,
                deadAirMs: 0,
                maxTurns: 40,
                maxCostUsd: 0.5,
                dtmf: { terminator: '', singleKeys: '120', maxDigits: 8, interDigitMs: 2500, totalMs: 12_000 },
            },
            defaultBot: 'billing',
            extensionsPath: 'extensions/index.js',
            botsFolder: undefined,
            genesys: { region: 'mypurecloud.de', clientId: 'id', clientSecret: 'secret' },
            localSpeech: {
                tts: 'sherpa',
                voice: '7',
                ttsModelPath: '/models/voice',
                asr: 'sherpa',
                asrModelPath: '/models/sherpa',
                promptsFile: 'prompts.json',
                rest: undefined,
                fallback: 'off',
                forceFallback: 'off',
            },
            openai: undefined,
            logLevel: 'debug',
            logTranscripts: true,
            tracing: { url: 'https://otel.example.com/base/v1/traces', serviceName: 'bots' },
            traceContent: true,
            afterCall: { summary: 'off', link: undefined, webhook: undefined },
            warnings: [],
        });
    });

    it.each([
        [{}, 'smart', 0, true],
        [{ BARGE_IN: 'Smart' }, 'smart', 0, true],
        [{ BARGE_IN: 'off' }, 'off', 0, false],
        [{ BARGE_IN: 'instant' }, 'instant', 0, true],
        [{ BARGE_IN: 'instant', BARGE_IN_MIN_SPEECH_MS: '300' }, 'instant', 300, false],
        [{ BARGE_IN_MIN_SPEECH_MS: '300' }, 'instant', 300, false],
        [{ BARGE_IN_MIN_SPEECH_MS: '0' }, 'instant', 0, true],
    ])('judges interruptions unless another mode is named, or the amount of speech: %j', (env, mode, minMs, itself) => {
        const { turnTaking } = loadConfig(env);
        expect([turnTaking.bargeIn.mode, turnTaking.bargeInMinSpeechMs]).toEqual([mode, minMs]);
        expect([openai(env).bargeIn, openai(env).interruptsItself]).toEqual([mode, itself]);
    });

    it.each([
        [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, 'http://collector:4318/v1/traces'],
        [
            { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://x.example/api/public/otel/' },
            'https://x.example/api/public/otel/v1/traces',
        ],
        [
            {
                OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
                OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:1/in',
            },
            'http://traces:1/in',
        ],
        [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_SDK_DISABLED: 'true' }, undefined],
        [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: 'none' }, undefined],
        // For other programs: this one sends nothing.
        [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://x' }, undefined],
    ])('knows where traces are sent: %j', (env, url) => {
        const { tracing, warnings } = loadConfig(env);
        expect([tracing?.url, warnings]).toEqual([url, []]);
    });

    it('refuses another protocol where traces are sent', () => {
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
        expect(() => loadConfig(env)).toThrow('OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"');
    });

    it('takes the keys from a file when one is named', () => {
        const config = loadConfig({ AUDIOHOOK_API_KEYS_FILE: 'keys.json', NODE_ENV: 'production' });
        expect(config.apiKeys).toEqual({ kind: 'file', path: 'keys.json' });
    });

    it('reads every setting of the bot', () => {
        expect(
            openai({
                OPENAI_REALTIME_MODEL: 'gpt-realtime-2.1-mini',
                OPENAI_VOICE: 'Cedar',
                OPENAI_INSTRUCTIONS: 'Be kind.',
                OPENAI_GREETING: 'Say hello.',
                OPENAI_GREETING_PROTECTED: 'true',
                OPENAI_AUDIO_FORMAT: 'pcmu',
                OPENAI_VAD_THRESHOLD: '0.6',
                OPENAI_VAD_PREFIX_MS: '200',
                OPENAI_VAD_SILENCE_MS: '700',
                OPENAI_VAD_IDLE_TIMEOUT_MS: '8000',
                OPENAI_TRANSCRIPTION_LANGUAGE: 'de',
                OPENAI_NOISE_REDUCTION: 'near_field',
                OPENAI_SPEED: '1.25',
                OPENAI_MAX_OUTPUT_TOKENS: '4096',
                OPENAI_REASONING_EFFORT: 'low',
                OPENAI_TRUNCATION: '0.8',
                OPENAI_ORG_ID: 'org-1',
                OPENAI_PROJECT_ID: 'proj_1',
            }),
        ).toEqual({
            safetySalt: expect.any(String) as unknown,
            url: 'wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1-mini',
            headers: { Authorization: 'Bearer sk-test', 'OpenAI-Organization': 'org-1', 'OpenAI-Project': 'proj_1' },
            model: 'gpt-realtime-2.1-mini',
            voice: 'cedar',
            instructions: 'Be kind.',
            greeting: 'Say hello.',
            greetingProtected: true,
            bargeIn: 'smart',
            interruptsItself: true,
            audioFormat: 'pcmu',
            turnDetection: {
                type: 'server_vad',
                threshold: 0.6,
                prefixPaddingMs: 200,
                silenceDurationMs: 700,
                idleTimeoutMs: 8000,
            },
            transcription: { model: 'gpt-transcribe', language: 'de' },
            noiseReduction: 'near_field',
            speed: 1.25,
            maxOutputTokens: 4096,
            reasoningEffort: 'low',
            truncation: { retentionRatio: 0.8 },
        });
    });

    it('takes semantic turn detection, a voice of one’s own, and greeting and transcription off', () => {
        const config = openai({
            OPENAI_TURN_DETECTION: 'semantic_vad',
            OPENAI_VAD_EAGERNESS: 'high',
            OPENAI_VOICE: 'voice_123abc',
            OPENAI_GREETING: 'Off',
            OPENAI_TRANSCRIPTION_MODEL: 'off',
        });
        expect(config.greeting).toBe('');
        expect(config.turnDetection).toEqual({ type: 'semantic_vad', eagerness: 'high' });
        expect(config.voice).toBe('voice_123abc');
        expect(config.transcription).toBeUndefined();
    });
});

describe('loadConfig with instructions in a file', () => {
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'config-'));
    });

    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    it('reads the file', () => {
        const path = join(folder, 'instructions.txt');
        writeFileSync(path, 'Speak slowly.\nSpell names.\n');
        expect(openai({ OPENAI_INSTRUCTIONS_FILE: path }).instructions).toBe('Speak slowly.\nSpell names.');
    });

    it.each([
        ['missing', undefined],
        ['empty', Buffer.from(' \n')],
        ['larger than 64 KB', Buffer.alloc(65_537, 'a')],
        ['not UTF-8', Buffer.from([0xc3, 0x28])],
    ])('names a file that is %s', (_, bytes) => {
        const path = join(folder, 'instructions.txt');
        if (bytes !== undefined) writeFileSync(path, bytes);
        expect(refusal({ OPENAI_INSTRUCTIONS_FILE: path }).message).toMatch(/OPENAI_INSTRUCTIONS_FILE is ".*UTF-8/);
    });
});

describe('loadConfig and the address of the bot', () => {
    it.each([
        ['https://eu.api.openai.com/v1', 'wss://eu.api.openai.com/v1/realtime?model=gpt-realtime-2.1'],
        ['https://proxy.example.com/openai/', 'wss://proxy.example.com/openai/realtime?model=gpt-realtime-2.1'],
        ['http://127.0.0.1:9000/v1', 'ws://127.0.0.1:9000/v1/realtime?model=gpt-realtime-2.1'],
        ['wss://proxy.example.com', 'wss://proxy.example.com/realtime?model=gpt-realtime-2.1'],
    ])('turns OPENAI_BASE_URL=%s into %s', (base, url) => {
        expect(openai({ OPENAI_BASE_URL: base }).url).toBe(url);
    });

    it('takes OPENAI_REALTIME_URL as it is, and adds the model where it is missing', () => {
        const base = 'http://127.0.0.1:1/v1';
        const url = 'ws://localhost:9000/some/where?x=1';
        expect(openai({ OPENAI_REALTIME_URL: url, OPENAI_BASE_URL: base }).url).toBe(`${url}&model=gpt-realtime-2.1`);
    });

    it('takes the model from OPENAI_REALTIME_URL when it names one', () => {
        const config = openai({ OPENAI_REALTIME_URL: 'wss://example.com/v1/realtime?model=other' });
        expect(config).toMatchObject({ model: 'other', url: 'wss://example.com/v1/realtime?model=other' });
    });

    it.each(['https://res.openai.azure.com', 'https://res.openai.azure.com/openai/v1/'])(
        'builds the generally available address of Azure from %s, with the api-key header only',
        (endpoint) => {
            const config = openai({
                AZURE_OPENAI_ENDPOINT: endpoint,
                AZURE_OPENAI_API_KEY: 'azure-key',
                AZURE_OPENAI_DEPLOYMENT: 'my-voice',
            });
            expect(config.url).toBe('wss://res.openai.azure.com/openai/v1/realtime?model=my-voice');
            expect(config.headers).toEqual({ 'api-key': 'azure-key' });
        },
    );

    it('reads the further options of the session', () => {
        const config = openai({
            OPENAI_TRANSCRIPTION_LANGUAGES: 'en, es,',
            OPENAI_TRANSCRIPTION_KEYWORDS: 'Brightwater Energy, IBAN',
            OPENAI_TRANSCRIPTION_PROMPT: 'Calls about bills.',
            OPENAI_NOISE_REDUCTION: 'far_field',
            OPENAI_NOISE_REDUCTION_STRENGTH: '0.5',
            OPENAI_TRUNCATION: '0.8',
            OPENAI_TRUNCATION_TOKENS: '8000',
            OPENAI_TOOL_CHOICE: 'function:find_Order',
            OPENAI_PARALLEL_TOOL_CALLS: 'false',
            OPENAI_TRACING: 'Bills desk',
            OPENAI_SAFETY_SALT: 'a-salt-of-our-own-1',
        });
        expect(config).toMatchObject({
            transcription: {
                model: 'gpt-transcribe',
                languages: ['en', 'es'],
                keywords: ['Brightwater Energy', 'IBAN'],
                prompt: 'Calls about bills.',
            },
            noiseReduction: 'far_field',
            noiseReductionStrength: 0.5,
            truncation: { retentionRatio: 0.8, tokensAfterInstructions: 8000 },
            toolChoice: { function: 'find_Order' },
            parallelToolCalls: false,
            tracing: { workflowName: 'Bills desk' },
            safetySalt: 'a-salt-of-our-own-1',
        });
    });

    it('leaves the further options out where nothing is set, with a salt that is random in each process', () => {
        const config = openai({});
        const { noiseReductionStrength, toolChoice, parallelToolCalls, tracing, truncation, transcription } = config;
        expect([noiseReductionStrength, toolChoice, parallelToolCalls, tracing]).toEqual(Array(4).fill(undefined));
        expect([truncation, transcription]).toEqual(['auto', { model: 'gpt-transcribe' }]);
        expect(config.safetySalt).toMatch(/^.{40,}$/);
        expect(openai({}).safetySalt).toBe(config.safetySalt);
        expect(openai({ OPENAI_SAFETY_SALT: 'off' }).safetySalt).toBeUndefined();
        expect(openai({ OPENAI_TRACING: 'AUTO' }).tracing).toBe('auto');
    });

    it.each([
        [{ OPENAI_TRANSCRIPTION_LANGUAGE: 'en', OPENAI_TRANSCRIPTION_LANGUAGES: 'en,es' }, 'are both set'],
        [
            { OPENAI_TRANSCRIPTION_MODEL: 'whisper-1', OPENAI_TRANSCRIPTION_KEYWORDS: 'IBAN' },
            'KEYWORDS does not go with',
        ],
        [{ OPENAI_TRANSCRIPTION_MODEL: 'off', OPENAI_TRANSCRIPTION_LANGUAGES: 'en' }, 'LANGUAGES does not go with'],
        [
            { OPENAI_TRANSCRIPTION_MODEL: 'gpt-realtime-whisper', OPENAI_TRANSCRIPTION_PROMPT: 'x' },
            'PROMPT does not go with',
        ],
        [{ OPENAI_NOISE_REDUCTION_STRENGTH: '1' }, 'OPENAI_NOISE_REDUCTION is `off`'],
        [{ OPENAI_TRUNCATION_TOKENS: '8000' }, 'needs OPENAI_TRUNCATION to be a number'],
        [{ OPENAI_PARALLEL_TOOL_CALLS: 'true', OPENAI_REALTIME_MODEL: 'gpt-realtime-1.5' }, 'does not know it'],
        [{ OPENAI_REASONING_EFFORT: 'low', OPENAI_REALTIME_MODEL: 'gpt-realtime-2025-08-28' }, 'cannot reason'],
        [{ OPENAI_TOOL_CHOICE: 'end_call' }, 'or `function:` with the name of a function'],
        [{ OPENAI_SAFETY_SALT: 'short' }, '16 to 200 characters'],
        [{ OPENAI_TRACING: 'a'.repeat(65) }, 'a name of 64 letters'],
    ])('refuses further options that can never work: %j', (env, words) => {
        expect(refusal(env).message).toContain(words);
    });

    it('takes Azure’s deployment for the name of the model, unless OPENAI_REALTIME_MODEL names another', () => {
        const azure = {
            AZURE_OPENAI_ENDPOINT: 'https://res.openai.azure.com',
            AZURE_OPENAI_API_KEY: 'azure-key',
            AZURE_OPENAI_DEPLOYMENT: 'GPT-realtime-1.5',
        };
        expect(openai(azure).model).toBe('gpt-realtime-1.5');
        expect(openai({ ...azure, OPENAI_REALTIME_MODEL: 'gpt-realtime-2.1' }).model).toBe('gpt-realtime-2.1');
        expect(refusal({ ...azure, OPENAI_REASONING_EFFORT: 'low' }).message).toContain(
            'said by OPENAI_REALTIME_MODEL',
        );
    });

    it.each([
        ['OPENAI_REALTIME_URL', 'ws://example.com/v1/realtime', 'wss://'],
        ['OPENAI_BASE_URL', 'http://10.0.0.1/v1', 'https://'],
        ['AZURE_OPENAI_ENDPOINT', 'http://127.0.0.1.example.com', 'https://'],
    ])('refuses %s=%s, where the key would travel in the clear', (name, url, right) => {
        expect(refusal({ [name]: url }).message).toContain(`${name} leads to`);
        expect(refusal({ [name]: url }).message).toContain(`right is ${right}`);
    });

    it.each(['ws://127.0.0.1:9/x', 'ws://[::1]:9/x', 'ws://localhost:9/x'])('takes %s, which stays here', (url) => {
        expect(openai({ OPENAI_REALTIME_URL: url }).url).toContain(url);
    });
});

describe('the proxies in front', () => {
    it('are none, or the one of AUDIOHOOK_TRUST_PROXY, unless TRUSTED_PROXIES says something else', () => {
        const proxies = (env: Record<string, string>): unknown => loadConfig(env).abuse.trustedProxies;
        expect(proxies({})).toBe(0);
        expect(proxies({ AUDIOHOOK_TRUST_PROXY: 'true' })).toBe(1);
        expect(proxies({ AUDIOHOOK_TRUST_PROXY: 'true', TRUSTED_PROXIES: '0' })).toBe(0);
        expect(proxies({ TRUSTED_PROXIES: '2' })).toBe(2);
        expect(proxies({ TRUSTED_PROXIES: '::1' })).toEqual(['::1']);
    });
});

describe('REPLAY_STORE', () => {
    it.each([
        'redis://localhost',
        'redis://127.0.0.1:6379/',
        'rediss://[::1]:6380/15',
        'redis://:p%40ss@redis.internal/0',
        'redis://me:word@redis',
    ])('can be %s', (url) => {
        expect(loadConfig({ REPLAY_STORE: url }).replayStore).toEqual({ url, failure: 'local' });
    });

    it('is this process alone where it is `memory`', () => {
        expect(loadConfig({ REPLAY_STORE: 'Memory' }).replayStore).toBeUndefined();
    });
});
