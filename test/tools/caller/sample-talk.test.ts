import { talkAsSample } from '../../../tools/caller/sample-talk';
import type { CallEventBody } from '../../../tools/caller/call-event';
import { openedAs } from './breaches';
import { StubbedCall } from './stub-call';
import { PCMU } from './stub-server';

const WORDS = { question: new Uint8Array(4000).fill(0x10), interruption: new Uint8Array(800).fill(0x20) };

let call: StubbedCall | undefined;

afterEach(async () => {
    await call?.release();
    call = undefined;
});

/** A call with the sample in it, and what the sample has told. */
async function start(): Promise<{ call: StubbedCall; told: string[] }> {
    const told: string[] = [];
    call = await StubbedCall.dial({ open: openedAs({ media: [PCMU] }) }, { pings: false });
    call.caller.on('event', (event: CallEventBody) => {
        if (event.kind === 'note' && event.label === 'sample') told.push(event.text);
    });
    talkAsSample(call.caller, WORDS, call.clock);
    await call.settle();
    return { call, told };
}

/** The bot speaks for `ms`, all of which is sent at once. */
async function botSpeaks({ stub, ...rest }: Pick<StubbedCall, 'stub' | 'settle'>, ms: number): Promise<void> {
    stub.sendAudio(Buffer.alloc(ms * 8, 0x55));
    await rest.settle();
}

describe('the sample of a call without options', () => {
    it('hears the greeting out, pauses in it too, asks once, interrupts once, and hangs up after the next response', async () => {
        const { call, told } = await start();
        const speak = (ms: number): Promise<void> => botSpeaks({ stub: call.stub, settle: () => call.settle() }, ms);
        await speak(2000);
        await call.pass(3000, 200);
        await speak(2000);
        await call.pass(3400, 200);
        expect(told).toEqual(['the sample hears the greeting out']);
        await call.pass(200, 200);
        expect(told.slice(1)).toEqual(['the sample asks']);
        await call.pass(600, 200);
        await speak(8000);
        await call.pass(800, 200);
        expect(told.slice(2)).toEqual([]);
        await call.pass(200, 200);
        expect(told.slice(2)).toEqual(['the sample interrupts']);
        call.stub.event({ type: 'barge_in', data: {} });
        await call.settle();
        await speak(1000);
        await call.pass(3800, 200);
        expect(told.slice(3)).toEqual([]);
        await call.pass(400, 200);
        expect(told.slice(3)).toEqual(['the sample hangs up']);
        expect(call.stub.types().at(-1)).toBe('close');
        const sent = Buffer.concat(call.stub.audio);
        expect([sent.indexOf(0x10) >= 0, sent.lastIndexOf(0x10) < sent.indexOf(0x20)]).toEqual([true, true]);
    });

    it('does not wait for a bot that makes no sound', async () => {
        const { call, told } = await start();
        await call.pass(10_000, 1000);
        expect(told.at(-1)).toBe('the sample asks');
        await call.pass(11_000, 1000);
        expect(told.at(-1)).toBe('the sample hangs up');
    });
});
