import { BotResponse } from '../../src/services/bot-response';
import { CodedError } from '../../src/support/errors';
import { outcome, SessionHarness } from '../support/session-harness';

async function openCall(): Promise<SessionHarness> {
    const call = new SessionHarness();
    await call.open();
    return call;
}

describe('a running session', () => {
    it('answers every ping at once: paused, flooding audio, rate-limited, disconnecting', async () => {
        const call = await openCall();
        call.send('paused');
        call.send('ping');
        call.send('resumed', {});
        call.bot.say('a', 30_000);
        call.send('ping');
        call.send('error', { code: 429, message: 'slow down', retryAfter: 'PT5S' });
        for (let i = 0; i < 30; i++) call.send('ping');
        call.pass(31_000);
        call.bot.emit('ended', { reason: 'error', info: 'gone' });
        call.pass(5000);
        expect(call.socket.types).toContain('disconnect');
        call.send('ping');
        expect(call.socket.types.filter((type) => type === 'pong')).toHaveLength(33);
    });

    it('never sends pong without a ping', async () => {
        const call = await openCall();
        for (let i = 0; i < 10; i++) {
            call.audio(1600);
            call.clock.advance(1000);
        }
        expect(call.socket.types).toEqual(['opened']);
    });

    it('answers update with updated, whatever language it names', async () => {
        const call = await openCall();
        call.send('update', { language: 'es-us' });
        call.send('update', {});
        expect(call.socket.types).toEqual(['opened', 'updated', 'updated']);
        expect(call.socket.last('updated')?.parameters).toEqual({});
    });

    it('takes frames of any length, empty ones, bursts, and audio while paused', async () => {
        const call = await openCall();
        for (const length of [1, 0, 160, 1600, 63_999, 64_000]) call.audio(length);
        call.send('paused');
        call.audio(1600);
        expect(call.socket.types).toEqual(['opened']);
        const heard = call.bot.heard.map((pcmu) => pcmu.length);
        expect(heard).toEqual([1, 160, 1600, 63_999, 64_000, 8000]);
    });

    it('gives the bot a second of silence when the stream is paused, so that a cut sentence ends', async () => {
        const call = await openCall();
        call.send('paused');
        expect(new Set(call.bot.heard.at(-1))).toEqual(new Set([0xff]));
    });

    it('sends no audio before opened, after disconnect, or after close', async () => {
        const call = new SessionHarness();
        call.bot.say('early', 500);
        expect(call.socket.audio).toEqual([]);
        await call.open();
        call.bot.say('a', 5000);
        call.send('close', { reason: 'end' });
        const count = call.socket.audio.length;
        call.bot.say('b', 500);
        call.clock.advance(10_000);
        expect(call.socket.audio).toHaveLength(count);
        expect(call.socket.order.at(-1)).toBe('closed');
    });

    it('sends the first piece of a response in the tick in which it came', async () => {
        const call = await openCall();
        const pcmu = call.bot.say('a', 40, false);
        expect(call.socket.audioBytes).toEqual(Buffer.from(pcmu));
    });

    it('on barge-in empties its queue, sends one barge_in, and no byte of the old response after it', async () => {
        const call = await openCall();
        call.bot.say('a', 5000, false);
        call.clock.advance(1000);
        call.bot.emit('speechStarted');
        const bytes = call.socket.audioBytes.length;
        expect(call.socket.last('event')?.parameters).toEqual({ entities: [{ type: 'barge_in', data: {} }] });
        call.clock.advance(5000);
        expect(call.socket.audioBytes).toHaveLength(bytes);
        expect(call.socket.order.at(-1)).toBe('event');
    });

    it('tells the bot to the millisecond what the caller heard', async () => {
        const call = await openCall();
        call.bot.say('a', 5000);
        call.clock.advance(1234);
        call.bot.emit('speechStarted');
        expect(call.bot.interrupts).toEqual([
            { items: [{ responseId: 'a', itemId: 'item_a', contentIndex: 0, heardMs: 1234, receivedMs: 5000 }] },
        ]);
    });

    it('sends no barge_in when nothing plays or waits', async () => {
        const call = await openCall();
        call.bot.emit('speechStarted');
        call.bot.say('a', 500);
        call.clock.advance(600);
        call.bot.emit('speechStarted');
        expect(call.socket.types).toEqual(['opened']);
        expect(call.bot.interrupts).toEqual([]);
    });

    it.each([true, false])(
        'plays the next response whole, playback_completed after a barge-in: %s',
        async (reports) => {
            const call = await openCall();
            call.bot.say('a', 3000);
            call.send('playback_started');
            call.clock.advance(700);
            call.bot.emit('speechStarted');
            if (reports) call.send('playback_completed');
            const before = call.socket.audioBytes.length;
            const next = call.bot.say('bb', 2000);
            call.send('playback_started');
            call.clock.advance(2100);
            expect(call.socket.audioBytes.subarray(before)).toEqual(Buffer.from(next));
        },
    );

    it('reports a turn with a known disposition and no undefined keys', async () => {
        const call = await openCall();
        call.bot.emit('turn', new BotResponse('match', 'Hello.').withConfidence(1));
        call.bot.emit('turn', new BotResponse('no_match', ''));
        const entities = call.socket.messages.flatMap((message) => message.parameters['entities'] ?? []);
        expect(entities).toEqual([
            { type: 'bot_turn_response', data: { disposition: 'match', text: 'Hello.', confidence: 1 } },
            { type: 'bot_turn_response', data: { disposition: 'no_match' } },
        ]);
    });

    it('keeps text within 25 + 5·t when the bot reports a hundred turns, merging what waits', async () => {
        const call = await openCall();
        for (let i = 0; i < 100; i++) {
            call.bot.emit('turn', new BotResponse('match', `turn ${i}`));
            call.clock.advance(50);
        }
        call.clock.advance(2000);
        expect(call.socket.texts.length).toBeLessThanOrEqual(25 + 5 * 7);
        const last = call.socket.last('event')?.parameters['entities'] as { data: { text: string } }[];
        expect(last.at(-1)?.data.text).toBe('turn 99');
    });

    it('gathers digits to an entry by terminator and by time-out, also while the bot talks, which they interrupt', async () => {
        const call = await openCall();
        call.bot.say('a', 5000);
        for (const digit of ['4', '2', '#']) call.send('dtmf', { digit });
        expect(call.bot.told).toEqual(['The caller entered 4 2 on the telephone keypad.']);
        expect(call.bot.interrupts).toHaveLength(1);
        call.send('dtmf', { digit: '7' });
        call.clock.advance(2999);
        expect(call.bot.told).toHaveLength(1);
        call.clock.advance(1);
        expect(call.bot.told.at(-1)).toBe('The caller entered 7 on the telephone keypad.');
    });

    it('does not cut the response to an entry by the key that completes it', async () => {
        const call = await openCall();
        call.bot.tell = () => {
            call.bot.say('answer', 500);
        };
        for (const digit of ['5', '#']) call.send('dtmf', { digit });
        expect(call.socket.order).toEqual(['opened', 'audio', 'audio']);
    });

    it('ignores keys that no telephone has', async () => {
        const call = await openCall();
        for (const digit of ['A', 'x', '12', ' ']) call.send('dtmf', { digit });
        call.clock.advance(5000);
        expect(call.bot.told).toEqual([]);
        expect(call.socket.types).toEqual(['opened']);
    });

    it('on 429 sends no audio for the time asked, half as much afterwards, and loses nothing', async () => {
        const call = await openCall();
        const pcmu = call.bot.say('a', 20_000);
        call.clock.advance(1000);
        call.send('error', { code: 429, message: 'too many', retryAfter: 'PT2S' });
        const before = call.socket.audio.length;
        call.clock.advance(1900);
        expect(call.socket.audio).toHaveLength(before);
        call.pass(25_000);
        expect(call.socket.audioBytes).toEqual(Buffer.from(pcmu));
        expect(call.logger.codes).toContain('ERR_RATE_LIMITED');
    });

    it.each([400, 405, 408, 409, 413, 415, 500, 503, 3000])('survives the client error %d', async (code) => {
        const call = await openCall();
        call.send('error', { code, message: 'something' });
        call.send('ping');
        expect(call.socket.types).toEqual(['opened', 'pong']);
        expect(call.logger.codes).toContain('ERR_CLIENT_ERROR');
    });

    it('counts discarded and resumed gaps as lost audio, and odd durations as none', async () => {
        const call = await openCall();
        call.audio(8000);
        call.send('discarded', { start: 'PT1S', discarded: 'PT1.5S' });
        call.send('paused');
        call.send('resumed', { start: 'PT2.5S', discarded: 'PT3S' });
        call.send('discarded', { start: 'x', discarded: 'y' });
        call.session.close();
        const line = call.logger.lines.find((entry) => entry.message === 'call ended');
        expect(line?.fields).toMatchObject({ callerAudioMs: 1000, lostCallerAudioMs: 4500 });
    });

    it('keeps the call when a listener of ours throws, and ends only this one', async () => {
        const call = await openCall();
        call.bot.hear = () => {
            throw new Error('a bug');
        };
        expect(() => {
            call.audio(160);
        }).not.toThrow();
        expect(call.socket.last('disconnect')?.parameters).toEqual({
            reason: 'error',
            info: 'Internal error',
            outputVariables: outcome({ end_reason: 'ERR_INTERNAL', error_code: 'ERR_INTERNAL' }),
        });
        expect(call.logger.codes).toContain('ERR_INTERNAL');
    });

    it('ends with an error when the bot cannot start, and tells Genesys nothing of why', async () => {
        const call = new SessionHarness();
        call.bot.startResult = Promise.reject(new CodedError('ERR_BOT_FAILED', 'key sk-secret was refused'));
        await call.open();
        await call.clock.advanceAsync(10);
        expect(call.socket.last('disconnect')?.parameters).toEqual({
            reason: 'error',
            info: 'The bot is not available',
            outputVariables: outcome({ end_reason: 'ERR_BOT_FAILED', error_code: 'ERR_BOT_FAILED' }),
        });
    });
});
