import type { ProtocolReport } from '../../../tools/caller/check-catalogue';
import { PROTOCOL_CHECKS, type CheckName } from '../../../tools/caller/check-catalogue';
import {
    BREACHES_AT_CLOSE,
    BREACHES_AT_OPEN,
    BREACHES_LATER,
    all,
    event,
    openedAs,
    play,
    say,
    times,
    turn,
} from './breaches';
import { StubbedCall, type Script } from './stub-call';
import { until } from './stub-server';

let call: StubbedCall | undefined;

afterEach(async () => {
    await call?.release();
    call = undefined;
});

const quiet = { pings: false };
const sound = play(new Uint8Array(160).fill(0x20));

async function dial(script: Script = {}): Promise<StubbedCall> {
    call = await StubbedCall.dial(script, quiet);
    return call;
}

async function open(script: Script = {}): Promise<StubbedCall> {
    call = await StubbedCall.open(script, quiet);
    return call;
}

/** One whole call, in the middle of which the caller sends `update`, if it can. */
async function report(script: Script): Promise<ProtocolReport> {
    const { caller, ...rest } = await dial(script);
    await call?.settle();
    if (caller.state === 'open') caller.update('es-us');
    await until(() => caller.state !== 'open' || rest.server.call.types().includes('update'));
    await call?.settle();
    await call?.finish();
    return (await caller.ended).protocol;
}

function names(violations: ProtocolReport['broken']): CheckName[] {
    return violations.map(({ check }) => check.name);
}

describe('protocol checks that pass', () => {
    it('finds nothing to complain about in a call that uses everything', async () => {
        const { caller, server } = await open({
            update: all(
                say('updated'),
                event(turn({ disposition: 'match', text: 'Hello', confidence: 1 }), { type: 'x', data: {} }),
                times(25, sound),
                event({ type: 'barge_in', data: {} }),
                say('pause'),
                say('resume'),
            ),
            dtmf: say('disconnect', { reason: 'completed', info: 'done', outputVariables: { a: '1' } }),
        });
        caller.sendMessage('ping');
        caller.update('es-us');
        await until(() => server.call.types().includes('resumed'));
        caller.dtmf('1');
        await until(() => caller.state === 'closed');
        await call?.finish();
        const { checked, broken, warned } = (await caller.ended).protocol;
        expect([names(broken), names(warned)]).toEqual([[], []]);
        const missing = Object.values(PROTOCOL_CHECKS).filter((check) => !checked.includes(check));
        expect(missing.map(({ name }) => name)).toEqual([]);
    });

    it('counts only checks that had an occasion', async () => {
        const { checked } = await report({});
        const seen = checked.map(({ name }) => name);
        expect(seen).toContain('openedInTime');
        expect(seen).not.toContain('audioSize');
        expect(checked.map(({ number }) => number)).toEqual(checked.map(({ number }) => number).sort((a, b) => a - b));
    });

    it('numbers the catalogue 1, 2, 3 …', () => {
        const numbers = Object.values(PROTOCOL_CHECKS).map(({ number }) => number);
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    });

    it('has a breach to show for every check', () => {
        const shown = new Set([...BREACHES_AT_OPEN, ...BREACHES_LATER, ...BREACHES_AT_CLOSE].map(([, name]) => name));
        const elsewhere = [
            'openedInTime',
            'pongInTime',
            'pongAnswersPing',
            'closedInTime',
            'bargeIn',
            'knownParameters',
        ];
        const missing = Object.values(PROTOCOL_CHECKS).filter(({ name }) => !shown.has(name));
        expect(missing.map(({ name }) => name).sort()).toEqual(elsewhere.sort());
    });
});

describe('protocol checks that fail', () => {
    it.each(BREACHES_AT_OPEN)('catches %s (%s)', async (_breach, check, act) => {
        expect(names((await report({ open: act })).broken)).toContain(check);
    });

    it.each(BREACHES_LATER)('catches %s (%s)', async (_breach, check, act) => {
        expect(names((await report({ update: act })).broken)).toContain(check);
    });

    it.each(BREACHES_AT_CLOSE)('catches %s (%s)', async (_breach, check, act) => {
        expect(names((await report({ close: act })).broken)).toContain(check);
    });

    it('says one breach per excursion above the rate', async () => {
        const { broken } = await report({ update: all(say('updated'), times(40, sound)) });
        expect(broken.map(({ check, detail }) => [check.name, detail])).toEqual([
            ['audioRate', '1 too many in its worst window'],
        ]);
    });

    it('forgives audio that crosses close on the wire', async () => {
        expect((await report({ close: all(sound, say('closed')) })).broken).toEqual([]);
    });

    it('catches audio that goes on a second after close', async () => {
        const { caller, clock, server } = await open({ close: () => undefined });
        caller.hangUp();
        await call?.settle();
        clock.advance(1001);
        sound(server.call);
        await call?.settle();
        expect(names(caller.report().broken)).toEqual(['audioWindow']);
    });

    it('finds an unknown parameter, and a response without audio, worth a look', async () => {
        const { broken, warned } = await report({ open: openedAs({ media: [], language: 'en-us' }) });
        expect([names(broken), names(warned)]).toEqual([[], ['knownParameters', 'media']]);
    });
});

describe('protocol checks that take time', () => {
    it('catches an opened that takes longer than 5 s, at 5 s', async () => {
        const { caller, clock } = await dial({ open: () => undefined });
        clock.advance(4999);
        expect(caller.report().broken).toEqual([]);
        clock.advance(1);
        expect(names(caller.report().broken)).toEqual(['openedInTime']);
    });

    it('catches each pong that has not come after 5 s', async () => {
        const { caller, clock } = await open({ ping: () => undefined });
        caller.sendMessage('ping');
        clock.advance(2000);
        caller.sendMessage('ping');
        clock.advance(3000);
        expect(names(caller.report().broken)).toEqual(['pongInTime']);
        clock.advance(2000);
        expect(names(caller.report().broken)).toEqual(['pongInTime', 'pongInTime']);
    });

    it('finds a pong after more than 1 s slow', async () => {
        const { caller, clock, server } = await open({ ping: () => undefined });
        caller.sendMessage('ping');
        await call?.settle();
        clock.advance(1001);
        server.call.send('pong');
        await call?.settle();
        expect([names(caller.report().broken), names(caller.report().warned)]).toEqual([[], ['pongInTime']]);
    });

    it('catches a pong that answers another number, and still misses the right one', async () => {
        const { caller, clock } = await open({ ping: say('pong', {}, { clientseq: 1 }) });
        caller.sendMessage('ping');
        await call?.settle();
        clock.advance(5000);
        expect(names(caller.report().broken)).toEqual(['pongAnswersPing', 'pongInTime']);
    });

    it('finds an update without updated worth a look', async () => {
        const { caller, clock } = await open({ update: () => undefined });
        caller.update('es-us');
        clock.advance(5000);
        expect(names(caller.report().warned)).toEqual(['updated']);
    });

    it('finds closed after more than 1 s slow', async () => {
        const { caller, clock, server } = await open({ close: () => undefined });
        caller.hangUp();
        await call?.settle();
        clock.advance(1500);
        server.call.send('closed');
        await until(() => caller.state === 'closed');
        expect([names(caller.report().broken), names(caller.report().warned)]).toEqual([[], ['closedInTime']]);
    });

    it('catches a close that is not answered within 10 s, and ends the call', async () => {
        const { caller, clock } = await open({ close: () => undefined });
        caller.hangUp();
        clock.advance(10_000);
        expect(names((await caller.ended).protocol.broken)).toEqual(['closedInTime']);
    });

    it('finds a barge_in worth a look when nothing has played for a while', async () => {
        const { caller, clock, server } = await open();
        clock.advance(501);
        server.call.event({ type: 'barge_in', data: {} });
        await call?.settle();
        expect(names(caller.report().warned)).toEqual(['bargeIn']);
    });
});
