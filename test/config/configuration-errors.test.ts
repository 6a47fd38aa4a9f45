import { loadConfig } from '../../src/config/config';
import { RENAMED_VARIABLES } from '../../src/config/variables';
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

describe('loadConfig with wrong values', () => {
    it.each([
        ['PORT', 'abc'],
        ['PORT', '-1'],
        ['PORT', '65536'],
        ['PORT', '80.5'],
        ['PORT', '1e3'],
        ['HOST', 'not a host'],
        ['HOST', 'http://localhost'],
        ['AUDIOHOOK_PATH', 'audiohook'],
        ['AUDIOHOOK_PATH', '/a?b=c'],
        ['AUDIOHOOK_PATH', '/a b'],
        ['AUDIOHOOK_PATH', '//'],
        ['AUDIOHOOK_ORGANIZATIONS', 'd7934305-0972-4844-938e-9060eef73d05,acme'],
        ['AUDIOHOOK_AUTHORITIES', 'https://bot.example.com'],
        ['AUDIOHOOK_AUTHORITIES', 'bot.example.com/path'],
        ['AUDIOHOOK_TRUST_PROXY', 'yes'],
        ['MAX_SESSIONS', '0'],
        ['ADMISSION', 'on'],
        ['MAX_EVENT_LOOP_DELAY_MS', '9'],
        ['MAX_MEMORY_MIB', '255'],
        ['REPLAY_STORE_FAILURE', 'open'],
        ['MAX_SESSIONS_PER_KEY', '-1'],
        ['MAX_SESSIONS_TOTAL', 'all'],
        ['MAX_FAILED_AUTH_PER_MINUTE', '0.5'],
        ['TRUSTED_PROXIES', '11'],
        ['TRUSTED_PROXIES', ','],
        ['TRUSTED_PROXIES', 'true'],
        ['TRUSTED_PROXIES', 'proxy.example.com'],
        ['TRUSTED_PROXIES', '10.0.0.0/0'],
        ['TRUSTED_PROXIES', '10.0.0.0/33'],
        ['TRUSTED_PROXIES', '10.0.0.1/8'],
        ['TRUSTED_PROXIES', '::/0'],
        ['TRUSTED_PROXIES', '2001:db8::1/64'],
        ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
        ['TRUSTED_PROXIES', 'fe80::1%eth0'],
        ['TRUSTED_PROXIES', '10.0.0.0/8,300.0.0.1'],
        ['MAX_UNOPENED_CONNECTIONS', '0'],
        ['MAX_CALL_MINUTES', '0'],
        ['SHUTDOWN_DRAIN_SECONDS', '-1'],
        ['SHUTDOWN_GRACE_SECONDS', '3601'],
        ['PLAYBACK_LEAD_MS', '299'],
        ['PLAYBACK_LEAD_MS', '5001'],
        ['LOG_LEVEL', 'verbose'],
        ['LOG_TRANSCRIPTS', '1'],
        ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317'],
        ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://example.com'],
        ['OTEL_TRACES_SAMPLER', 'sometimes'],
        ['OTEL_TRACES_SAMPLER_ARG', '2'],
        ['OTEL_TRACES_EXPORTER', 'zipkin'],
        ['OTEL_SDK_DISABLED', '1'],
        ['TRACE_CONTENT', 'yes'],
        ['OPENAI_REALTIME_URL', 'api.openai.com'],
        ['OPENAI_REALTIME_URL', 'https://api.openai.com/v1/realtime'],
        ['OPENAI_REALTIME_URL', 'wss://example.com/#part'],
        ['OPENAI_BASE_URL', 'ftp://example.com'],
        ['OPENAI_ORG_ID', 'two words'],
        ['OPENAI_REALTIME_MODEL', 'gpt realtime'],
        ['OPENAI_VOICE', 'alice'],
        ['OPENAI_VOICE', 'voice_'],
        ['OPENAI_GREETING_PROTECTED', 'maybe'],
        ['OPENAI_AUDIO_FORMAT', 'pcma'],
        ['OPENAI_TURN_DETECTION', 'none'],
        ['OPENAI_VAD_THRESHOLD', '1.1'],
        ['OPENAI_VAD_PREFIX_MS', '-5'],
        ['OPENAI_VAD_SILENCE_MS', '50'],
        ['OPENAI_VAD_IDLE_TIMEOUT_MS', '4999'],
        ['OPENAI_VAD_IDLE_TIMEOUT_MS', '30001'],
        ['OPENAI_VAD_EAGERNESS', 'keen'],
        ['OPENAI_TRANSCRIPTION_MODEL', 'a b'],
        ['OPENAI_TRANSCRIPTION_LANGUAGE', 'English'],
        ['OPENAI_NOISE_REDUCTION', 'on'],
        ['OPENAI_SPEED', '0.2'],
        ['OPENAI_SPEED', '1.6'],
        ['OPENAI_MAX_OUTPUT_TOKENS', '0'],
        ['OPENAI_MAX_OUTPUT_TOKENS', '4097'],
        ['OPENAI_REASONING_EFFORT', 'huge'],
        ['OPENAI_TRUNCATION', '1.5'],
        ['OPENAI_TRUNCATION', 'never'],
        ['FORCE_FALLBACK', 'first'],
        ['LOCAL_TTS', 'loud'],
        ['LOCAL_ASR', 'off'],
    ])('names %s and its value %s, and says what would be right', (name, value) => {
        const fault = refusal({ [name]: value });
        expect(fault.code).toBe('ERR_CONFIG');
        expect(fault.message).toContain(`${name} is ${JSON.stringify(value)}; right is `);
    });

    it.each([
        'http://redis.example.com',
        'redis',
        'redis:',
        'redis://',
        'redis:///0',
        'redis://two hosts',
        'redis://a_b!c',
        'redis://redis:0',
        'redis://redis:65536',
        'redis://redis/first',
        'redis://redis/0/1',
        'redis://redis?enableOfflineQueue=true',
        'redis://redis/0#part',
        'redis://name@redis',
        'redis://:%zz@redis',
        'redis://one,redis://two',
    ])('refuses the replay store %s, which can never work, and does not show it', (value) => {
        const { code, message } = refusal({ REPLAY_STORE: value });
        expect(code).toBe('ERR_CONFIG');
        expect(message).toContain(
            'REPLAY_STORE has an unusable value (not shown here); right is `memory`, or a `redis://`',
        );
        expect(message).not.toContain(`"${value}"`);
    });

    it('names all wrong variables at once, and only those', () => {
        const { message } = refusal({ PORT: 'x', OPENAI_SPEED: '9', LOG_LEVEL: 'info', OPENAI_VAD_EAGERNESS: 'low' });
        expect(message.match(/^ {2}- \w+/gm)).toEqual(['  - PORT', '  - OPENAI_SPEED', '  - OPENAI_VAD_EAGERNESS']);
    });

    it.each(['fable', 'onyx', 'Nova'])('says of the voice %s that the Realtime API does not have it', (voice) => {
        const { message } = refusal({ OPENAI_VOICE: voice });
        expect(message).toContain('marin, cedar, alloy, ash, ballad, coral, echo, sage, shimmer, verse');
        expect(message).toContain('text-to-speech');
    });

    it('never shows a key, nor what a URL may hide', () => {
        const { message } = refusal({
            OPENAI_API_KEY: 'sk-secret one',
            AZURE_OPENAI_API_KEY: 'sk-secret two',
            OPENAI_REALTIME_URL: 'wss://user:sk-secret@example.com/?token=sk-secret',
            REPLAY_STORE: 'redis://:sk-secret@redis?x',
        });
        expect(message).toMatch(/OPENAI_API_KEY[^]*AZURE_OPENAI_API_KEY|AZURE_OPENAI_API_KEY[^]*OPENAI_API_KEY/);
        expect(message).toContain('OPENAI_REALTIME_URL');
        expect(message).not.toContain('sk-secret');
    });

    it.each(['https://me:sk-/secret@example.com', 'https://me:@sk-secret@example.com', 'me:sk-secret@example.com'])(
        'shows no part of the user name and the password of the address %s',
        (address) => {
            const { message } = refusal({ OPENAI_BASE_URL: address });
            expect(message).toContain('…@example.com"');
            expect(message).not.toMatch(/me:|sk-|secret/);
        },
    );

    it('does not print a value of any length', () => {
        expect(refusal({ PORT: '9'.repeat(10_000) }).message.length).toBeLessThan(300);
    });
});

describe('loadConfig with values that do not fit together', () => {
    it.each([
        [
            { ADMISSION: 'off', MAX_EVENT_LOOP_DELAY_MS: '40' },
            /MAX_EVENT_LOOP_DELAY_MS does not go with ADMISSION=off; right is ADMISSION=load/,
        ],
        [{ METRICS_HOST: '0.0.0.0' }, /METRICS_HOST is set, and METRICS_PORT is not; right is to set both/],
        [{ METRICS_TOKEN: 'x'.repeat(16) }, /METRICS_TOKEN is set, and METRICS_PORT is not; right is to set both/],
        [{ METRICS_PORT: '8080' }, /METRICS_PORT and PORT are both 8080; right is a port of its own/],
        [{ METRICS_PORT: '9464', METRICS_TOKEN: 'short' }, /METRICS_TOKEN has an unusable value \(not shown here\)/],
        [{ ADMISSION: 'off', MAX_MEMORY_MIB: '500' }, /MAX_MEMORY_MIB does not go with ADMISSION=off/],
        [{ REPLAY_STORE_FAILURE: 'closed' }, /REPLAY_STORE_FAILURE does not go with REPLAY_STORE=memory/],
        [{ MAX_SESSIONS_TOTAL: '5' }, /MAX_SESSIONS_TOTAL does not go with REPLAY_STORE=memory/],
        [{ LOCAL_VOICE: 'klaus' }, /LOCAL_VOICE is "klaus", and LOCAL_TTS is `flite`: flite has rms and slt\./],
        [
            { LOCAL_TTS: 'sherpa', LOCAL_TTS_MODEL_PATH: '/models', LOCAL_VOICE: 'klaus' },
            /a voice of sherpa-onnx is a number from 0/,
        ],
        [
            { LOCAL_TTS: 'openai', OPENAI_API_KEY: 'sk', LOCAL_VOICE: 'klaus' },
            /LOCAL_VOICE is "klaus".*OpenAI has alloy, ash/,
        ],
        [
            { AUDIOHOOK_API_KEYS: '{}', AUDIOHOOK_API_KEYS_FILE: 'keys.json' },
            /AUDIOHOOK_API_KEYS and .*_FILE are both set/,
        ],
        [{ OPENAI_INSTRUCTIONS: 'a', OPENAI_INSTRUCTIONS_FILE: __filename }, /OPENAI_INSTRUCTIONS and .* both set/],
        [
            { BARGE_IN: 'off', BARGE_IN_MIN_SPEECH_MS: '0' },
            /MIN_SPEECH_MS does not go with BARGE_IN=off; right is BARGE_IN=instant/,
        ],
        [{ OPENAI_VAD_EAGERNESS: 'low' }, /EAGERNESS does not go with OPENAI_TURN_DETECTION=server_vad/],
        [
            { OPENAI_TURN_DETECTION: 'semantic_vad', OPENAI_VAD_SILENCE_MS: '500' },
            /SILENCE_MS does not go with OPENAI_TURN_DETECTION=semantic_vad/,
        ],
        [
            { OPENAI_REASONING_EFFORT: 'low', OPENAI_REALTIME_MODEL: 'gpt-realtime-1.5' },
            /"gpt-realtime-1.5" cannot reason/,
        ],
        [
            { FORCE_FALLBACK: 'rest', NODE_ENV: 'production', AUDIOHOOK_API_KEYS: '{}' },
            /in production it must be `off`/,
        ],
        [{ ALERT_WEBHOOK_URL: 'https://a.example' }, /ALERT_WEBHOOK_SECRET must be set too, beside ALERT_WEBHOOK_URL/],
        [
            { ALERT_WEBHOOK_URL: 'http://a.example', ALERT_WEBHOOK_SECRET: 'a-long-enough-secret' },
            /ALERT_WEBHOOK_URL leads to http:\/\/a.example, where the alert would be sent unencrypted/,
        ],
        [{ ALERT_BUDGET_USD: '5' }, /ALERT_BUDGET_USD is set, and ALERT_WEBHOOK_URL is not/],
        [
            { GENESYS_REGION: 'mypurecloud.de', GENESYS_CLIENT_ID: 'c' },
            /GENESYS_CLIENT_SECRET must be set too: the three GENESYS variables/,
        ],
        [{ AZURE_OPENAI_API_KEY: 'k' }, /AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_DEPLOYMENT must be set too/],
        [
            {
                AZURE_OPENAI_ENDPOINT: 'https://x.example.com',
                AZURE_OPENAI_API_KEY: 'k',
                AZURE_OPENAI_DEPLOYMENT: 'd',
                OPENAI_BASE_URL: 'https://y.example.com',
            },
            /AZURE_OPENAI_ENDPOINT and OPENAI_BASE_URL are both set/,
        ],
        [
            { OPENAI_REALTIME_URL: 'wss://example.com/?model=a', OPENAI_REALTIME_MODEL: 'b' },
            /OPENAI_REALTIME_MODEL is "b", but OPENAI_REALTIME_URL names "a"/,
        ],
    ])('refuses %j', (env: Env, sentence) => {
        expect(refusal(env).code).toBe('ERR_CONFIG');
        expect(refusal(env).message).toMatch(sentence);
    });

    it('does not judge what fits to a variable that is itself wrong', () => {
        const { message } = refusal({ OPENAI_TURN_DETECTION: 'semantic', OPENAI_VAD_EAGERNESS: 'low' });
        expect(message).not.toContain('EAGERNESS');
    });

    it('takes both transcription language and transcription off', () => {
        const env = { OPENAI_TRANSCRIPTION_MODEL: 'off', OPENAI_TRANSCRIPTION_LANGUAGE: 'en' };
        expect(loadConfig(env).port).toBe(8080);
    });
});

describe('development keys', () => {
    it.each([{ NODE_ENV: 'production' }, { HOST: '0.0.0.0' }, { HOST: '::' }, { HOST: 'bot.example.com' }])(
        'are refused with %j',
        (env) => {
            expect(refusal(env).code).toBe('ERR_DEV_KEYS_REFUSED');
        },
    );

    it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('are made when the server listens on %s', (host) => {
        expect(loadConfig({ HOST: host }).apiKeys.kind).toBe('development');
    });

    it('are named beside the other problems', () => {
        expect(refusal({ HOST: '0.0.0.0', PORT: 'x' }).message).toMatch(/PORT is "x"[^]*development key is refused/);
    });
});

describe('the warnings of loadConfig', () => {
    it('are empty when nothing is wrong', () => {
        expect(loadConfig({ AUDIOHOOK_PATH: '/', OPENAI_LOG: 'debug', PATH: '/bin' }).warnings).toEqual([]);
    });

    it.each([
        ['OPENAI_API_KYE', 'OPENAI_API_KEY'],
        ['OPENAI_VOIC', 'OPENAI_VOICE'],
        ['OPENAI_KEY', 'OPENAI_API_KEY'],
        ['OPEN_AI_API_KEY', 'OPENAI_API_KEY'],
        ['openai_api_key', 'OPENAI_API_KEY'],
        ['AZURE_OPENAI_KEY', 'AZURE_OPENAI_API_KEY'],
        ['LOCAL_TSS', 'LOCAL_TTS'],
        ['DTMF_MAX_DIGIT', 'DTMF_MAX_DIGITS'],
        ['GENESYS_CLIENT_SECRT', 'GENESYS_CLIENT_SECRET'],
        ['NOINPUT_SECONDS', 'NO_INPUT_SECONDS'],
        ['MAX_SESSION', 'MAX_SESSIONS'],
        ['BOTS_FODLER', 'BOTS_FOLDER'],
        ['DEFALT_BOT', 'DEFAULT_BOT'],
        ['LOGLEVEL', 'LOG_LEVEL'],
        ['PROT', 'PORT'],
        ['FALBACK', 'FALLBACK'],
    ])('names the variable that was meant by %s', (written, meant) => {
        expect(loadConfig({ [written]: 'x' }).warnings).toEqual([
            {
                code: 'ERR_CONFIG_UNKNOWN',
                message: `${written} is not a setting of this server: did you mean ${meant}?`,
            },
        ]);
    });

    it('say nothing of variables of other programs, nor of a second key that a profile may name', () => {
        const others = [
            'PATH',
            'HOME',
            'HOSTNAME',
            'USER',
            'LOGNAME',
            'SHELL',
            'LANG',
            'TERM',
            'PWD',
            'NODE_OPTIONS',
            'TZ',
        ];
        const more = [
            'OPENAI_API_KEY_2',
            'OPENAI_API_KEY_SALES',
            'OPENAI_LOG',
            'host',
            'port',
            'npm_config_host',
            'POST_URL',
        ];
        const env = Object.fromEntries([...others, ...more].map((name) => [name, 'x']));
        expect(loadConfig(env).warnings).toEqual([]);
    });

    it('say nothing of the variables of the proxy in small letters, which count', () => {
        const env = { https_proxy: 'http://proxy:3128', no_proxy: 'example.com', HTTP_PROXY: 'http://proxy:3128' };
        expect(loadConfig(env).warnings).toEqual([]);
    });

    it('name a misspelt variable that begins with AUDIOHOOK_', () => {
        expect(loadConfig({ AUDIOHOOK_ORGANISATIONS: 'x', AUDIOHOOK_NOTHING: ' ' }).warnings).toEqual([
            {
                code: 'ERR_CONFIG_UNKNOWN',
                message:
                    'AUDIOHOOK_ORGANISATIONS is not a setting of this server: did you mean AUDIOHOOK_ORGANIZATIONS?',
            },
        ]);
    });
});

describe('a renamed variable', () => {
    it.each(RENAMED_VARIABLES)('is read under its old name $old, with one warning that says $new', (names) => {
        const value = names.new === 'FORCE_FALLBACK' ? 'local' : 'my-model';
        const before = loadConfig({ OPENAI_API_KEY: 'sk-1', [names.old]: value });
        const after = loadConfig({ OPENAI_API_KEY: 'sk-1', [names.new]: value });
        expect(before).toEqual({ ...after, warnings: before.warnings });
        expect(before.localSpeech).not.toEqual(loadConfig({ OPENAI_API_KEY: 'sk-1' }).localSpeech);
        expect(after.warnings).toEqual([]);
        const message = `${names.old} is now called ${names.new}; the next version does not read the old name`;
        expect(before.warnings).toEqual([{ code: 'ERR_CONFIG_RENAMED', message }]);
    });

    it('counts as not set when its old name is empty', () => {
        expect(loadConfig({ FORCE_RUNG: ' ' })).toEqual(loadConfig({}));
    });

    it('may be set to the same value under both names, with the warning', () => {
        const config = loadConfig({ FORCE_RUNG: 'rest', FORCE_FALLBACK: 'rest' });
        expect(config.localSpeech.forceFallback).toBe('rest');
        expect(config.warnings.map(({ code }) => code)).toEqual(['ERR_CONFIG_RENAMED']);
    });

    it('is refused when its two names have different values', () => {
        const fault = refusal({ FORCE_RUNG: 'rest', FORCE_FALLBACK: 'local' });
        expect(fault.code).toBe('ERR_CONFIG');
        expect(fault.message).toContain(
            'FORCE_RUNG and FORCE_FALLBACK are both set and differ; right is only FORCE_FALLBACK.',
        );
    });

    it('is named as the operator has written it when its value is wrong', () => {
        const { message } = refusal({ FORCE_RUNG: 'first' });
        expect(message.match(/^ {2}- .*$/gm)).toEqual([
            '  - FORCE_RUNG is "first"; right is `off`, `rest`, `local` or `apology`.',
        ]);
    });

    it('is checked by the rules like the new one', () => {
        const env = { FORCE_RUNG: 'local', NODE_ENV: 'production', AUDIOHOOK_API_KEYS: '{}' };
        expect(refusal(env).message).toContain('FORCE_FALLBACK is for tests of the fallback');
    });
});

describe('an engine that has become an example', () => {
    it.each([
        ['LOCAL_TTS', 'espeak', '`flite`, `openai`, `sherpa` or `custom`'],
        ['LOCAL_ASR', 'PocketSphinx', '`none`, `openai`, `sherpa` or `custom`'],
    ])('%s=%s is refused with the way to the example', (name, value, right) => {
        const { message } = refusal({ [name]: value });
        expect(message).toContain(
            `${name} is "${value}"; right is ${right}. \`${value.toLowerCase()}\` is now an example, see examples/README.md.`,
        );
    });

    it('says nothing about examples for another wrong value', () => {
        expect(refusal({ LOCAL_TTS: 'loud' }).message).not.toContain('example,');
    });
});
