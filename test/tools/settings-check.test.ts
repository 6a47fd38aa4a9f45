import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkSettings, type SettingsCheckDeps } from '../../tools/settings-check';
import { ProfileFolder } from '../services/profiles/profile-folder';
import { smallProfile } from '../services/profiles/small-profile';

const KEYS = JSON.stringify({ key: Buffer.alloc(32, 5).toString('base64') });
const NOW = Date.UTC(2026, 10, 27);

describe('npm run bots:check names what is wrong with the settings', () => {
    let bots: ProfileFolder;

    beforeEach(() => {
        bots = new ProfileFolder();
        bots.write('billing.json', smallProfile());
    });

    afterEach(() => {
        bots.remove();
    });

    function check(
        env: Record<string, string>,
        deps: SettingsCheckDeps = {},
    ): Promise<{ isRight: boolean; text: string }> {
        return checkSettings(bots.path, env, { epochMs: NOW, ...deps });
    }

    it('says nothing where nothing is wrong', async () => {
        expect(await check({})).toMatchObject({ isRight: true, text: '' });
        expect(await check({ NODE_ENV: 'production', DEFAULT_BOT: 'billing' })).toMatchObject({
            isRight: true,
            text: '',
        });
    });

    it.each([
        ['an unknown LOCAL_VOICE', { LOCAL_VOICE: 'klaus' }, /LOCAL_VOICE is "klaus".*flite has rms and slt/],
        ['an unknown DEFAULT_BOT', { DEFAULT_BOT: 'biling' }, /DEFAULT_BOT is "biling".*did you mean billing\?/],
        ['broken API keys', { AUDIOHOOK_API_KEYS: '{key:secret}' }, /ERR_API_KEYS: .*column 2: the double quotes/],
        ['a PROMPTS_FILE that is not there', { PROMPTS_FILE: '/no/such.json' }, /ERR_PROMPT: /],
        ['EXTENSIONS that cannot be loaded', { EXTENSIONS: '/no/such.js' }, /ERR_EXTENSIONS: /],
    ])('and fails on %s', async (_, env, sentence) => {
        const { isRight, text } = await check(env);
        expect(isRight).toBe(false);
        expect(text).toMatch(/^Wrong\n/);
        expect(text).toMatch(sentence);
        expect(text).not.toContain(':secret');
    });

    it('and warns of misspelt variables, of voices and languages, and of models that end', async () => {
        bots.write('billing.json', smallProfile({ speech: { voice: 'de' }, language: 'de-DE' }));
        const env = {
            OPENAI_VOIC: 'x',
            OPENAI_API_KEY: 'sk',
            OPENAI_BASE_URL: 'https://api.example.com/v1',
            OPENAI_REALTIME_MODEL: 'gpt-realtime',
        };
        const { isRight, text } = await check(env);
        expect(isRight).toBe(true);
        expect(text.split('\n')).toEqual([
            'Warnings',
            '  OPENAI_VOIC is not a setting of this server: did you mean OPENAI_VOICE?',
            '  OPENAI_REALTIME_MODEL: the model gpt-realtime ends on 2027-01-20, in 54 days',
            '  billing: speech.voice is "de": flite has rms and slt. Its usual voice speaks instead',
            '  billing: language is de-DE, and the local voice flite reads English only',
            '',
            '',
        ]);
    });

    it('and warns of a key file that others may read', async () => {
        const file = join(bots.path, 'keys.txt');
        writeFileSync(file, KEYS);
        chmodSync(file, 0o644);
        const { isRight, text } = await check({ AUDIOHOOK_API_KEYS_FILE: file });
        expect(isRight).toBe(true);
        expect(text).toMatch(/Warnings\n {2}The key file .* \(mode 644\): chmod 600/);
    });

    it('and warns of the ends that OpenAI’s list of models says', async () => {
        bots.write('billing.json', smallProfile({ realtime: { model: 'gpt-realtime-9' } }));
        const models = [
            { id: 'gpt-realtime-9', shutdown_date: '2027-01-01' },
            { id: 'gpt-realtime-2.1', shutdown_date: '2027-06-01' },
        ];
        const listModels = (): Promise<unknown[]> => Promise.resolve(models);
        const { text } = await check({ OPENAI_API_KEY: 'sk' }, { listModels });
        expect(text).toBe(
            'Warnings\n  billing: realtime.model: the model gpt-realtime-9 ends on 2027-01-01, in 35 days\n\n',
        );
        const fails = (): Promise<unknown[]> => Promise.reject(new Error('sk-secret'));
        const unread = await check({ OPENAI_API_KEY: 'sk' }, { listModels: fails });
        expect(unread).toMatchObject({ isRight: true, text: expect.stringContaining('cannot be read') as string });
        expect(unread.text).not.toContain('sk-secret');
    });
});
