import { getPort, loadConfig } from '../../src/config/config';
import { unknownVariables } from '../../src/config/reader';
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
        ['MAX_CALL_MINUTES', '0'],
        ['SHUTDOWN_GRACE_SECONDS', '3601'],
        ['PLAYBACK_LEAD_MS', '299'],
        ['PLAYBACK_LEAD_MS', '5001'],
        ['LOG_LEVEL', 'verbose'],
        ['LOG_TRANSCRIPTS', '1'],
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
    ])('names %s and its value %s, and says what would be right', (name, value) => {
        const fault = refusal({ [name]: value });
        expect(fault.code).toBe('ERR_CONFIG');
        expect(fault.message).toContain(`${name} is ${JSON.stringify(value)}; right is `);
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
        });
        expect(message).toMatch(/OPENAI_API_KEY[^]*AZURE_OPENAI_API_KEY|AZURE_OPENAI_API_KEY[^]*OPENAI_API_KEY/);
        expect(message).toContain('OPENAI_REALTIME_URL');
        expect(message).not.toContain('sk-secret');
    });

    it('does not print a value of any length', () => {
        expect(refusal({ PORT: '9'.repeat(10_000) }).message.length).toBeLessThan(300);
    });
});

describe('loadConfig with values that do not fit together', () => {
    it.each([
        [
            { AUDIOHOOK_API_KEYS: '{}', AUDIOHOOK_API_KEYS_FILE: 'keys.json' },
            /AUDIOHOOK_API_KEYS and .*_FILE are both set/,
        ],
        [{ OPENAI_INSTRUCTIONS: 'a', OPENAI_INSTRUCTIONS_FILE: __filename }, /OPENAI_INSTRUCTIONS and .* both set/],
        [{ OPENAI_VAD_EAGERNESS: 'low' }, /EAGERNESS does not go with OPENAI_TURN_DETECTION=server_vad/],
        [
            { OPENAI_TURN_DETECTION: 'semantic_vad', OPENAI_VAD_SILENCE_MS: '500' },
            /SILENCE_MS does not go with OPENAI_TURN_DETECTION=semantic_vad/,
        ],
        [
            { OPENAI_REASONING_EFFORT: 'low', OPENAI_REALTIME_MODEL: 'gpt-realtime-1.5' },
            /"gpt-realtime-1.5" cannot reason/,
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

describe('unknownVariables', () => {
    it('finds a misspelt variable of ours, and nothing else', () => {
        const env = { AUDIOHOOK_ORGANISATIONS: 'x', AUDIOHOOK_PATH: '/', OPENAI_LOG: 'debug', PATH: '/bin' };
        expect(unknownVariables(env)).toEqual(['AUDIOHOOK_ORGANISATIONS']);
    });
});

describe('getPort', () => {
    const before = process.env['PORT'];

    afterEach(() => {
        if (before === undefined) delete process.env['PORT'];
        else process.env['PORT'] = before;
    });

    it('reads PORT', () => {
        process.env['PORT'] = '9090';
        expect(getPort()).toBe(9090);
    });

    it('is 8080 without PORT', () => {
        delete process.env['PORT'];
        expect(getPort()).toBe(8080);
    });

    it('refuses what is not a port', () => {
        process.env['PORT'] = 'http';
        expect(() => getPort()).toThrow(/PORT is "http"; right is a whole number/);
    });
});
