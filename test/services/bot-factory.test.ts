import { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';
import { loadConfig, type Config } from '../../src/config/config';
import { BotFactory } from '../../src/services/bot-factory';
import { plainPlan, type BotPlan } from '../../src/services/bot-plan';
import { BotResource } from '../../src/services/bot-resource';
import type { Conversation, ConversationEnd } from '../../src/services/conversation';
import { readDialog } from '../../src/services/profiles/dialog-script';
import { FallbackLadder } from '../../src/services/fallback/fallback-ladder';
import { LocalBot } from '../../src/speech/local-bot';
import { TTSService } from '../../src/services/tts-service';
import { FliteEngine } from '../../src/speech/tts/flite-engine';
import { Transcript } from '../../src/services/transcript';
import { systemClock } from '../../src/support/clock';
import { LogRecorder } from '../support/log-recorder';
import { until } from '../support/test-bench';
import { unnamedDialog } from './profiles/small-profile';

const WITH_KEY = { OPENAI_API_KEY: 'sk-server', OPENAI_REALTIME_URL: 'ws://127.0.0.1:1/v1/realtime' };
const GREETING = 'This is the desk.';
const DIALOG = readDialog({ ...unnamedDialog({ greeting: GREETING }), name: 'desk' });
const NO_PROMPTS = { PROMPTS_FILE: '/no/such/prompts.json' };

describe('BotFactory', () => {
    const logger = new LogRecorder();
    const voices = new TTSService({ engine: new FliteEngine() });
    let factory: BotFactory;
    let conversation: Conversation | undefined;

    afterEach(async () => {
        conversation?.end();
        await factory.close();
        logger.lines.length = 0;
    });

    afterAll(() => voices.close());

    async function create(env: Record<string, string>, changes: Partial<BotPlan> = {}): Promise<Conversation> {
        const config: Config = loadConfig(env);
        factory = new BotFactory(config, { clock: systemClock, logger });
        const plan = { ...plainPlan('desk', config.openai, config), ...changes };
        const shared = { transcript: new Transcript(), callerAudio: new CallerAudioBuffer() };
        conversation = await factory.create(plan, { logger, conversationId: 'c', ...shared });
        return conversation;
    }

    /** What a bot says first, joined; it starts here. */
    async function firstWords(bot: Conversation, bytes: number): Promise<Buffer> {
        const pieces: Uint8Array[] = [];
        const joined = (): Buffer => Buffer.concat(pieces);
        bot.on('audio', (pcmu) => pieces.push(pcmu));
        await bot.start();
        await until('it has spoken', () => joined().length >= bytes);
        return joined().subarray(0, bytes);
    }

    async function soundOf(text: string, voice: string): Promise<Buffer> {
        const pieces: Uint8Array[] = [];
        for await (const piece of voices.speak(text, { voice })) pieces.push(piece);
        return Buffer.concat(pieces);
    }

    it.each(['rms', 'slt'])('makes a local bot that says the dialog of the plan with its voice %s', async (voice) => {
        const bot = await create({}, { dialog: DIALOG, voice });
        const expected = await soundOf(GREETING, voice);
        expect(bot).toBeInstanceOf(LocalBot);
        expect((await firstWords(bot, expected.length)).equals(expected)).toBe(true);
    });

    it('puts that very bot under the model, for when the model is lost', async () => {
        const bot = await create({ ...WITH_KEY, FORCE_FALLBACK: 'local' }, { dialog: DIALOG, voice: 'slt' });
        const expected = await soundOf(GREETING, 'slt');
        expect((await firstWords(bot, expected.length)).equals(expected)).toBe(true);
        expect(bot).toBeInstanceOf(FallbackLadder);
        expect(bot.botName).toBe('local');
    });

    it('makes the model alone where the fallback is off, and loads nothing of the local voice', async () => {
        const bot = await create({ ...WITH_KEY, FALLBACK: 'off', ...NO_PROMPTS });
        expect(bot).toBeInstanceOf(BotResource);
        expect(logger.lines).toEqual([]);
    });

    it('loads weights and prompts and lets the voice get ready before any call, unless the model is all there is', async () => {
        const warmed = async (env: Record<string, string>): Promise<number> => {
            const engine = new FliteEngine();
            const warm = jest.spyOn(engine, 'warm').mockResolvedValue();
            const config = loadConfig({ LOCAL_TTS: 'custom', ...env });
            factory = new BotFactory(config, { clock: systemClock, logger, voice: () => engine });
            await factory.warm();
            return warm.mock.calls.length;
        };
        expect(await warmed({})).toBe(1);
        await factory.close();
        expect(await warmed({ ...WITH_KEY })).toBe(1);
        await factory.close();
        expect(await warmed({ ...WITH_KEY, FALLBACK: 'off' })).toBe(0);
        await factory.close();
        await expect(warmed(NO_PROMPTS)).rejects.toMatchObject({ code: 'ERR_PROMPT' });
    });

    it('makes the model although the local voice cannot be loaded: an apology is left to fall back to', async () => {
        const bot = await create({ ...WITH_KEY, FORCE_FALLBACK: 'apology', ...NO_PROMPTS });
        expect(logger.lines).toMatchObject([{ level: 'warn', fields: { code: 'ERR_PROMPT' } }]);
        const ends: ConversationEnd[] = [];
        bot.on('ended', (end) => ends.push(end));
        expect((await firstWords(bot, 800)).length).toBe(800);
        expect(ends).toMatchObject([{ reason: 'error', outputVariables: { end_reason: 'bot_failed' } }]);
    });

    it('tells why there is no local bot to take over, when its turn has come', async () => {
        const bot = await create({ ...WITH_KEY, FORCE_FALLBACK: 'local', ...NO_PROMPTS });
        const ends: ConversationEnd[] = [];
        bot.on('ended', (end) => ends.push(end));
        await firstWords(bot, 800);
        expect(logger.lines.at(-2)?.fields).toMatchObject({
            code: 'ERR_FALLBACK_STEP',
            from: 'local',
            to: 'apology',
            why: 'ERR_PROMPT',
        });
        expect(ends).toMatchObject([{ outputVariables: { error_code: 'ERR_PROMPT' } }]);
    });

    it('rejects with its code when the local bot is all there is, and its voice cannot be loaded', async () => {
        await expect(create(NO_PROMPTS)).rejects.toMatchObject({ code: 'ERR_PROMPT' });
    });
});
