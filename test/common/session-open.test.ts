import { BotService } from '../../src/services/bot-service';
import { FakeClock } from '../support/fake-clock';
import { FakeConversation } from '../support/fake-conversation';
import { LogRecorder } from '../support/log-recorder';
import { NULL_ID, PCMU_EXTERNAL, SessionHarness, openParameters, settle } from '../support/session-harness';
import { testConfig } from '../support/test-config';

const STEREO = { ...PCMU_EXTERNAL, channels: ['external', 'internal'] };
const INTERNAL = { ...PCMU_EXTERNAL, channels: ['internal'] };
const L16 = { ...PCMU_EXTERNAL, format: 'L16' };

describe('opening a session', () => {
    it('sends opened at once, with a bot that never gets ready', async () => {
        const call = new SessionHarness();
        call.bot.startResult = new Promise(() => undefined);
        await call.open();
        expect(call.clock.nowMs()).toBe(0);
        expect(call.socket.types).toEqual(['opened']);
    });

    it('disconnects within 5 s when the bot cannot even be looked up', async () => {
        const botService = new BotService(testConfig(), { clock: new FakeClock(), logger: new LogRecorder() });
        jest.spyOn(botService, 'getBotIfExists').mockReturnValue(new Promise(() => undefined));
        const call = new SessionHarness({ botService });
        await call.open();
        call.clock.advance(4999);
        expect(call.socket.types).toEqual(['disconnect']);
    });

    it('makes opened its first message, with startPaused false', async () => {
        const call = new SessionHarness();
        await call.open();
        expect(call.socket.messages[0]).toMatchObject({
            type: 'opened',
            seq: 1,
            clientseq: 1,
            parameters: { startPaused: false, media: [PCMU_EXTERNAL] },
        });
    });

    it('returns exactly one media item, the first acceptable one, unchanged', async () => {
        const call = new SessionHarness();
        const second = { ...PCMU_EXTERNAL, note: 'kept' };
        await call.open({ media: [L16, INTERNAL, second, PCMU_EXTERNAL] });
        expect(call.socket.last('opened')?.parameters['media']).toEqual([second]);
    });

    it('prefers a one-channel item to an earlier two-channel one, and takes the caller out of two channels', async () => {
        const mono = new SessionHarness();
        await mono.open({ media: [STEREO, PCMU_EXTERNAL] });
        expect(mono.socket.last('opened')?.parameters['media']).toEqual([PCMU_EXTERNAL]);
        const stereo = new SessionHarness();
        await stereo.open({ media: [{ ...PCMU_EXTERNAL, channels: ['internal', 'external'] }] });
        stereo.session.processBinaryMessage(Uint8Array.of(1, 2, 3, 4, 5));
        expect([...(stereo.bot.heard[0] ?? [])]).toEqual([2, 4]);
    });

    it('returns an empty list only for an empty offer', async () => {
        const call = new SessionHarness();
        await call.open({ media: [] });
        expect(call.socket.last('opened')?.parameters['media']).toEqual([]);
    });

    it.each([
        ['L16', [L16]],
        ['internal only', [INTERNAL]],
        ['16 kHz', [{ ...PCMU_EXTERNAL, rate: 16_000 }]],
        ['junk', [null, 7, {}]],
    ])('disconnects when only %s is offered', async (_name, media) => {
        const call = new SessionHarness();
        await call.open({ media });
        expect(call.socket.types).toEqual(['disconnect']);
        expect(call.socket.last('disconnect')?.parameters['reason']).toBe('error');
    });

    it('refuses an open beyond MAX_SESSIONS, which then is no call', async () => {
        const call = new SessionHarness({ hasRoom: () => false });
        await call.open();
        expect(call.socket.last('disconnect')?.parameters).toEqual({ reason: 'error', info: 'The server is full' });
        expect([call.socket.types, call.session.hasOpened]).toEqual([['disconnect'], false]);
        expect(call.logger.codes).toEqual(['ERR_SERVER_FULL']);
    });

    it('is a call from its open on, for which it waits 5 s', async () => {
        const call = new SessionHarness();
        expect(call.session.hasOpened).toBe(false);
        await call.open();
        expect(call.session.hasOpened).toBe(true);
        const silent = new SessionHarness();
        silent.clock.advance(4999);
        expect(silent.socket.types).toEqual([]);
        silent.clock.advance(1);
        expect(silent.socket.types).toEqual(['disconnect']);
        expect(silent.logger.codes).toEqual(['ERR_OPEN_TIMEOUT']);
    });

    it('ignores a second open', async () => {
        const call = new SessionHarness();
        await call.open();
        await call.open();
        expect(call.socket.types).toEqual(['opened']);
        expect(call.bot.startCount).toBe(1);
    });

    it('ignores a second open that comes while the first is under way', async () => {
        const call = new SessionHarness();
        call.send('open', openParameters());
        call.send('open', openParameters());
        await settle();
        expect(call.socket.types).toEqual(['opened']);
        expect(call.bot.startCount).toBe(1);
    });

    it.each([
        ['no language, variables or configuration', { language: undefined, inputVariables: undefined }],
        ['the language es-419', { language: 'es-419' }],
        ['the language zh-Hant-TW', { language: 'zh-Hant-TW' }],
        ['a language that is a number', { language: 5 }],
        [
            'an empty caller',
            { participant: { id: '9a4de0b1-3c58-4b67-a1f2-70c6e9d5b382', ani: '', aniName: '', dnis: '' } },
        ],
        ['a caller of whom nothing is known', { participant: {} }],
        ['customConfig as text', { customConfig: '{"a":1}' }],
        ['customConfig as an object', { customConfig: { a: 1 } }],
        ['unknown fields', { somethingNew: [1, 2] }],
        ['variables that are not strings', { inputVariables: { a: 1, b: null, c: 'x' } }],
        ['continued sessions', { continuedSessions: [{ id: 'x', serverseq: 1, clientseq: 2 }] }],
    ])('accepts an open with %s', async (_name, changes) => {
        const call = new SessionHarness();
        await call.open(changes);
        expect(call.socket.types).toEqual(['opened']);
    });

    it.each([
        ['no conversation', { conversationId: undefined }],
        ['no participant', { participant: undefined }],
        ['media that is no list', { media: 'PCMU' }],
        ['no organization', { organizationId: 7 }],
    ])('disconnects on an open with %s', async (_name, changes) => {
        const call = new SessionHarness();
        await call.open(changes);
        expect(call.socket.types).toEqual(['disconnect']);
        expect(call.logger.codes).toContain('ERR_OPEN_PARAMETERS');
    });

    it('names its languages only when asked', async () => {
        const unasked = new SessionHarness();
        await unasked.open({ supportedLanguages: false });
        expect(unasked.socket.last('opened')?.parameters).not.toHaveProperty('supportedLanguages');
        const asked = new SessionHarness();
        await asked.open({ supportedLanguages: true });
        const languages = asked.socket.last('opened')?.parameters['supportedLanguages'] as string[];
        expect(languages.length).toBeGreaterThan(0);
        for (const language of languages) expect(language).toMatch(/^[a-z]{2,3}-[A-Za-z]{2,3}$/);
    });

    it.each([
        ['conversation', { conversationId: NULL_ID }],
        ['participant', { participant: { id: NULL_ID, ani: '', aniName: '', dnis: '' } }],
    ])('runs a probe (null %s) without a bot, audio or events, and closes it cleanly', async (_name, changes) => {
        const call = new SessionHarness();
        call.bot.speaksFirst = true;
        await call.open(changes);
        call.audio(1600);
        call.clock.advance(9000);
        call.send('close', { reason: 'end' });
        expect(call.socket.types).toEqual(['opened', 'closed']);
        expect(call.bot.startCount).toBe(0);
        expect(call.bot.endCount).toBeGreaterThan(0);
        expect(call.bot.heard).toEqual([]);
        expect(call.socket.last('opened')?.parameters['media']).toEqual([PCMU_EXTERNAL]);
    });

    it('accepts paused as the second message and goes on', async () => {
        const call = new SessionHarness();
        await call.open();
        call.send('paused');
        call.send('ping');
        call.send('resumed', { start: 'PT0S', discarded: 'PT2S' });
        call.audio(1600);
        expect(call.socket.types).toEqual(['opened', 'pong']);
        expect(call.bot.heard.at(-1)).toHaveLength(1600);
    });

    it('accepts paused while it is still opening', async () => {
        const call = new SessionHarness();
        call.send('open', openParameters());
        call.send('paused');
        await settle();
        call.audio(1600);
        expect(call.bot.heard).toEqual([]);
        call.send('resumed', {});
        call.audio(800);
        expect(call.bot.heard).toHaveLength(1);
    });

    it('disconnects with unauthorized when open names another organization than the signature', async () => {
        const call = new SessionHarness();
        await call.open({ organizationId: '22352111-6076-492a-8163-514a00723975' });
        expect(call.socket.types).toEqual(['disconnect']);
        expect(call.socket.last('disconnect')?.parameters['reason']).toBe('unauthorized');
        expect(call.logger.codes).toContain('ERR_ORGANIZATION_MISMATCH');
    });

    it('refuses an organization that is not on the allow-list', async () => {
        const config = testConfig({ organizations: ['22352111-6076-492a-8163-514a00723975'] });
        const call = new SessionHarness({ config });
        await call.open();
        expect(call.socket.last('disconnect')?.parameters['reason']).toBe('unauthorized');
    });

    it('disconnects when the bot does not exist', async () => {
        const call = new SessionHarness({}, null);
        await call.open();
        expect(call.socket.types).toEqual(['disconnect']);
        expect(call.logger.codes).toContain('ERR_BOT_UNKNOWN');
    });

    it('never sends opened after closed, when close comes while it is opening', async () => {
        const call = new SessionHarness();
        call.send('open', openParameters());
        call.send('close', { reason: 'end' });
        await settle();
        expect(call.socket.types).toEqual(['closed']);
        expect(call.bot.startCount).toBe(0);
        expect(call.bot.endCount).toBe(1);
    });

    it('answers ping and close before open, and ignores everything else', async () => {
        const call = new SessionHarness();
        call.send('ping');
        call.send('dtmf', { digit: '1' });
        call.audio(1600);
        call.send('close', { reason: 'end' });
        await settle();
        expect(call.socket.types).toEqual(['pong', 'closed']);
    });

    it('hands the bot what the caller said while the call was opening', async () => {
        const call = new SessionHarness();
        call.send('open', openParameters());
        call.audio(1600, 1);
        call.audio(800, 2);
        await settle();
        call.audio(160, 3);
        const said = [new Uint8Array(1600).fill(1), new Uint8Array(800).fill(2), new Uint8Array(160).fill(3)];
        expect(Buffer.concat(call.bot.heard)).toEqual(Buffer.concat(said));
    });

    it('takes stereo and internal-only offers for a bot that only listens', async () => {
        for (const media of [[STEREO], [INTERNAL]]) {
            const bot = new FakeConversation();
            bot.listensOnly = true;
            const call = new SessionHarness({}, bot);
            await call.open({ media });
            expect(call.socket.last('opened')?.parameters['media']).toEqual(media);
        }
    });
});
