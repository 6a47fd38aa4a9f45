import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';
import { wavToPcmu } from '../../src/audio/wav';
import { loadConfig, type Config, type LocalSpeechConfig } from '../../src/config/config';
import { BotFactory } from '../../src/services/bot-factory';
import { plainPlan, type BotPlan } from '../../src/services/bot-plan';
import { BotResource } from '../../src/services/bot-resource';
import type { Conversation, ConversationEnd } from '../../src/services/conversation';
import { readDialog } from '../../src/services/profiles/dialog-script';
import { FallbackLadder } from '../../src/services/fallback/fallback-ladder';
import { PROMPTS_FOLDER } from '../../src/speech/prompts';
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

    async function create(
        env: Record<string, string>,
        changes: Partial<BotPlan> = {},
        speech: Partial<LocalSpeechConfig> = {},
    ): Promise<Conversation> {
        const read = loadConfig(env);
        const config: Config = { ...read, localSpeech: { ...read.localSpeech, ...speech } };
        factory = new BotFactory(config, { clock: systemClock, logger });
        const plan = { ...plainPlan('desk', config.openai, config), ...changes };
        const shared = { transcript: new Transcript(), callerAudio: new CallerAudioBuffer() };
        conversation = await factory.create(plan, { logger, conversationId: 'c', ...shared });
        return conversation;
    }

    function endsOf(bot: Conversation): ConversationEnd[] {
        const ends: ConversationEnd[] = [];
        bot.on('ended', (end) => ends.push(end));
        return ends;
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
        await factory.close();
        expect(await warmed(NO_PROMPTS)).toBe(1);
    });

    it('speaks without the recordings of a PROMPTS_FILE that cannot be read', async () => {
        const bot = await create(NO_PROMPTS, { dialog: DIALOG, voice: 'slt' });
        const expected = await soundOf(GREETING, 'slt');
        expect((await firstWords(bot, expected.length)).equals(expected)).toBe(true);
        expect(logger.lines).toMatchObject([{ level: 'error', fields: { code: 'ERR_PROMPT' } }]);
    });

    it.each(['klaus', 'de'])('speaks with the own voice of the engine where it has none called %s', async (voice) => {
        const bot = await create({}, { dialog: DIALOG, voice });
        const expected = await soundOf(GREETING, 'rms');
        expect((await firstWords(bot, expected.length)).equals(expected)).toBe(true);
        expect(logger.lines).toMatchObject([{ level: 'warn', fields: { code: 'ERR_TTS_VOICE', asked: voice } }]);
    });

    describe('whose local speech cannot be loaded', () => {
        const apology = wavToPcmu(readFileSync(join(PROMPTS_FOLDER, 'technical-problem.wav')));
        const FAILED = { end_reason: 'bot_failed', error_code: 'ERR_CONFIG' };

        it.each([
            ['alone', {}],
            ['under the model', { ...WITH_KEY, FORCE_FALLBACK: 'apology' }],
        ])('lets the caller hear the recorded apology: %s', async (_, env) => {
            const bot = await create(env, {}, { tts: 'openai', rest: undefined });
            const ends = endsOf(bot);
            expect((await firstWords(bot, apology.length)).equals(apology)).toBe(true);
            expect(ends).toMatchObject([{ reason: 'error', outputVariables: { end_reason: 'bot_failed' } }]);
        });

        it.each([
            ['alone', {}],
            ['under the model', { ...WITH_KEY, FORCE_FALLBACK: 'apology' }],
        ])('ends the call as onFailure of the profile says: %s', async (_, env) => {
            const bot = await create(env, { dialog: DIALOG }, { tts: 'openai', rest: undefined });
            const ends = endsOf(bot);
            await firstWords(bot, apology.length);
            const outputVariables = { end_reason: 'transfer', transfer_queue: 'Help' };
            expect(ends).toMatchObject([{ reason: 'completed', outputVariables }]);
        });

        it('names the cause', async () => {
            const bot = await create({}, {}, { tts: 'openai', rest: undefined });
            const ends = endsOf(bot);
            await bot.start();
            expect(ends).toMatchObject([{ outputVariables: FAILED }]);
            expect(logger.lines).toMatchObject([{ level: 'error', fields: { code: 'ERR_CONFIG' } }]);
        });
    });
});
