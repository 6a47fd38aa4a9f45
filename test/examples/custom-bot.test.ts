import { join } from 'node:path';
import { loadExtensions, extensionProblems } from '../../src/extensions';
import { BotService } from '../../src/services/bot-service';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { loadConfig } from '../../src/config/config';

const CUSTOM_BOT = join(__dirname, '../../examples/custom-bot/extensions.ts');
const OWN_FUNCTION = join(__dirname, '../../examples/own-function/extensions.ts');

function service(deps: object): BotService {
    const config = loadConfig({ BOTS_FOLDER: 'off' });
    return new BotService(config, { clock: new FakeClock(), logger: new LogRecorder(), env: {}, ...deps });
}

describe('extensions', () => {
    it('register a bot that a call finds by its name', async () => {
        const bots = service(await loadExtensions(CUSTOM_BOT));
        expect(bots.names).toEqual(['openai', 'local', 'echo', 'silent', 'beep']);
        const request = { connectionUrl: '/?bot=beep', conversationId: 'c' };
        const chosen = await bots.getBotIfExists(request, { logger: new LogRecorder() });
        if ('unknown' in chosen) throw new Error('the bot is not found');
        let bytes = 0;
        chosen.conversation.on('audio', (pcmu) => (bytes += pcmu.length));
        await chosen.conversation.start();
        expect(bytes).toBeGreaterThan(0);
        await bots.close();
    });

    it('register a function', async () => {
        const { functions } = await loadExtensions(OWN_FUNCTION);
        expect(functions?.map(({ name }) => name)).toEqual(['opening_hours']);
    });

    it('are refused with the module and the key', async () => {
        await expect(loadExtensions('no/such.ts')).rejects.toMatchObject({ code: 'ERR_EXTENSIONS' });
        expect(extensionProblems({ bots: { mine: 1 }, voices: {} })).toEqual([
            'bots.mine: must be a function (call) => Conversation',
            'voices: there is no such extension (bots, functions, secrets, recognizer, voice)',
        ]);
        expect(extensionProblems(undefined)).toEqual(['its default export must be an object']);
    });

    it.each(['echo', 'two words'])('cannot register a bot as %s', (name) => {
        expect(() => service({ bots: { [name]: () => undefined } })).toThrow(`bots.${name}: `);
    });
});
