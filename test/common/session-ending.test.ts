import { NULL_ID, openParameters, outcome, SessionHarness, settle } from '../support/session-harness';
import { testConfig } from '../support/test-config';

async function openCall(deps: ConstructorParameters<typeof SessionHarness>[0] = {}): Promise<SessionHarness> {
    const call = new SessionHarness(deps);
    await call.open();
    return call;
}

/** A report of the end counts when no `playback_started` follows within this. */
const GAP_REPORT_MS = 40;

/** A bot that has ended the conversation with two seconds of words, of which none is heard yet. */
async function callInFarewell() {
    const call = await openCall();
    const farewell = call.bot.say('bye', 2000);
    call.bot.emit('ended', { reason: 'completed', info: 'done' });
    return { call, farewell };
}

describe('the end of a session', () => {
    it('disconnects once, keeps answering pings, sends nothing else', async () => {
        const call = await openCall();
        call.bot.emit('ended', { reason: 'completed', info: 'done' });
        call.bot.emit('ended', { reason: 'error', info: 'again' });
        call.session.shutDown();
        call.send('ping');
        call.send('update', { language: 'en-us' });
        call.send('dtmf', { digit: '1' });
        expect(call.socket.types).toEqual(['opened', 'disconnect', 'pong']);
    });

    it('at a shutdown finishes its sentence, says goodbye, and disconnects with the output variables', async () => {
        const call = await openCall();
        const sentence = call.bot.say('a', 3000);
        call.pass(500);
        call.session.endForShutdown();
        expect([call.bot.goodbyes, call.socket.types]).toEqual([1, ['opened']]);
        const goodbye = call.bot.say('bye', 1000);
        call.bot.emit('ended', { reason: 'completed', info: 'done' });
        call.pass(3400);
        expect(call.socket.types).toEqual(['opened']);
        call.pass(200);
        call.send('playback_completed');
        call.pass(GAP_REPORT_MS);
        expect(call.socket.audioBytes).toEqual(Buffer.concat([sentence, goodbye]));
        expect(call.socket.last('disconnect')?.parameters).toMatchObject({
            reason: 'completed',
            outputVariables: outcome({ end_reason: 'server_shutdown' }),
        });
    });

    it('at a shutdown disconnects at once while there is no conversation', async () => {
        const call = new SessionHarness();
        call.session.endForShutdown();
        expect(call.socket.types).toEqual(['disconnect']);
        const probe = new SessionHarness();
        await probe.open({ conversationId: NULL_ID });
        probe.session.endForShutdown();
        expect(probe.socket.types).toEqual(['opened', 'disconnect']);
    });

    it('keeps the end that has begun when a shutdown comes', async () => {
        const call = await openCall();
        call.bot.say('bye', 2000);
        call.bot.emit('ended', { reason: 'completed', info: 'done' });
        call.session.endForShutdown();
        call.clock.advance(3600);
        expect(call.bot.goodbyes).toBe(0);
        expect(call.socket.last('disconnect')?.parameters).toMatchObject({ outputVariables: outcome() });
    });

    it('at a shutdown lets a bot that has hung up finish, and says goodbye when the caller interrupts that', async () => {
        const call = await openCall();
        call.bot.say('bye', 3000);
        call.bot.emit('hangUp', { reason: 'completed', info: 'hung up' });
        call.pass(1000);
        call.session.endForShutdown();
        expect(call.bot.goodbyes).toBe(0);
        call.bot.emit('speechStarted');
        expect(call.bot.goodbyes).toBe(1);
        call.bot.emit('ended', { reason: 'completed', info: 'done' });
        call.pass(200);
        expect(call.socket.last('disconnect')?.parameters).toMatchObject({
            outputVariables: outcome({ end_reason: 'server_shutdown' }),
        });
    });

    it('lets the farewell play, and disconnects on playback_completed', async () => {
        const { call, farewell } = await callInFarewell();
        call.send('playback_started');
        call.clock.advance(2010);
        expect(call.socket.types).not.toContain('disconnect');
        expect(call.socket.audioBytes).toEqual(Buffer.from(farewell));
        call.send('playback_completed');
        call.clock.advance(GAP_REPORT_MS - 1);
        expect(call.socket.types).not.toContain('disconnect');
        call.clock.advance(1);
        expect(call.socket.types.at(-1)).toBe('disconnect');
    });

    it('waits for the rest when the client had a gap, and reports its end after our count', async () => {
        const { call } = await callInFarewell();
        call.clock.advance(2300);
        // The end of what came before the gap, and the start of the rest, in one burst.
        call.send('playback_completed');
        call.send('playback_started');
        call.clock.advance(300);
        expect(call.socket.types).not.toContain('disconnect');
        call.send('playback_completed');
        call.clock.advance(GAP_REPORT_MS);
        expect(call.socket.types.at(-1)).toBe('disconnect');
    });

    it('waits no longer than 1.5 s for the end of the rest', async () => {
        const { call } = await callInFarewell();
        call.clock.advance(2300);
        call.send('playback_completed');
        call.send('playback_started');
        call.clock.advance(GAP_REPORT_MS + 1499);
        expect(call.socket.types).not.toContain('disconnect');
        call.clock.advance(1);
        expect(call.socket.types.at(-1)).toBe('disconnect');
    });

    it('does not take the report of a gap, with audio on its way, for the end of the goodbye', async () => {
        const call = await openCall();
        call.send('ping', { rtt: 'PT0.1S' });
        call.bot.say('bye', 2000);
        call.bot.emit('ended', { reason: 'completed', info: 'done' });
        call.send('playback_started');
        call.clock.advance(1500);
        call.send('playback_completed');
        call.clock.advance(1800);
        expect(call.socket.types).not.toContain('disconnect');
        call.send('playback_completed');
        call.clock.advance(GAP_REPORT_MS);
        expect(call.socket.types.at(-1)).toBe('disconnect');
    });

    it('disconnects 1.5 s after the last sound by its own count when the client reports nothing', async () => {
        const { call } = await callInFarewell();
        call.clock.advance(3450);
        expect(call.socket.types).not.toContain('disconnect');
        call.clock.advance(100);
        expect(call.socket.types).toContain('disconnect');
    });

    it('sends output variables as a flat string map', async () => {
        const call = await openCall();
        call.bot.emit('ended', { reason: 'completed', info: 'done', outputVariables: { intent: 'x', count: '2' } });
        expect(call.socket.last('disconnect')?.parameters).toEqual({
            reason: 'completed',
            info: 'done',
            outputVariables: outcome({ intent: 'x', count: '2' }),
        });
    });

    it('answers close with closed at once in every state, once, and nothing after it', async () => {
        const states: Record<string, (call: SessionHarness) => Promise<void> | void> = {
            waitOpen: () => undefined,
            opening: (call) => {
                call.send('open', openParameters());
            },
            active: (call) => call.open(),
            paused: async (call) => {
                await call.open();
                call.send('paused');
            },
            disconnecting: async (call) => {
                await call.open();
                call.session.shutDown();
            },
            talking: async (call) => {
                await call.open();
                call.bot.say('a', 5000, false);
            },
        };
        for (const [name, reach] of Object.entries(states)) {
            const call = new SessionHarness();
            await reach(call);
            call.send('close', { reason: 'end' });
            call.send('close', { reason: 'end' });
            call.send('ping');
            await settle();
            call.clock.advance(4000);
            expect([name, call.socket.types.filter((type) => type === 'closed').length]).toEqual([name, 1]);
            expect([name, call.socket.order.at(-1)]).toEqual([name, 'closed']);
            expect(call.socket.last('closed')?.parameters).toEqual({});
        }
    });

    it('does not close the socket before the client, except 5 s after closed, and by force 5 s later', async () => {
        const call = await openCall();
        call.send('close', { reason: 'end' });
        call.clock.advance(4999);
        expect(call.socket.closed).toBe(false);
        call.clock.advance(1);
        expect(call.socket.closed).toBe(true);
        expect(call.socket.terminated).toBe(false);
        call.clock.advance(5000);
        expect(call.socket.terminated).toBe(true);
    });

    it('waits 10 s for close after its disconnect, then ends the socket by force', async () => {
        const call = await openCall();
        call.session.shutDown();
        call.clock.advance(9000);
        call.session.processBinaryMessage(new Uint8Array(160));
        expect(call.socket.terminated).toBe(false);
        call.clock.advance(1000);
        expect(call.socket.terminated).toBe(true);
    });

    it('frees the bot and every timer once, and notices a dead client within 21 s', async () => {
        const call = await openCall();
        call.bot.say('a', 60_000);
        call.clock.advance(21_000);
        expect(call.socket.terminated).toBe(true);
        expect(call.bot.endCount).toBe(1);
        expect(call.clock.pendingCount).toBe(0);
        expect(call.logger.codes).toContain('ERR_CLIENT_SILENT');
        call.session.close();
        expect(call.logger.lines.filter((line) => line.message === 'call ended')).toHaveLength(1);
    });

    it.each(['waitOpen', 'opening', 'active', 'disconnecting', 'closed'])(
        'leaves no timer behind when the socket is lost in %s',
        async (state) => {
            const call = new SessionHarness();
            if (state === 'opening') call.send('open', openParameters());
            else if (state !== 'waitOpen') await call.open();
            if (state === 'active') call.bot.say('a', 9000, false);
            if (state === 'disconnecting') call.session.shutDown();
            if (state === 'closed') call.send('close', { reason: 'end' });
            call.session.close();
            await settle();
            expect(call.clock.pendingCount).toBe(0);
            expect(call.bot.listenerCount('audio')).toBe(0);
        },
    );

    it('disconnects 10 s after the upgrade when no open comes, and ends the socket 10 s later', () => {
        const call = new SessionHarness();
        call.clock.advance(10_000);
        expect(call.socket.last('disconnect')?.parameters['reason']).toBe('error');
        call.session.processBinaryMessage(new Uint8Array(1));
        call.clock.advance(10_000);
        expect(call.socket.terminated).toBe(true);
    });

    it('disconnects when a bot that speaks first gives no sound for 8 s', async () => {
        const call = new SessionHarness();
        call.bot.speaksFirst = true;
        await call.open();
        call.clock.advance(7000);
        expect(call.socket.types).toEqual(['opened']);
        call.clock.advance(1000);
        expect(call.socket.types).toEqual(['opened', 'disconnect']);
        expect(call.logger.codes).toContain('ERR_BOT_FIRST_AUDIO_TIMEOUT');
    });

    it('disconnects when a response stops in the middle and the caller has waited 6 s', async () => {
        const call = await openCall();
        call.bot.say('a', 1000, false);
        for (let second = 0; second < 6; second++) {
            call.clock.advance(1000);
            call.audio(1600);
        }
        expect(call.socket.types).toEqual(['opened']);
        call.clock.advance(1000);
        expect(call.logger.codes).toContain('ERR_BOT_STALLED');
    });

    it('ends the call of a client that reads nothing for 10 s, and holds the audio back meanwhile', async () => {
        const call = await openCall();
        call.socket.bufferedAmount = 50_000;
        call.bot.say('a', 5000);
        for (let second = 0; second < 9; second++) {
            call.clock.advance(1000);
            call.audio(1600);
        }
        expect(call.socket.audio).toEqual([]);
        call.clock.advance(2000);
        expect(call.socket.terminated).toBe(true);
        expect(call.logger.codes).toContain('ERR_SLOW_READER');
    });

    it('ends the call of a client that pings and never reads', async () => {
        const call = await openCall();
        call.socket.bufferedAmount = 2 * 1024 * 1024;
        call.send('ping');
        expect(call.socket.terminated).toBe(true);
        expect(call.clock.pendingCount).toBe(0);
    });

    it.each(['opened', 'disconnect', 'closed'])('is over once when %s is one message too many', async (type) => {
        const call = new SessionHarness();
        if (type === 'opened') call.socket.bufferedAmount = 2 * 1024 * 1024;
        await call.open();
        call.socket.bufferedAmount = 2 * 1024 * 1024;
        if (type === 'disconnect') call.session.shutDown();
        if (type === 'closed') call.send('close', { reason: 'end' });
        call.session.close();
        expect(call.socket.types.at(-1)).toBe(type);
        expect([call.socket.terminated, call.clock.pendingCount]).toEqual([true, 0]);
        expect(call.bot.startCount).toBe(type === 'opened' ? 0 : 1);
        expect(call.logger.lines.filter(({ message }) => message === 'call ended')).toHaveLength(1);
    });

    it('lets the bot say goodbye at MAX_CALL_MINUTES, and says so once', async () => {
        const call = await openCall({ config: testConfig({ maxCallMinutes: 1 }) });
        call.pass(64_000);
        expect(call.logger.codes).toEqual(['ERR_CALL_TOO_LONG']);
        expect(call.bot.goodbyes).toBe(1);
        call.pass(13_000);
        expect(call.socket.types.at(-1)).toBe('disconnect');
    });

    it('on shut-down sends the call back to Architect with a disconnect', async () => {
        const call = await openCall();
        call.session.shutDown();
        expect(call.socket.last('disconnect')?.parameters).toMatchObject({ reason: 'completed' });
    });

    it('puts nothing into info that a bot or a fault said', async () => {
        const call = await openCall();
        call.session.processFault(new Error('secret of the caller +12025550143'));
        expect(call.socket.texts.join('')).not.toContain('secret');
    });

    it('logs neither the caller’s number nor a digit', async () => {
        const call = await openCall();
        for (const digit of ['7', '3', '9', '1', '#']) call.send('dtmf', { digit });
        call.session.close();
        expect(call.logger.text).not.toContain('2025550143');
        expect(call.logger.text).not.toMatch(/7 ?3 ?9 ?1/);
    });
});
