import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../src/config/config';

/** The folder of the package. */
const OPENAI = dirname(require.resolve('openai'));

type Env = Record<string, string>;

describe('OpenAI over HTTP', () => {
    const key = { OPENAI_API_KEY: 'sk-1' };
    const rest = (env: Env) => loadConfig({ ...key, ...env }).localSpeech.rest;

    it('is where the Realtime API is, with the models that are named', () => {
        expect(rest({ OPENAI_PROJECT_ID: 'proj_1', OPENAI_VOICE: 'cedar' })).toEqual({
            apiKey: 'sk-1',
            baseURL: 'https://api.openai.com/v1',
            headers: { 'OpenAI-Project': 'proj_1' },
            chatModel: 'gpt-5.4-mini',
            speechModel: 'gpt-4o-mini-tts',
            transcriptionModel: 'gpt-transcribe',
            voice: 'cedar',
        });
        const named = { OPENAI_CHAT_MODEL: 'c', OPENAI_SPEECH_MODEL: 's', OPENAI_HTTP_TRANSCRIPTION_MODEL: 'h' };
        expect(rest(named)).toMatchObject({ chatModel: 'c', speechModel: 's', transcriptionModel: 'h' });
        expect(rest({ OPENAI_CHAT_MODEL: 'Off' })?.chatModel).toBeUndefined();
    });

    it('has by default a chat model that the installed package knows, while it does not know the newer small one', () => {
        const names = readFileSync(join(OPENAI, 'resources', 'shared.d.ts'), 'utf8');
        expect(names).toContain(`'${rest({})?.chatModel ?? ''}'`);
        expect(names).not.toContain("'gpt-6-luna'");
    });

    it('has documents that say why this chat model is the default, and which newer small one can be named', () => {
        const page = readFileSync(join(__dirname, '..', '..', 'docs', 'CONFIGURATION.md'), 'utf8');
        const row = page.split('\n').find((line) => line.startsWith('| `OPENAI_CHAT_MODEL`'));
        expect(row).toContain(`\`${rest({})?.chatModel ?? ''}\``);
        expect(row).toMatch(
            /that the installed package `openai` knows; a newer one, such as `gpt-6-luna`, can be named/,
        );
    });

    it.each([
        ['https://eu.api.openai.com/v1/', 'https://eu.api.openai.com/v1'],
        ['wss://proxy.example.com/openai', 'https://proxy.example.com/openai'],
    ])('follows OPENAI_BASE_URL %s', (base, url) => {
        expect(rest({ OPENAI_BASE_URL: base })?.baseURL).toBe(url);
    });

    it('is not used when only the Realtime service is at another address, nor with Azure', () => {
        const realtime = { OPENAI_REALTIME_URL: 'wss://example.com/v1/realtime' };
        expect(rest(realtime)).toBeUndefined();
        expect(rest({ ...realtime, OPENAI_BASE_URL: 'https://example.com/v1' })?.baseURL).toBe(
            'https://example.com/v1',
        );
        const azure = { AZURE_OPENAI_ENDPOINT: 'https://a.openai.azure.com', AZURE_OPENAI_API_KEY: 'k' };
        expect(rest({ ...azure, AZURE_OPENAI_DEPLOYMENT: 'd' })).toBeUndefined();
    });

    it('must be reachable when the local bot speaks or transcribes with it', () => {
        expect(() => loadConfig({ LOCAL_TTS: 'openai' })).toThrow(/LOCAL_TTS is `openai`, and no address/);
        expect(() => loadConfig({ LOCAL_TTS: 'openai', LOCAL_ASR: 'openai' })).toThrow(/LOCAL_TTS and LOCAL_ASR are/);
        expect(loadConfig({ ...key, LOCAL_TTS: 'openai', LOCAL_ASR: 'openai' }).localSpeech.asr).toBe('openai');
    });

    it.each(['LOCAL_TTS', 'LOCAL_ASR'])('%s takes sherpa only with the folder of a model', (name) => {
        const path = `${name}_MODEL_PATH`;
        expect(() => loadConfig({ [name]: 'sherpa' })).toThrow(
            `${name} is \`sherpa\`, and ${path} is not set; right is the folder of its model.`,
        );
        const { asrModelPath, ttsModelPath } = loadConfig({ [name]: 'sherpa', [path]: '/m' }).localSpeech;
        expect([ttsModelPath, asrModelPath]).toEqual(name === 'LOCAL_TTS' ? ['/m', undefined] : [undefined, '/m']);
    });

    it('takes the engines that an extension module registers', () => {
        expect(loadConfig({ LOCAL_TTS: 'custom', LOCAL_ASR: 'custom' }).localSpeech).toMatchObject({
            tts: 'custom',
            asr: 'custom',
        });
    });
});
