import { loadConfig, type OpenAIConfig } from '../../../src/config/config';
import {
    maxCallMinutesOf,
    openaiConfigOf,
    promptOf,
    turnTakingOf,
    environmentNeeds,
    missingEnvironment,
} from '../../../src/services/profiles/config';
import { botProfileSchema, type BotProfile } from '../../../src/services/profiles/schema';
import { overlapPhrases } from '../../../src/services/words';
import { TEST_TURN_TAKING } from '../../support/test-config';
import { httpTool, smallProfile } from './small-profile';

const PROMPT = { instructions: 'You are a bot.', greeting: 'Say hello.' };

function profile(changes: Record<string, unknown> = {}): BotProfile {
    return {
        ...botProfileSchema.parse(smallProfile(changes)),
        version: '0',
        name: 'a',
        instructions: 'Talk.',
        dialog: undefined,
    };
}

function server(env: Record<string, string> = {}): OpenAIConfig {
    const { openai } = loadConfig({ OPENAI_API_KEY: 'sk-server', ...env });
    if (openai === undefined) throw new Error('no key');
    return openai;
}

function configOf(changes: Record<string, unknown>, env: Record<string, string> = {}): OpenAIConfig | undefined {
    return openaiConfigOf(profile(changes), PROMPT, server(), env);
}

describe('the Realtime settings of a bot', () => {
    it('are the server’s but for the prompt when the profile says nothing', () => {
        expect(configOf({})).toEqual({ ...server(), ...PROMPT });
    });

    it('are the profile’s, setting by setting', () => {
        const realtime = {
            voice: 'cedar',
            speed: 1.2,
            reasoningEffort: 'low',
            maxOutputTokens: 500,
            audioFormat: 'pcmu',
            turnDetection: { type: 'server_vad', silenceDurationMs: 700 },
            transcription: { model: 'other' },
            noiseReduction: 'near_field',
            truncation: { retentionRatio: 0.5 },
        };
        expect(configOf({ realtime, greetingProtected: true, language: 'de-DE' })).toEqual({
            ...server(),
            ...PROMPT,
            ...realtime,
            turnDetection: { type: 'server_vad', threshold: 0.5, prefixPaddingMs: 300, silenceDurationMs: 700 },
            transcription: { model: 'other', language: 'de' },
            greetingProtected: true,
        });
    });

    it('may have the further options of the session, each instead of the server’s', () => {
        const realtime = {
            transcription: { languages: ['en', 'es'], keywords: ['IBAN'], prompt: 'Bills.' },
            noiseReduction: 'far_field',
            noiseReductionStrength: 0.5,
            truncation: { retentionRatio: 0.5, tokensAfterInstructions: 8000 },
            toolChoice: { function: 'end_call' },
            parallelToolCalls: false,
            tracing: { workflowName: 'Bills' },
        };
        expect(configOf({ realtime })).toEqual({
            ...server(),
            ...PROMPT,
            ...realtime,
            transcription: { model: 'gpt-transcribe', ...realtime.transcription },
        });
        const traced = server({ OPENAI_TRACING: 'auto', OPENAI_TRANSCRIPTION_KEYWORDS: 'IBAN' });
        const off = openaiConfigOf(profile({ realtime: { tracing: 'off' } }), PROMPT, traced, {});
        expect(off?.tracing).toBeUndefined();
        expect(off?.transcription).toEqual({ model: 'gpt-transcribe', keywords: ['IBAN'] });
    });

    it('a language of the profile stands before the languages of the server', () => {
        const base = server({ OPENAI_TRANSCRIPTION_LANGUAGES: 'en,es' });
        const german = openaiConfigOf(profile({ language: 'de-DE' }), PROMPT, base, {});
        expect(german?.transcription).toEqual({ model: 'gpt-transcribe', language: 'de' });
    });

    it('a way of its own is told no caller where the server tells none', () => {
        const upstream = { url: 'wss://rt.example.com/v1/realtime?model=one', keyVariable: 'OWN_KEY' };
        const env = { OWN_KEY: 'own-secret', OPENAI_SAFETY_SALT: 'off' };
        expect(openaiConfigOf(profile({ upstream }), PROMPT, undefined, env)?.safetySalt).toBeUndefined();
    });

    it('can switch off what the server has on', () => {
        const base = server({ OPENAI_NOISE_REDUCTION: 'far_field', OPENAI_GREETING_PROTECTED: 'true' });
        const quiet = profile({
            realtime: { transcription: 'off', noiseReduction: 'off' },
            greetingProtected: false,
            turnTaking: { bargeInMinSpeechMs: 300 },
        });
        expect(openaiConfigOf(quiet, PROMPT, base, {})).toMatchObject({
            transcription: undefined,
            noiseReduction: undefined,
            greetingProtected: false,
            bargeIn: 'instant',
            interruptsItself: false,
        });
    });

    it('expect the language of the profile, unless transcription names one or is off', () => {
        const language = 'en-US';
        expect(configOf({ language })?.transcription).toEqual({ model: 'gpt-transcribe', language: 'en' });
        const own = { transcription: { language: 'es' } };
        expect(configOf({ language, realtime: own })?.transcription).toEqual({
            model: 'gpt-transcribe',
            language: 'es',
        });
        const off = server({ OPENAI_TRANSCRIPTION_MODEL: 'off' });
        expect(openaiConfigOf(profile({ language }), PROMPT, off, {})?.transcription).toBeUndefined();
    });

    it('lead to the model that the profile names; with Azure the deployment stays', () => {
        const realtime = { model: 'gpt-realtime-mini' };
        expect(configOf({ realtime })).toMatchObject({
            url: 'wss://api.openai.com/v1/realtime?model=gpt-realtime-mini',
            model: 'gpt-realtime-mini',
        });
        const azure = server({
            AZURE_OPENAI_ENDPOINT: 'https://mine.openai.azure.com',
            AZURE_OPENAI_API_KEY: 'azure-key',
            AZURE_OPENAI_DEPLOYMENT: 'talk',
        });
        const config = openaiConfigOf(profile({ realtime }), PROMPT, azure, {});
        expect(config).toMatchObject({ url: azure.url, model: 'gpt-realtime-mini' });
    });

    it('lead to a server of the profile’s own, with its own key and nothing of the other’s', () => {
        const upstream = { url: 'wss://rt.example.com/v1/realtime?model=one&x=1', keyVariable: 'OWN_KEY' };
        const env = { OWN_KEY: 'own-secret', OPENAI_API_KEY: 'sk-server' };
        const config = configOf({ upstream, realtime: { model: 'two', voice: 'sage' } }, env);
        expect(config).toMatchObject({
            url: 'wss://rt.example.com/v1/realtime?model=two&x=1',
            model: 'two',
            voice: 'sage',
        });
        expect(config?.headers).toEqual({ Authorization: 'Bearer own-secret' });
        expect(configOf({ upstream }, env)?.model).toBe('one');
    });

    it('lead to an Azure resource of the profile’s own', () => {
        const azure = { endpoint: 'https://eu.openai.azure.com', deployment: 'talk-eu' };
        const config = configOf({ upstream: { azure, keyVariable: 'EU_KEY' } }, { EU_KEY: 'eu-secret' });
        expect(config?.url).toBe('wss://eu.openai.azure.com/openai/v1/realtime?model=talk-eu');
        expect(config?.headers).toEqual({ 'api-key': 'eu-secret' });
    });

    it('are none without the key that the profile names: never the server’s key to another address', () => {
        const upstream = { url: 'wss://rt.example.com/realtime', keyVariable: 'OWN_KEY' };
        const azure = { endpoint: 'https://eu.openai.azure.com', deployment: 'talk-eu' };
        expect(configOf({ upstream })).toBeUndefined();
        expect(configOf({ upstream }, { OWN_KEY: ' ' })).toBeUndefined();
        expect(configOf({ upstream: { azure, keyVariable: 'OWN_KEY' } })).toBeUndefined();
    });

    it('need no key of the server when the profile has its own', () => {
        const upstream = { url: 'ws://127.0.0.1:9000/realtime', keyVariable: 'OWN_KEY' };
        const own = openaiConfigOf(profile({ upstream }), PROMPT, undefined, { OWN_KEY: 'k' });
        expect(own).toMatchObject({ ...PROMPT, voice: 'marin', audioFormat: 'pcm16' });
        expect(own?.url).toMatch(/^ws:\/\/127\.0\.0\.1:9000\/realtime\?model=gpt-realtime/);
        expect(openaiConfigOf(profile(), PROMPT, undefined, {})).toBeUndefined();
    });
});

describe('what interrupts a bot', () => {
    const NONE = {};
    const MIN_300 = { BARGE_IN_MIN_SPEECH_MS: '300' };

    it.each([
        ['as on the server', NONE, {}, 'smart', true],
        ['as on the server', { BARGE_IN: 'off' }, {}, 'off', false],
        ['as on the server', { BARGE_IN: 'instant' }, {}, 'instant', true],
        ['as on the server', MIN_300, {}, 'instant', false],
        ['in its own mode', NONE, { bargeIn: { mode: 'instant' } }, 'instant', true],
        ['in its own mode', { BARGE_IN: 'off' }, { bargeIn: { mode: 'instant' } }, 'instant', true],
        ['with the server’s amount of speech', MIN_300, { bargeIn: { mode: 'instant' } }, 'instant', false],
        ['in its own mode', { BARGE_IN: 'instant' }, { bargeIn: { mode: 'smart' } }, 'smart', true],
        ['in its own mode', MIN_300, { bargeIn: { mode: 'off' } }, 'off', false],
        ['as before there were modes', NONE, { turnTaking: { bargeInMinSpeechMs: 0 } }, 'instant', true],
        ['as before there were modes', MIN_300, { turnTaking: { bargeInMinSpeechMs: 0 } }, 'instant', true],
        ['as before there were modes', NONE, { turnTaking: { bargeInMinSpeechMs: 9 } }, 'instant', false],
    ])('is decided %s: server %j, profile %j', (_, env, changes, mode, itself) => {
        const { openai, turnTaking } = loadConfig({ OPENAI_API_KEY: 'sk-server', ...env });
        const config = openaiConfigOf(profile(changes), PROMPT, openai, {});
        expect([config?.bargeIn, config?.interruptsItself]).toEqual([mode, itself]);
        expect(turnTakingOf(profile(changes), turnTaking).bargeIn.mode).toBe(mode);
    });

    it('is the server’s mode too where only the profile has a way to a model', () => {
        const upstream = { url: 'wss://rt.example.com/v1/realtime?model=one', keyVariable: 'OWN_KEY' };
        const own = openaiConfigOf(profile({ upstream }), PROMPT, undefined, { OWN_KEY: 'k', BARGE_IN: 'off' });
        expect(own?.bargeIn).toBe('off');
    });

    it('are the phrases of its language, and its own', () => {
        const bargeIn = { backchannels: ['roger'], alwaysYield: ['Anna'] };
        const german = turnTakingOf(profile({ language: 'de-DE', bargeIn }), TEST_TURN_TAKING).bargeIn;
        expect(german.backchannels).toEqual(expect.arrayContaining(['roger', 'ach so', 'uh-huh']));
        expect(german.alwaysYield).toEqual(expect.arrayContaining(['Anna', 'halt', 'wait']));
    });
});

describe('the other settings of a bot', () => {
    it('have the server’s greeting only when the profile has none, and an empty one is one', () => {
        expect(promptOf(profile(), { instructions: 'Be.', greeting: 'Hello.' }).greeting).toBe('Hello.');
        expect(promptOf(profile({ greeting: '' }), { instructions: 'Be.', greeting: 'Hello.' }).greeting).toBe('');
    });

    it('leave turn-taking as it is, or change it setting by setting', () => {
        const bargeIn = { mode: 'instant', ...overlapPhrases(undefined) };
        expect(turnTakingOf(profile(), TEST_TURN_TAKING)).toEqual({ ...TEST_TURN_TAKING, bargeIn });
        const changed = profile({
            turnTaking: {
                bargeInMinSpeechMs: 250,
                noInputSeconds: 1.5,
                reprompts: 0,
                deadAirSeconds: 3,
                maxTurns: 9,
                maxCostUsd: 2,
            },
            digits: { terminator: 'none', singleKeys: '0', maxDigits: 4, interDigitSeconds: 2, totalSeconds: 9 },
        });
        expect(turnTakingOf(changed, TEST_TURN_TAKING)).toEqual({
            ...TEST_TURN_TAKING,
            bargeIn,
            bargeInMinSpeechMs: 250,
            noInputMs: 1500,
            maxReprompts: 0,
            deadAirMs: 3000,
            maxTurns: 9,
            maxCostUsd: 2,
            dtmf: { terminator: '', singleKeys: '0', maxDigits: 4, interDigitMs: 2000, totalMs: 9000 },
        });
    });

    it('can make a call shorter than the server allows, not longer', () => {
        expect(maxCallMinutesOf(profile(), 60)).toBe(60);
        expect(maxCallMinutesOf(profile({ turnTaking: { maxCallMinutes: 5 } }), 60)).toBe(5);
        expect(maxCallMinutesOf(profile({ turnTaking: { maxCallMinutes: 90 } }), 60)).toBe(60);
    });

    it('name each variable of the environment once', () => {
        const bot = profile({
            upstream: { url: 'wss://a.example.com', keyVariable: 'KEY' },
            tools: [
                httpTool({ headers: { Authorization: '${KEY}', 'X-Team': '${TEAM}' } }),
                { kind: 'data_action', name: 'find', description: 'Finds.', actionId: 'a' },
                {
                    kind: 'mcp',
                    label: 'm',
                    url: 'https://m.example.com',
                    allowedTools: ['x'],
                    authorizationVariable: 'MCP',
                },
            ],
        });
        const names = ['KEY', 'TEAM', 'GENESYS_REGION', 'GENESYS_CLIENT_ID', 'GENESYS_CLIENT_SECRET', 'MCP'];
        expect(environmentNeeds(bot).map(({ name }) => name)).toEqual(names);
        const missing = missingEnvironment(bot, {
            KEY: 'k',
            TEAM: ' ',
            MCP: 'm',
            GENESYS_REGION: 'r',
            GENESYS_CLIENT_ID: 'i',
        });
        expect(missing.map(({ name }) => name)).toEqual(['TEAM', 'GENESYS_CLIENT_SECRET']);
    });
});
