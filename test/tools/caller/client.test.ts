import { once } from 'node:events';
import { Caller } from '../../../tools/caller/client';
import { all, event, openedAs, play, say } from './breaches';
import { StubbedCall } from './stub-call';
import { PCMU, StubServer, until } from './stub-server';
import type { CallerOptions } from '../../../tools/caller/caller-options';

let call: StubbedCall | undefined;
let refusing: StubServer | undefined;

afterEach(async () => {
    await call?.release();
    await refusing?.stop();
    call = refusing = undefined;
});

async function open(script = {}, options: Partial<CallerOptions> = {}): Promise<StubbedCall> {
    call = await StubbedCall.open(script, options);
    return call;
}

const bargeIn = event({ type: 'barge_in', data: {} });

/** Bytes that tell where they come from. */
function counted(length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => index % 251);
}

describe('placing a call', () => {
    it('sends the headers of Genesys, signed for the host and path it dials, and asks for nothing else', async () => {
        const { caller, stub } = await open({}, { clientSecret: 'c2VjcmV0', retryAttempt: 1 });
        const { headers, url } = stub.request;
        expect(url).toBe('/bot?line=1');
        expect(headers).toMatchObject({
            'user-agent': 'GenesysCloud-AudioHook-Client',
            'audiohook-session-id': caller.sessionId,
            'audiohook-correlation-id': caller.sessionId,
            'audiohook-organization-id': caller.organizationId,
            'audiohook-retry-attempt': '1',
            'x-api-key': 'key',
            'signature-input': expect.stringContaining(';created=1795348800;expires=1795348810;') as string,
        });
        expect(headers).not.toHaveProperty('sec-websocket-protocol');
        expect(headers).not.toHaveProperty('sec-websocket-extensions');
    });

    it('sends open first, with the order of fields that real calls have', async () => {
        const { caller, stub } = await open({}, { inputVariables: { tier: 'gold' }, language: 'en-us' });
        expect(Object.keys(JSON.parse(stub.raw[0] ?? '') as object)).toEqual([
            'type',
            'version',
            'id',
            'seq',
            'serverseq',
            'position',
            'parameters',
        ]);
        expect(stub.texts[0]).toMatchObject({
            type: 'open',
            seq: 1,
            serverseq: 0,
            position: 'PT0.0S',
            parameters: {
                organizationId: caller.organizationId,
                conversationId: caller.conversationId,
                media: [PCMU],
                language: 'en-us',
                inputVariables: { tier: 'gold' },
            },
        });
    });

    it('runs the probe: null ids, no language, close right after opened, no audio', async () => {
        call = await StubbedCall.dial({}, { probe: true, language: 'en-us' });
        await call.finish();
        expect(call.stub.types()).toEqual(['open', 'close']);
        const { parameters } = call.stub.texts[0] ?? { parameters: {} };
        expect(parameters).toMatchObject({ conversationId: '00000000-0000-0000-0000-000000000000' });
        expect(parameters).not.toHaveProperty('language');
        expect(call.stub.audio).toHaveLength(0);
        expect((await call.caller.ended).outcome).toBe('completed');
    });

    it('tells the status of a refused upgrade, and ends', async () => {
        refusing = await StubServer.start({}, 503);
        const caller = new Caller({ url: refusing.url, apiKey: 'key' });
        expect(await caller.dial()).toMatchObject({ ok: false, status: 503 });
        expect(await caller.ended).toMatchObject({ outcome: 'refused', refusal: { status: 503 } });
    });

    it('tells that no server listens', async () => {
        const server = await StubServer.start();
        const { url } = server;
        await server.stop();
        const caller = new Caller({ url, apiKey: 'key' });
        expect(await caller.dial()).toMatchObject({ ok: false, status: undefined, code: 'ECONNREFUSED' });
        await expect(caller.dial()).rejects.toThrow('dials once');
    });
});

describe('talking and listening', () => {
    it('streams its speech in real time, and says how far in position', async () => {
        const speech = counted(3200);
        const { caller, stub } = await open({}, { audio: speech, pings: false });
        await call?.pass(400, 200);
        caller.dtmf('4');
        await call?.settle();
        expect(Buffer.concat(stub.audio)).toEqual(Buffer.from(speech));
        expect(stub.texts.at(-1)).toMatchObject({ type: 'dtmf', position: 'PT0.4S', parameters: { digit: '4' } });
        expect(caller.callerTrack).toEqual(speech);
    });

    it('reports the playback: started with the first sample, completed with the last, and knows what is heard between', async () => {
        const { caller, stub } = await open({ update: play(counted(1600)) }, { pings: false });
        caller.update('es-us');
        await call?.settle();
        await call?.pass(100);
        expect(caller.heardBytes).toBe(800);
        expect(caller.queuedMs).toBe(100);
        expect(caller.playedAudio).toEqual(counted(800));
        await call?.pass(100);
        expect(stub.types().slice(2)).toEqual(['playback_started', 'playback_completed']);
        expect(caller.playedAudio).toEqual(counted(1600));
    });

    it.each([
        [true, ['playback_started', 'playback_completed']],
        [false, ['playback_started']],
    ])('stops at barge_in to the sample; playback_completed follows: %s', async (completedAfterFlush, reports) => {
        const { caller, stub } = await open({ update: play(counted(4000)) }, { pings: false, completedAfterFlush });
        caller.update('es-us');
        await call?.settle();
        await call?.pass(150);
        const bargedIn = once(caller, 'bargeIn');
        bargeIn(stub);
        expect(await bargedIn).toEqual([{ startedAtMs: 0, heardBytes: 1200, totalBytes: 4000 }]);
        await call?.pass(1000);
        expect(stub.types().slice(2)).toEqual(reports);
        expect(caller.playedAudio).toEqual(counted(1200));
        expect(caller.cutAudio).toEqual(counted(4000).subarray(1200));
    });

    it('lays both sides on one time line', async () => {
        const { caller } = await open({ update: play(counted(800)) }, { audio: counted(1600), pings: false });
        await call?.pass(300, 100);
        caller.update('es-us');
        await call?.settle();
        await call?.pass(100);
        expect(caller.heardTrack.subarray(0, 2400).every((code) => code === 0xff)).toBe(true);
        expect(caller.heardTrack.subarray(2400)).toEqual(counted(800));
        expect(caller.callerTrack.subarray(0, 1600)).toEqual(counted(1600));
    });
});

describe('keeping the protocol', () => {
    it('pings 1 s after opened, again right after the first pong, then each 5 s, with the last round trip', async () => {
        const { stub } = await open({}, {});
        const pings = () => stub.texts.filter(({ type }) => type === 'ping');
        await call?.pass(999);
        expect(pings()).toHaveLength(0);
        await call?.pass(1);
        expect(pings().map(({ parameters }) => parameters)).toEqual([{}, { rtt: 'PT0S' }]);
        await call?.pass(4999);
        expect(pings()).toHaveLength(2);
        await call?.pass(1);
        expect(pings()).toHaveLength(3);
    });

    it('acknowledges the last server message in serverseq', async () => {
        const { caller, stub } = await open();
        caller.update('es-us');
        await until(() => stub.seq === 2);
        await call?.settle();
        caller.dtmf('#');
        await call?.settle();
        expect(stub.texts.map(({ seq, serverseq }) => [seq, serverseq])).toEqual([
            [1, 0],
            [2, 1],
            [3, 2],
        ]);
    });

    it('pauses, resumes and discards with the gap in samples', async () => {
        const { caller, stub } = await open({}, { pings: false });
        await call?.pass(200);
        caller.pause();
        await call?.pass(3500);
        caller.resume();
        caller.discard(250);
        await call?.settle();
        expect(stub.texts.slice(1).map(({ type, parameters }) => [type, parameters])).toEqual([
            ['paused', {}],
            ['resumed', { start: 'PT0.2S', discarded: 'PT3.5S' }],
            ['discarded', { start: 'PT0.2S', discarded: 'PT0.25S' }],
        ]);
        expect(stub.audio).toHaveLength(1);
    });

    it('obeys a pause of the server, and answers resume with paused while its own pause holds', async () => {
        const { caller, stub } = await open({}, { startPaused: true, pings: false });
        stub.send('pause');
        await call?.settle();
        stub.send('resume');
        await call?.settle();
        caller.resume();
        await call?.settle();
        expect(stub.types().slice(1)).toEqual(['paused', 'paused', 'paused', 'resumed']);
    });

    it('answers disconnect with close, plays nothing more, and hangs up after closed', async () => {
        const { caller, stub } = await open(
            {
                update: all(
                    play(counted(8000)),
                    say('disconnect', { reason: 'completed', info: 'bye', outputVariables: { a: 'b' } }),
                ),
            },
            { pings: false },
        );
        caller.update('es-us');
        await until(() => caller.state === 'closed');
        await call?.finish();
        expect(stub.texts.at(-1)).toMatchObject({ type: 'close', parameters: { reason: 'disconnect' } });
        expect(await caller.ended).toMatchObject({
            outcome: 'completed',
            disconnect: { reason: 'completed', info: 'bye', outputVariables: { a: 'b' } },
            heardMs: 0,
            receivedMs: 1000,
        });
        expect(caller.cutAudio).toEqual(counted(8000));
    });

    it('leaves no timer behind, however the call ends', async () => {
        const { caller, clock } = await open({ update: play(counted(8000)) });
        caller.update('es-us');
        await call?.settle();
        caller.cut();
        expect((await caller.ended).outcome).toBe('cut');
        expect(clock.pendingCount).toBe(0);
    });

    it('complains with 429 and a retryAfter', async () => {
        const { caller, stub } = await open();
        caller.error429(1500);
        await call?.settle();
        expect(stub.texts.at(-1)).toMatchObject({ type: 'error', parameters: { code: 429, retryAfter: 'PT1.5S' } });
    });

    it('sends wrong envelopes and raw bytes when a test asks', async () => {
        const { caller, stub } = await open({}, { pings: false });
        caller.sendMessage('ping', {}, { seq: 9, id: 'x', parameters: undefined });
        caller.sendRaw(new Uint8Array(3));
        await call?.settle();
        expect(stub.texts.at(-1)).toMatchObject({ type: 'ping', seq: 9, id: 'x' });
        expect(stub.texts.at(-1)).not.toHaveProperty('parameters');
        expect(stub.audio).toEqual([Buffer.alloc(3)]);
        expect(caller.sendMessage('ping')).toBe(10);
    });

    it.each([
        ['numbering', openedAs({ media: [PCMU] }), say('updated', {}, { seq: 9 }), ['error', 'close']],
        ['pongAsked', openedAs({ media: [PCMU] }), say('pong'), ['error']],
    ] as const)('answers a breach of %s as the real client does', async (_check, opened, breach, answers) => {
        const { caller, stub } = await open({ open: opened, update: breach }, { reactsToFaults: true, pings: false });
        caller.update('es-us');
        await until(() => stub.types().includes('update'));
        await call?.settle();
        expect(stub.types().slice(2)).toEqual(answers);
    });
});
