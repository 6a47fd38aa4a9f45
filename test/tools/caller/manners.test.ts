import type { MannersReport } from '../../../tools/caller/judge';
import { MANNERS, type MannerName } from '../../../tools/caller/manner-catalogue';
import { Caller } from '../../../tools/caller/client';
import type { CallerOptions } from '../../../tools/caller/caller-options';
import { FakeClock } from '../../support/fake-clock';
import { PCMU, StubServer, until, type Answer, type StubCall } from './stub-server';

let server: StubServer | undefined;
let caller: Caller | undefined;

afterEach(async () => {
    caller?.cut();
    await caller?.ended;
    await server?.stop();
    server = caller = undefined;
});

interface Call {
    clock: FakeClock;
    caller: Caller;
    stub: StubCall;
}

type Script = Readonly<Record<string, Answer>>;

/** Dials a stub; does not wait for `opened`. */
async function dial(script: Script, options: Partial<CallerOptions> = {}): Promise<Call> {
    const clock = new FakeClock();
    server = await StubServer.start(script);
    caller = new Caller({ url: server.url, apiKey: 'key', clock, pings: false, reactsToFaults: false, ...options });
    await caller.dial();
    await until(() => server?.calls[0]?.texts.length === 1);
    return { clock, caller, stub: server.call };
}

/** One whole call: opens, lets `act` happen, hangs up if it still can, and ends. */
async function report(
    script: Script,
    act: (call: Call) => void | Promise<void> = () => undefined,
    options: Partial<CallerOptions> = {},
): Promise<MannersReport> {
    const call = await dial(script, options);
    await until(() => call.caller.events.some((event) => event.kind === 'received'));
    await act(call);
    call.caller.hangUp();
    await until(() => call.caller.state !== 'closing');
    await crossed(call);
    call.clock.advance(20);
    return (await call.caller.ended).manners;
}

/** Whatever the server has written is here now: a WebSocket ping comes back behind it. */
async function crossed({ caller, stub }: Call): Promise<void> {
    if (caller.state === 'gone') return;
    let answered = false;
    stub.socket.once('pong', () => (answered = true));
    stub.socket.ping();
    await until(() => answered || caller.state === 'gone');
}

function names(violations: MannersReport['broken']): MannerName[] {
    return violations.map(({ manner }) => manner.name);
}

const opened =
    (parameters: Record<string, unknown>): Answer =>
    (call) => {
        call.send('opened', parameters);
    };

/** Runs `act` at the moment at which the caller's `update` comes. */
const onUpdate = (act: (call: StubCall) => void): Script => ({ update: act });
const update = async (call: Call): Promise<void> => {
    call.caller.update('es-us');
    await until(() => call.stub.types().includes('update'));
    await crossed(call);
};
const turn = (data: Record<string, unknown>) => ({ type: 'bot_turn_response', data });
const times = (count: number, act: () => void): void => {
    for (let index = 0; index < count; index++) act();
};

describe('manners of a good server', () => {
    it('finds nothing to complain about in a call that uses everything', async () => {
        const script: Script = {
            update: (call) => {
                call.send('updated');
                call.event(turn({ disposition: 'match', text: 'Hello', confidence: 1 }), { type: 'x', data: {} });
                times(25, () => {
                    call.sendAudio(new Uint8Array(160).fill(0x20));
                });
                call.event({ type: 'barge_in', data: {} });
                call.send('pause');
                call.send('resume');
            },
            dtmf: (call) => {
                call.send('disconnect', { reason: 'completed', info: 'done', outputVariables: { a: '1' } });
            },
        };
        const { checked, broken, warned } = await report(script, async (call) => {
            call.caller.sendMessage('ping');
            await update(call);
            call.caller.dtmf('1');
            await until(() => call.caller.state === 'closed');
        });
        expect(broken).toEqual([]);
        expect(warned).toEqual([]);
        const unused: MannerName[] = ['languages', 'afterDisconnect'];
        const missing = Object.values(MANNERS).filter((manner) => !checked.includes(manner));
        expect(missing.map(({ name }) => name).filter((name) => !unused.includes(name))).toEqual([]);
    });

    it('counts only manners that had an occasion', async () => {
        const { checked } = await report({});
        expect(checked.map(({ name }) => name)).toContain('openedInTime');
        expect(checked.map(({ name }) => name)).not.toContain('audioSize');
        expect(checked.map(({ number }) => number)).toEqual(
            [...checked.map(({ number }) => number)].sort((a, b) => a - b),
        );
    });

    it('numbers the catalogue 1, 2, 3 …', () => {
        const numbers = Object.values(MANNERS).map(({ number }) => number);
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    });
});

const BROKEN_AT_OPEN: [breach: string, manner: MannerName, answer: Answer][] = [
    [
        'a pong before anything',
        'firstMessage',
        (call) => {
            call.send('pong');
            call.send('opened', { media: [PCMU] });
        },
    ],
    [
        'two opened',
        'openedOnce',
        (call) => {
            call.send('opened', { media: [PCMU] });
            call.send('opened', { media: [PCMU] });
        },
    ],
    [
        'a first number of 0',
        'numbering',
        (call) => {
            call.send('opened', { media: [PCMU] }, { seq: 0 });
        },
    ],
    [
        'no number',
        'numbering',
        (call) => {
            call.send('opened', { media: [PCMU] }, { seq: undefined });
        },
    ],
    [
        'another session id',
        'sessionId',
        (call) => {
            call.send('opened', { media: [PCMU] }, { id: 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77' });
        },
    ],
    [
        'version 2 as a number',
        'version',
        (call) => {
            call.send('opened', { media: [PCMU] }, { version: 2 });
        },
    ],
    [
        'no parameters',
        'parametersPresent',
        (call) => {
            call.send('opened', {}, { parameters: undefined });
        },
    ],
    [
        'a list as parameters',
        'parametersPresent',
        (call) => {
            call.send('opened', {}, { parameters: [] });
        },
    ],
    [
        'a position',
        'envelopeOnly',
        (call) => {
            call.send('opened', { media: [PCMU] }, { position: 'PT0S' });
        },
    ],
    [
        'no clientseq',
        'clientseq',
        (call) => {
            call.send('opened', { media: [PCMU] }, { clientseq: undefined });
        },
    ],
    [
        'a clientseq that acknowledges nothing',
        'clientseq',
        (call) => {
            call.send('opened', { media: [PCMU] }, { clientseq: 0 });
        },
    ],
    [
        'a clientseq beyond what was sent',
        'clientseq',
        (call) => {
            call.send('opened', { media: [PCMU] }, { clientseq: 2 });
        },
    ],
    ['another rate', 'media', opened({ media: [{ ...PCMU, rate: 16_000 }] })],
    ['another channel', 'media', opened({ media: [{ ...PCMU, channels: ['internal'] }] })],
    ['a further field in the media', 'media', opened({ media: [{ ...PCMU, ptime: 20 }] })],
    ['two media', 'media', opened({ media: [PCMU, PCMU] })],
    ['no list of media', 'media', opened({})],
    ['languages nobody asked for', 'languages', opened({ media: [PCMU], supportedLanguages: ['en-US'] })],
    [
        'a client error as text',
        'readable',
        (call) => {
            call.send('opened', { media: [PCMU] });
            call.socket.send('hello');
        },
    ],
    [
        'a JSON null',
        'readable',
        (call) => {
            call.send('opened', { media: [PCMU] });
            call.socket.send('null');
        },
    ],
    [
        'an invented type',
        'knownType',
        (call) => {
            call.send('opened', { media: [PCMU] });
            call.send('data');
        },
    ],
    [
        'an inherited property as type',
        'knownType',
        (call) => {
            call.send('opened', { media: [PCMU] });
            call.send('toString');
        },
    ],
    [
        'audio before opened',
        'audioWindow',
        (call) => {
            call.sendAudio(new Uint8Array(160));
            call.send('opened', { media: [PCMU] });
        },
    ],
];

const BROKEN_LATER: [breach: string, manner: MannerName, act: (call: StubCall) => void][] = [
    [
        'a number left out',
        'numbering',
        (call) => {
            call.seq += 1;
            call.send('updated');
        },
    ],
    [
        'a number twice',
        'numbering',
        (call) => {
            call.seq -= 1;
            call.send('updated');
        },
    ],
    [
        'a clientseq that goes back',
        'clientseq',
        (call) => {
            call.send('updated');
            call.send('pause', {}, { clientseq: 1 });
        },
    ],
    [
        'text of 64,001 bytes',
        'textSize',
        (call) => {
            const empty = JSON.stringify(turn({ disposition: 'match', text: '' })).length;
            call.event(turn({ disposition: 'match', text: 'x'.repeat(64_001 - empty) }));
        },
    ],
    [
        '26 texts at once',
        'textRate',
        (call) => {
            times(26, () => {
                call.event({ type: 'x', data: {} });
            });
        },
    ],
    [
        '26 binary messages at once',
        'audioRate',
        (call) => {
            times(26, () => {
                call.sendAudio(new Uint8Array(16));
            });
        },
    ],
    [
        'binary of 64,001 bytes',
        'audioSize',
        (call) => {
            call.sendAudio(new Uint8Array(64_001));
        },
    ],
    [
        'empty binary',
        'audioSize',
        (call) => {
            call.sendAudio(new Uint8Array(0));
        },
    ],
    [
        'a WAV header',
        'audioSize',
        (call) => {
            call.sendAudio(Buffer.from('RIFF....WAVEfmt '));
        },
    ],
    [
        'a pong without a ping',
        'pongAsked',
        (call) => {
            call.send('pong');
        },
    ],
    [
        'updated twice for one update',
        'updated',
        (call) => {
            call.send('updated');
            call.send('updated');
        },
    ],
    [
        'an event without entities',
        'events',
        (call) => {
            call.event();
        },
    ],
    [
        'entities that are no list',
        'events',
        (call) => {
            call.send('event', { entities: {} });
        },
    ],
    [
        'an entity that is null',
        'events',
        (call) => {
            call.event(null);
        },
    ],
    [
        'an entity without a type',
        'events',
        (call) => {
            call.event({ data: {} });
        },
    ],
    [
        'an entity without data',
        'events',
        (call) => {
            call.event({ type: 'barge_in' });
        },
    ],
    [
        'an unknown disposition',
        'events',
        (call) => {
            call.event(turn({ disposition: 'final' }));
        },
    ],
    [
        'a null as text',
        'events',
        (call) => {
            call.event(turn({ disposition: 'match', text: null }));
        },
    ],
    [
        'a confidence of 2',
        'events',
        (call) => {
            call.event(turn({ disposition: 'match', confidence: 2 }));
        },
    ],
    [
        'a free text as reason',
        'disconnectForm',
        (call) => {
            call.send('disconnect', { reason: 'bot failed' });
        },
    ],
    [
        'a number as info',
        'disconnectForm',
        (call) => {
            call.send('disconnect', { reason: 'error', info: 5 });
        },
    ],
    [
        'disconnect twice',
        'disconnectForm',
        (call) => {
            call.send('disconnect', { reason: 'completed' });
            call.send('disconnect', { reason: 'completed' });
        },
    ],
    [
        'a number as output variable',
        'outputVariables',
        (call) => {
            call.send('disconnect', { reason: 'completed', outputVariables: { count: 1 } });
        },
    ],
    [
        'nested output variables',
        'outputVariables',
        (call) => {
            call.send('disconnect', { reason: 'completed', outputVariables: { order: { id: '1' } } });
        },
    ],
    [
        'audio after disconnect',
        'audioWindow',
        (call) => {
            call.send('disconnect', { reason: 'completed' });
            call.sendAudio(new Uint8Array(160));
        },
    ],
    [
        'an event after disconnect, before close',
        'afterDisconnect',
        (call) => {
            call.send('disconnect', { reason: 'completed' });
            call.send('pause');
        },
    ],
    [
        'closed without close',
        'closedLast',
        (call) => {
            call.send('closed');
        },
    ],
    [
        'the socket closed with 1000',
        'socketLeftOpen',
        (call) => {
            call.socket.close(1000);
        },
    ],
    [
        'the socket cut',
        'socketLeftOpen',
        (call) => {
            call.socket.terminate();
        },
    ],
];

const BROKEN_AT_CLOSE: [breach: string, manner: MannerName, answer: Answer][] = [
    [
        'closed twice',
        'closedLast',
        (call) => {
            call.send('closed');
            call.send('closed');
        },
    ],
    [
        'audio after closed',
        'audioWindow',
        (call) => {
            call.send('closed');
            call.sendAudio(new Uint8Array(160));
        },
    ],
    [
        'audio after close was acknowledged',
        'audioWindow',
        (call) => {
            call.event({ type: 'x', data: {} });
            call.sendAudio(new Uint8Array(160));
            call.send('closed');
        },
    ],
    [
        'a closed that does not acknowledge close',
        'clientseq',
        (call) => {
            call.send('closed', {}, { clientseq: 1 });
        },
    ],
    [
        'the socket closed right behind closed',
        'socketLeftOpen',
        (call) => {
            call.send('closed');
            call.socket.close(1000);
        },
    ],
];

describe('manners that are broken', () => {
    it.each(BROKEN_AT_OPEN)('catches %s (%s)', async (_breach, manner, answer) => {
        const { broken } = await report({ open: answer });
        expect(names(broken)).toContain(manner);
    });

    it.each(BROKEN_LATER)('catches %s (%s)', async (_breach, manner, act) => {
        const { broken } = await report(onUpdate(act), update);
        expect(names(broken)).toContain(manner);
    });

    it.each(BROKEN_AT_CLOSE)('catches %s (%s)', async (_breach, manner, answer) => {
        const { broken } = await report({ close: answer });
        expect(names(broken)).toContain(manner);
    });

    it('says one breach per excursion above the rate, with the number of messages', async () => {
        const { broken } = await report(
            onUpdate((call) => {
                call.send('updated');
                times(40, () => {
                    call.sendAudio(new Uint8Array(16));
                });
            }),
            update,
        );
        expect(broken.map(({ manner, detail }) => [manner.name, detail])).toEqual([
            ['audioRate', '1 too many in its worst window'],
        ]);
    });

    it('forgives audio that crosses close on the wire, but not a second later', async () => {
        const { broken } = await report({
            close: (call) => {
                call.sendAudio(new Uint8Array(160));
                call.send('closed');
            },
        });
        expect(broken).toEqual([]);
    });

    it('catches audio that goes on a second after close', async () => {
        const call = await dial({ close: () => undefined });
        await until(() => call.caller.state === 'open');
        call.caller.hangUp();
        await until(() => call.stub.types().includes('close'));
        call.clock.advance(1001);
        call.stub.sendAudio(new Uint8Array(160));
        await crossed(call);
        expect(names(call.caller.report().broken)).toEqual(['audioWindow']);
    });
});

describe('manners with a clock', () => {
    it('G29: catches an opened that takes longer than 5 s, at 5 s', async () => {
        const call = await dial({ open: () => undefined });
        call.clock.advance(4999);
        expect(call.caller.report().broken).toEqual([]);
        call.clock.advance(1);
        expect(names(call.caller.report().broken)).toEqual(['openedInTime']);
    });

    it('catches a pong that never comes after 5 s, each of them', async () => {
        const call = await dial({ ping: () => undefined });
        await until(() => call.caller.state === 'open');
        call.caller.sendMessage('ping');
        call.clock.advance(2000);
        call.caller.sendMessage('ping');
        call.clock.advance(3000);
        expect(names(call.caller.report().broken)).toEqual(['pongInTime']);
        call.clock.advance(2000);
        expect(names(call.caller.report().broken)).toEqual(['pongInTime', 'pongInTime']);
    });

    it('finds a pong after more than 1 s slow', async () => {
        const call = await dial({ ping: () => undefined });
        await until(() => call.caller.state === 'open');
        call.caller.sendMessage('ping');
        await until(() => call.stub.types().includes('ping'));
        call.clock.advance(1001);
        call.stub.send('pong');
        await crossed(call);
        expect(names(call.caller.report().warned)).toEqual(['pongInTime']);
        expect(call.caller.report().broken).toEqual([]);
    });

    it('catches a pong that answers another number, and misses the right one still', async () => {
        const call = await dial({
            ping: (stub) => {
                stub.send('pong', {}, { clientseq: 1 });
            },
        });
        await until(() => call.caller.state === 'open');
        call.caller.sendMessage('ping');
        await until(() => call.stub.types().includes('ping'));
        await crossed(call);
        call.clock.advance(5000);
        expect(names(call.caller.report().broken)).toEqual(['pongAnswersPing', 'pongInTime']);
    });

    it('finds an update without updated worth a look', async () => {
        const call = await dial({ update: () => undefined });
        await until(() => call.caller.state === 'open');
        call.caller.update('es-us');
        call.clock.advance(5000);
        expect(names(call.caller.report().warned)).toEqual(['updated']);
    });

    it('finds closed after more than 1 s slow', async () => {
        const call = await dial({ close: () => undefined });
        await until(() => call.caller.state === 'open');
        call.caller.hangUp();
        await until(() => call.stub.types().includes('close'));
        call.clock.advance(1500);
        call.stub.send('closed');
        await until(() => call.caller.state === 'closed');
        expect(names(call.caller.report().warned)).toEqual(['closedInTime']);
    });

    it('G60: catches a close that is not answered within 10 s, and ends the call', async () => {
        const call = await dial({ close: () => undefined });
        await until(() => call.caller.state === 'open');
        call.caller.hangUp();
        call.clock.advance(10_000);
        expect(names((await call.caller.ended).manners.broken)).toEqual(['closedInTime']);
    });

    it('G49: finds a barge_in worth a look when nothing has played for a while', async () => {
        const call = await dial({});
        await until(() => call.caller.state === 'open');
        call.clock.advance(501);
        call.stub.event({ type: 'barge_in', data: {} });
        await crossed(call);
        expect(names(call.caller.report().warned)).toEqual(['bargeIn']);
    });

    it('finds an unknown parameter, and an answer without audio, worth a look', async () => {
        const { broken, warned } = await report({ open: opened({ media: [], language: 'en-us' }) });
        expect(names(warned)).toEqual(['knownParameters', 'media']);
        expect(broken).toEqual([]);
    });
});
