import type { Config, TurnTakingConfig } from '../../src/config/config';
import { BotResponse } from '../../src/services/bot-response';
import type { DigitResult } from '../../src/services/dtmf-service';
import { outcome, SessionHarness } from '../support/session-harness';
import { TEST_TURN_TAKING, testConfig } from '../support/test-config';

async function openCall(turnTaking: Partial<TurnTakingConfig> = {}, config: Partial<Config> = {}) {
    const all = testConfig({ turnTaking: { ...TEST_TURN_TAKING, ...turnTaking }, ...config });
    const call = new SessionHarness({ config: all });
    await call.open();
    return call;
}

describe('taking turns', () => {
    it('asks a silent caller again after the end of playback, twice, and then lets the bot say goodbye', async () => {
        const call = await openCall({ noInputMs: 5000, maxReprompts: 2 });
        call.bot.say('hello', 1000);
        call.pass(1000 + 4800);
        expect(call.bot.askedAgain).toBe(0);
        call.pass(400);
        expect(call.bot.askedAgain).toBe(1);
        for (const answer of ['still there 1', 'still there 2']) {
            call.bot.say(answer, 1000);
            call.bot.emit('turn', new BotResponse('no_input', answer));
            call.pass(6200);
        }
        expect([call.bot.askedAgain, call.bot.goodbyes]).toEqual([2, 1]);
        call.bot.say('goodbye', 500);
        call.bot.emit('ended', { reason: 'completed', info: 'conversation finished' });
        call.send('playback_completed');
        call.pass(3000);
        expect(call.socket.last('disconnect')?.parameters).toMatchObject({
            reason: 'completed',
            outputVariables: { end_reason: 'no_input' },
        });
    });

    it('does not ask while the caller talks, or after they have pressed a key', async () => {
        const call = await openCall({ noInputMs: 5000 });
        call.bot.say('hello', 1000);
        call.pass(5000);
        call.bot.emit('speechStarted');
        call.pass(20_000);
        expect(call.bot.askedAgain).toBe(0);
    });

    it('ends politely even when the bot never says its goodbye', async () => {
        const call = await openCall({ maxTurns: 1 });
        call.bot.emit('turn', new BotResponse('match', 'one'));
        expect(call.bot.goodbyes).toBe(1);
        call.pass(12_400);
        expect(call.socket.last('disconnect')?.parameters).toMatchObject({
            reason: 'completed',
            outputVariables: { end_reason: 'max_turns' },
        });
    });

    it('ends a call that has become too dear, and one that has become too long, with a goodbye', async () => {
        const dear = await openCall({ maxCostUsd: 0.1 });
        dear.bot.costUsd = 0.11;
        dear.bot.emit('turn', new BotResponse('match', 'one'));
        const long = await openCall({}, { maxCallMinutes: 1 });
        long.pass(61_000);
        expect([dear.bot.goodbyes, long.bot.goodbyes]).toEqual([1, 1]);
        long.bot.emit('ended', { reason: 'completed', info: 'x' });
        expect(long.socket.last('disconnect')?.parameters).toMatchObject({
            outputVariables: { end_reason: 'max_duration' },
        });
    });

    it('comforts a caller who waits for the bot, and gives the bot up in the end', async () => {
        const call = await openCall({ deadAirMs: 3000 });
        call.bot.emit('speechStarted');
        call.bot.emit('speechStopped', 500);
        call.pass(2800);
        expect(call.socket.audio).toHaveLength(0);
        call.pass(400);
        expect(call.socket.audioBytes.length).toBeGreaterThan(0);
        call.pass(6000);
        expect(call.socket.types).not.toContain('disconnect');
        call.pass(3000);
        expect(call.socket.last('disconnect')?.parameters).toMatchObject({
            reason: 'error',
            outputVariables: { end_reason: 'dead_air' },
        });
    });

    it('does not comfort a caller whom the bot answers', async () => {
        const call = await openCall({ deadAirMs: 3000 });
        call.bot.emit('speechStarted');
        call.bot.emit('speechStopped', 500);
        call.pass(2000);
        const answer = call.bot.say('answer', 1000);
        call.pass(9000);
        expect(call.socket.audioBytes).toHaveLength(answer.length);
    });

    it('interrupts only when the caller has said more than a cough', async () => {
        const call = await openCall({ bargeInMinSpeechMs: 300 });
        call.bot.say('a', 10_000);
        call.pass(1000);
        call.audio(1600, 0xff);
        call.bot.emit('speechStarted');
        expect(call.bot.interrupts).toHaveLength(0);
        call.audio(1600, 0x10);
        expect(call.bot.interrupts).toHaveLength(0);
        call.audio(1600, 0x10);
        expect(call.bot.interrupts).toHaveLength(1);
    });

    it('measures how long the caller waited, and says so in the closing line', async () => {
        const call = await openCall();
        call.bot.emit('speechStarted');
        call.pass(1000);
        call.bot.emit('speechStopped', 500);
        call.clock.advance(300);
        call.bot.say('answer', 1000);
        call.clock.advance(40);
        call.send('playback_started');
        call.session.close();
        const line = call.logger.lines.find((entry) => entry.message === 'call ended');
        expect(line?.fields).toMatchObject({ medianTurnMs: 840, worstTurnMs: 840 });
    });

    it('tells the bot’s transcript from what was heard of it', async () => {
        const call = await openCall();
        call.bot.emit('transcript', {
            speaker: 'bot',
            itemId: 'item_a',
            text: 'one two three four five six seven eight',
        });
        call.bot.say('a', 8000);
        call.pass(4000);
        call.bot.emit('speechStarted');
        expect(call.session.transcript).toEqual([
            { speaker: 'bot', text: 'one two three four five six seven eight', heard: 'one two three four' },
        ]);
    });
});

describe('a secure entry', () => {
    const CARD = '4111111111111234';

    async function collectCard(call: SessionHarness, maxDigits = 16): Promise<DigitResult[]> {
        const results: DigitResult[] = [];
        call.bot.emit('collectDigits', {
            name: 'card',
            maxDigits,
            secure: true,
            done: (result) => results.push(result),
        });
        for (const digit of CARD) {
            call.send('dtmf', { digit });
            call.audio(1600, 0x33);
        }
        await Promise.resolve();
        return results;
    }

    it('goes to the asker only: not to the bot, not into a log, not into a record', async () => {
        const call = await openCall();
        const results = await collectCard(call);
        expect(results).toEqual([{ digits: CARD, by: 'length' }]);
        call.bot.emit('ended', { reason: 'completed', info: 'done' });
        call.session.close();
        expect(call.bot.told).toEqual([]);
        const everything = call.logger.text + call.socket.texts.join('') + JSON.stringify(call.session.transcript);
        for (let length = 6; length <= CARD.length; length++) expect(everything).not.toContain(CARD.slice(0, length));
    });

    it('leaves Architect a masked variable', async () => {
        const call = await openCall();
        await collectCard(call);
        call.bot.emit('ended', { reason: 'completed', info: 'done', outputVariables: { end_reason: 'bot_ended' } });
        expect(call.socket.last('disconnect')?.parameters['outputVariables']).toEqual({
            ...outcome({ end_reason: 'bot_ended' }),
            card: '************1234',
        });
    });

    it('is not heard by the bot either: it gets silence while keys are pressed', async () => {
        const call = await openCall();
        await collectCard(call);
        const heard = Buffer.concat(call.bot.heard.slice(0, 15));
        expect(new Set(heard)).toEqual(new Set([0xff]));
        call.audio(1600, 0x33);
        expect(call.bot.heard.at(-1)?.[0]).toBe(0x33);
    });

    it('is cancelled, and forgotten, when the caller hangs up', async () => {
        const call = await openCall();
        const results = await collectCard(call, 20);
        expect(results).toEqual([]);
        call.send('close', { reason: 'end' });
        call.session.close();
        expect(results).toEqual([{ digits: expect.any(String) as string, by: 'cancelled' }]);
        expect(call.clock.pendingCount).toBe(0);
    });
});
