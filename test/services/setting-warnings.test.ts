import { loadConfig } from '../../src/config/config';
import { endsIn, endWarnings, KNOWN_ENDS } from '../../src/services/model-ends';
import { readProfile } from '../../src/services/profiles/reader';
import type { BotProfile } from '../../src/services/profiles/schema';
import { profileWarnings, settingWarnings } from '../../src/services/setting-warnings';
import { ProfileFolder } from './profiles/profile-folder';
import { DIALOG_VARIABLES, smallProfile, unnamedDialog } from './profiles/small-profile';

const NOW = Date.UTC(2026, 10, 27);
const KEY = { OPENAI_API_KEY: 'sk-x' };

describe('a setting that cannot work is named before the first call', () => {
    let bots: ProfileFolder;

    beforeEach(() => {
        bots = new ProfileFolder();
    });

    afterEach(() => {
        bots.remove();
    });

    function profile(changes: object): BotProfile {
        bots.write('desk.json', { ...smallProfile(), ...DIALOG_VARIABLES, ...changes });
        const read = readProfile(bots.path, 'desk.json');
        if (!('profile' in read)) throw new Error(read.problems.join());
        return read.profile;
    }

    function warned(changes: object, env: Record<string, string> = {}): string[] {
        return profileWarnings(profile(changes), loadConfig(env), NOW).map(({ message }) => message);
    }

    it.each([
        ['rms', {}, undefined],
        ['de', {}, /"de": flite has rms and slt. Its usual voice speaks instead/],
        ['de', { ...KEY }, /flite has rms and slt/],
        ['de', { ...KEY, FALLBACK: 'off' }, undefined],
        ['7', { LOCAL_TTS: 'sherpa', LOCAL_TTS_MODEL_PATH: '/m' }, undefined],
        ['slt', { LOCAL_TTS: 'sherpa', LOCAL_TTS_MODEL_PATH: '/m' }, /number from 0/],
        ['nova', { ...KEY, LOCAL_TTS: 'openai' }, undefined],
        ['voice_1', { ...KEY, LOCAL_TTS: 'openai' }, undefined],
        ['rms', { ...KEY, LOCAL_TTS: 'openai' }, /OpenAI has alloy, /],
        ['rms', { ...KEY, LOCAL_TTS: 'openai', OPENAI_BASE_URL: 'https://speech.example.com' }, undefined],
    ])('the voice %s of a profile, where the engine lacks it: %j', (voice, env, sentence) => {
        const warnings = warned({ speech: { voice } }, env);
        if (sentence === undefined) expect(warnings).toEqual([]);
        else expect(warnings).toEqual([expect.stringMatching(sentence)]);
    });

    const GERMAN = {
        greeting: 'Guten Tag, hier ist die Werkstatt, bitte drücken Sie eine Taste, wir sind für Sie da.',
    };
    const FRENCH = { greeting: 'Bonjour, vous êtes à la pharmacie. Pour parler avec nous, appuyez sur la touche une.' };
    const RUSSIAN = { noMatch: 'Извините, я вас не понимаю.' };
    const NAMED = { greeting: 'Welcome to Café Łódź, the place for your pączki. This is the desk.' };

    it.each([
        ['a language that is not English', { language: 'de-DE' }, {}, /language is de-DE, .*flite reads English only$/],
        ['an English one', { language: 'en-GB', dialog: unnamedDialog(GERMAN) }, {}, undefined],
        ['Cyrillic', { dialog: unnamedDialog(RUSSIAN) }, {}, /letters that are not Latin/],
        ['German', { dialog: unnamedDialog(GERMAN) }, {}, /its dialog looks like German/],
        ['French', { dialog: unnamedDialog(FRENCH) }, {}, /its dialog looks like French/],
        ['English with foreign names', { dialog: unnamedDialog(NAMED) }, {}, undefined],
        ['another engine', { language: 'de-DE' }, { LOCAL_TTS: 'sherpa', LOCAL_TTS_MODEL_PATH: '/m' }, undefined],
        ['recordings', { language: 'de-DE' }, { PROMPTS_FILE: 'p.json' }, /only, except what PROMPTS_FILE has/],
        ['no local voice in use', { language: 'de-DE' }, { ...KEY, FALLBACK: 'off' }, undefined],
    ])('what flite cannot read, with %s', (_, changes, env, sentence) => {
        const warnings = warned(changes, env);
        if (sentence === undefined) expect(warnings).toEqual([]);
        else expect(warnings).toEqual([expect.stringMatching(sentence)]);
    });

    const ROGER = { backchannels: ['roger'] };

    it.each([
        [{ bargeIn: ROGER }, {}, undefined],
        [{ bargeIn: { ...ROGER, mode: 'smart' } }, { BARGE_IN: 'instant' }, undefined],
        [{}, { BARGE_IN: 'off' }, undefined],
        [{ bargeIn: ROGER }, { BARGE_IN: 'off' }, /bargeIn has phrases, and the server’s mode is off/],
        [
            { bargeIn: { alwaysYield: ['x'] } },
            { BARGE_IN_MIN_SPEECH_MS: '0' },
            /mode is instant; right is BARGE_IN=smart/,
        ],
    ])('phrases %j that have no effect in the mode of the server: %j', (changes, env, sentence) => {
        const warnings = warned(changes, env);
        if (sentence === undefined) expect(warnings).toEqual([]);
        else expect(warnings).toEqual([expect.stringMatching(sentence)]);
    });

    it.each(['billing', 'reception', 'default'])('nothing is said of the shipped bot %s', (name) => {
        const read = readProfile('bots', `${name}.json`);
        expect('profile' in read && profileWarnings(read.profile, loadConfig({}), NOW)).toEqual([]);
    });
});

describe('a model or a voice with a published end', () => {
    const inUse = [{ kind: 'model', name: 'm-1', setting: 'realtime.model' }] as const;
    const ends = { model: new Map([['m-1', '2027-01-20']]), voice: new Map([['fay', '2027-01-20']]) };

    it.each([
        ['2026-10-21', undefined],
        ['2026-10-22', 'realtime.model: the model m-1 ends on 2027-01-20, in 90 days'],
        ['2027-01-19', 'realtime.model: the model m-1 ends on 2027-01-20, in 1 day'],
        ['2027-01-20', 'realtime.model: the model m-1 ends on 2027-01-20, in 0 days'],
        ['2027-01-22', 'realtime.model: the model m-1 ended on 2027-01-20'],
    ])('is warned of from 90 days before it: on %s', (day, message) => {
        const warnings = endWarnings(inUse, ends, Date.parse(day));
        expect(warnings).toEqual(message === undefined ? [] : [{ code: 'ERR_MODEL_ENDS', message }]);
    });

    it('may be a dated version, or a voice', () => {
        const dated = { kind: 'model', name: 'm-1-2025-08-28', setting: 'X' } as const;
        const voice = { kind: 'voice', name: 'fay', setting: 'Y' } as const;
        expect(endWarnings([dated, voice], ends, Date.parse('2027-01-01'))).toHaveLength(2);
    });

    it('is found in every setting and place of a profile that names a model', () => {
        const env = {
            ...KEY,
            OPENAI_REALTIME_MODEL: 'gpt-realtime',
            OPENAI_TRANSCRIPTION_MODEL: 'whisper-1',
            OPENAI_CHAT_MODEL: 'gpt-4o',
            OPENAI_HTTP_TRANSCRIPTION_MODEL: 'gpt-4o-transcribe',
        };
        const found = settingWarnings(loadConfig(env), Date.UTC(2027, 0, 1)).map(
            ({ message }) => message.split(':')[0],
        );
        expect(found).toEqual([
            'OPENAI_REALTIME_MODEL',
            'OPENAI_TRANSCRIPTION_MODEL',
            'OPENAI_CHAT_MODEL',
            'OPENAI_HTTP_TRANSCRIPTION_MODEL',
        ]);
        expect(settingWarnings(loadConfig(KEY), NOW)).toEqual([]);
    });

    it('of OpenAI says nothing about a deployment of Azure', () => {
        const env = {
            AZURE_OPENAI_ENDPOINT: 'https://x.openai.azure.com',
            AZURE_OPENAI_API_KEY: 'k',
            AZURE_OPENAI_DEPLOYMENT: 'd',
            OPENAI_REALTIME_MODEL: 'gpt-realtime',
        };
        expect(settingWarnings(loadConfig(env), NOW)).toEqual([]);
    });

    it('is read from the list of models, as seconds or as a date, and anything else is ignored', () => {
        const models = [
            { id: 'a', shutdown_date: Date.UTC(2027, 0, 20) / 1000 },
            { id: 'b', shutdown_date: '2027-01-21' },
            { id: 'c', shutdown_date: null },
            { id: 'd', shutdown_date: 'soon' },
            { id: 'e', shutdown_date: 1e300 },
            { id: 5, shutdown_date: '2027-01-21' },
            null,
            'x',
        ];
        expect([...endsIn(models).model]).toEqual([
            ['a', '2027-01-20'],
            ['b', '2027-01-21'],
        ]);
        expect(KNOWN_ENDS.model.get('gpt-realtime')).toBe('2027-01-20');
    });
});
