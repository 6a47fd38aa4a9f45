import { BotResponse } from '../../src/services/bot-response';
import { SessionHarness } from '../support/session-harness';
import { testConfig } from '../support/test-config';

const WORDS = 'We are open from nine to five each day of the week.';
/** Of it, two seconds of four. */
const HEARD = 'We are open from nine to';

/** The turn reports that were sent so far. */
function reports(call: SessionHarness): unknown[] {
    const entities = call.socket.messages
        .filter(({ type }) => type === 'event')
        .flatMap(({ parameters }) => parameters['entities'] as { type: string; data: unknown }[]);
    return entities.filter(({ type }) => type === 'bot_turn_response').map(({ data }) => data);
}

/** A call whose bot has delivered 4 s of speech at once; the caller has heard `heardMs` of it. */
async function answered(heardMs: number, config = testConfig()): Promise<SessionHarness> {
    const call = new SessionHarness({ config });
    await call.open();
    call.bot.emit('transcript', { speaker: 'bot', itemId: 'item_r1', text: WORDS });
    call.bot.say('r1', 4000);
    call.send('playback_started');
    call.bot.emit('turn', new BotResponse('match', WORDS).of('r1'));
    call.pass(heardMs);
    return call;
}

describe('the report of a turn', () => {
    it('comes when the caller has heard it, and not when the service has delivered it', async () => {
        const call = await answered(3000);
        expect(reports(call)).toEqual([]);
        call.pass(1400);
        expect(reports(call)).toEqual([{ disposition: 'match', text: WORDS }]);
    });

    it('has the words that the caller heard when they interrupted a response that was long delivered', async () => {
        const call = await answered(2000);
        call.bot.emit('speechStarted');
        expect(reports(call)).toEqual([{ disposition: 'match', text: HEARD }]);
        expect(call.session.transcript).toMatchObject([{ text: WORDS, heard: HEARD }]);
    });

    it('goes before `closed` when the caller hangs up in the middle, with the words that they heard', async () => {
        const call = await answered(2000);
        call.send('close', { reason: 'end' });
        expect(reports(call)).toEqual([{ disposition: 'match', text: HEARD }]);
        expect(call.socket.types.slice(-2)).toEqual(['event', 'closed']);
    });

    it('goes before `disconnect` when the server ends the call in the middle', async () => {
        const call = await answered(2000);
        call.session.shutDown();
        expect(reports(call)).toEqual([{ disposition: 'match', text: HEARD }]);
        expect(call.socket.types.slice(-2)).toEqual(['event', 'disconnect']);
    });

    it('goes before `disconnect` when the bot has ended the call', async () => {
        const call = await answered(2000);
        call.bot.emit('ended', { reason: 'completed', info: 'done' });
        call.pass(2400);
        call.send('playback_completed');
        call.pass(40);
        expect(reports(call)).toEqual([{ disposition: 'match', text: WORDS }]);
        expect(call.socket.types.slice(-2)).toEqual(['event', 'disconnect']);
    });

    it('cannot be sent when the connection is lost in the middle; with LOG_TRANSCRIPTS the words that were heard are logged', async () => {
        const call = await answered(2000, testConfig({ logTranscripts: true }));
        call.session.close();
        expect(reports(call)).toEqual([]);
        expect(call.session.transcript).toMatchObject([{ text: WORDS, heard: HEARD }]);
        expect(call.logger.lines.filter(({ message }) => message === 'Said.')).toMatchObject([
            { fields: { speaker: 'bot', text: HEARD } },
        ]);
    });

    it('keeps how sure the recognizer was', async () => {
        const call = new SessionHarness();
        await call.open();
        call.bot.emit('transcript', { speaker: 'bot', itemId: 'item_r1', text: WORDS });
        call.bot.say('r1', 4000);
        call.bot.emit('turn', new BotResponse('match', WORDS).withConfidence(0.7).of('r1'));
        call.pass(1000);
        call.bot.emit('speechStarted');
        expect(reports(call)).toEqual([{ disposition: 'match', text: 'We are open', confidence: 0.7 }]);
    });

    it('comes for each of many responses, also when one of them follows the other without a pause', async () => {
        const call = new SessionHarness();
        await call.open();
        for (let i = 0; i < 30; i += 1) {
            call.bot.say(`r${i}`, 1000);
            call.bot.emit('turn', new BotResponse('match', `Word ${i}.`).of(`r${i}`));
        }
        call.pass(31_000);
        expect(reports(call)).toHaveLength(30);
    });
});
