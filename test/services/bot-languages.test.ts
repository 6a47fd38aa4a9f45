import { loadConfig } from '../../src/config/config';
import { BotService, type BotRequest } from '../../src/services/bot-service';
import type { Conversation } from '../../src/services/conversation';
import type { SpeechEngine } from '../../src/services/tts-service';
import { systemClock } from '../../src/support/clock';
import { LogRecorder } from '../support/log-recorder';
import { until } from '../support/test-bench';
import { ProfileFolder } from './profiles/profile-folder';
import { smallProfile, unnamedDialog } from './profiles/small-profile';

const WITH_KEY = { OPENAI_API_KEY: 'sk-server', OPENAI_REALTIME_URL: 'ws://127.0.0.1:1/v1/realtime' };

/** A voice for every language, whose sound is its words. */
const voice = (): SpeechEngine => ({
    kind: 'words',
    voice: 'own',
    async *speak(text) {
        await Promise.resolve();
        yield Buffer.from(`${text} `);
    },
    warm: () => Promise.resolve(),
    close: () => Promise.resolve(),
});

describe('the language of a bot', () => {
    let bots: ProfileFolder;
    let service: BotService;
    let conversation: Conversation | undefined;

    beforeEach(() => {
        bots = new ProfileFolder();
    });

    afterEach(async () => {
        conversation?.end();
        await service.close();
        bots.remove();
    });

    async function make(env: Record<string, string>, request: Partial<BotRequest>): Promise<Conversation> {
        const logger = new LogRecorder();
        const config = loadConfig({ BOTS_FOLDER: bots.path, LOCAL_TTS: 'custom', ...env });
        const own = config.localSpeech.tts === 'custom' ? { voice } : {};
        service = new BotService(config, { clock: systemClock, logger, env: {}, ...own });
        const call = { connectionUrl: '/?bot=desk', conversationId: 'c', ...request };
        const chosen = await service.getBotIfExists(call, { logger });
        if ('unknown' in chosen) throw new Error(chosen.unknown);
        conversation = chosen.conversation;
        return conversation;
    }

    /** Starts it. @returns what it says first, once this is in it */
    async function says(bot: Conversation, last: string): Promise<string> {
        let heard = '';
        bot.on('audio', (pcmu) => (heard += Buffer.from(pcmu).toString()));
        await bot.start();
        await until(`"${last}" is said`, () => heard.includes(last));
        return heard;
    }

    it('is that of its profile: menu, and values of a type', async () => {
        const dialog = unnamedDialog({ greeting: 'Ihre Nummer ist {{number}}, am {{day}} um {{hour}}, {{sum}}.' });
        bots.write(
            'desk.json',
            smallProfile({
                language: 'de-DE',
                dialog,
                words: { ownOffer: '{{offer}}: {{key}}.' },
                inputVariables: {
                    customer_name: {},
                    closing: { default: 'fünf' },
                    number: { type: 'digits' },
                    day: { type: 'date' },
                    hour: { type: 'time' },
                    sum: { type: 'money' },
                },
                outputVariables: { message: {} },
            }),
        );
        const inputVariables = { number: '4711', day: '2026-01-31', hour: '14:30', sum: '12.50 EUR' };
        const heard = await says(await make({}, { inputVariables, language: 'fr-FR' }), 'die 4.');
        expect(heard).toContain(
            'Ihre Nummer ist vier sieben eins eins, am einunddreißigsten Januar zweitausendsechsundzwanzig ' +
                'um vierzehn Uhr dreißig, zwölf Euro und fünfzig Cent.',
        );
        expect(heard).toContain('Für hours drücken Sie die 1.');
        expect(heard).not.toContain('press');
    });

    it('is that of the call where the profile has none', async () => {
        bots.write('desk.json', smallProfile());
        expect(await says(await make({}, { language: 'fr-fr' }), 'tapez 9.')).toMatch(/^Bonjour, et merci/);
    });

    it('is that of the call for the local bot of the server, and English where there are no words of it', async () => {
        const german = await make({}, { connectionUrl: '/?bot=local', language: 'de-de' });
        expect(await says(german, 'die 9.')).toMatch(/^Guten Tag, und danke/);
        german.end();
        await service.close();
        const swedish = await make({}, { connectionUrl: '/?bot=local', language: 'sv-se' });
        expect(await says(swedish, 'press 9.')).toMatch(/^Hello, and thank you/);
    });

    it('does not follow the call where flite speaks, which is English only', async () => {
        const config = { LOCAL_TTS: 'flite' };
        const turns: string[] = [];
        const bot = await make(config, { connectionUrl: '/?bot=local', language: 'de-de' });
        bot.on('turn', ({ text }) => turns.push(text));
        await bot.start();
        await until('it has greeted', () => turns.length > 0);
        expect(turns[0]).toMatch(/^Hello, and thank you for calling\./);
    });

    it('is that of the filler, and of the apology, when the model is lost', async () => {
        bots.write('desk.json', smallProfile({ language: 'de-DE' }));
        const bot = await make({ ...WITH_KEY, FORCE_FALLBACK: 'apology' }, {});
        // The voice makes both while the first option starts.
        await new Promise(setImmediate);
        const heard = says(bot, 'technisches Problem.');
        expect(await heard).toMatch(/^Es tut mir leid/);
        bot.end();
        await service.close();
        const waiting = await make(WITH_KEY, {});
        let filler = '';
        waiting.on('audio', (pcmu) => (filler += Buffer.from(pcmu).toString()));
        void waiting.start().catch(() => undefined);
        await new Promise(setImmediate);
        waiting.onSilence('filler');
        expect(filler).toContain('Einen Moment bitte.');
    });
});
