import { join } from 'node:path';
import { loadExtensions } from '../../src/extensions';
import { BotService } from '../../src/services/bot-service';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { loadConfig } from '../../src/config/config';

const CUSTOM_BOT = join(__dirname, '../../examples/custom-bot/extensions.ts');

function service(deps: object): BotService {
    const config = loadConfig({ BOTS_FOLDER: 'off' });
    return new BotService(config, { clock: new FakeClock(), logger: new LogRecorder(), env: {}, ...deps });
}

describe('the example of a bot of your own', () => {
    it('is a bot that a call finds by its name', async () => {
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
});
