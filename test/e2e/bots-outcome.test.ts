import type { Caller } from '../../tools/caller/client';
import type { Disconnect } from '../../tools/caller/call-record';
import { unnamedDialog } from '../services/profiles/small-profile';
import { ScaledClock } from '../support/scaled-clock';
import { until } from '../support/test-bench';
import { BotsBench, OwnVoice, received } from './bots-bench';

const SPEED = 6;
const GREETING_MS = 600;
const NOTE = { name: 'set_variable', arguments: { name: 'topic', value: 'payment' } };

const PERSON = {
    label: 'a person',
    key: '0',
    action: { do: 'transfer', text: 'A person answers now.', outputVariables: { topic: 'person' } },
};

const PROFILE = {
    greeting: 'Say hello.',
    outputVariables: { topic: {}, number: { maxLength: 8 }, message: {} },
    inputVariables: { customer_name: {}, closing: { default: 'five' } },
    tools: [{ kind: 'set_variable', variables: ['topic'] }, { kind: 'collect_digits' }],
    turnTaking: { maxTurns: 2 },
    dialog: unnamedDialog({ menus: { main: { prompt: 'What is it?', choices: [PERSON] } } }),
};

/** How calls end that do not end well, as Architect sees it. */
describe('a call that the bot does not end', () => {
    const voice = new OwnVoice();
    let bench: BotsBench;

    async function start(speed = SPEED): Promise<void> {
        bench = await BotsBench.start({
            clock: new ScaledClock(speed),
            openai: {
                response: ({ responseIndex }) => {
                    if (responseIndex === 1) return { functionCalls: [NOTE] };
                    return { text: 'Hello.', audioMs: GREETING_MS };
                },
            },
            profiles: { desk: PROFILE },
        });
    }

    afterEach(() => bench.stop());

    afterAll(() => voice.close());

    /** A call that is greeted. */
    async function greeted(): Promise<Caller> {
        await start();
        const caller = await bench.call('/desk');
        await until('the greeting is heard', () => caller.heardBytes >= GREETING_MS * 8);
        return caller;
    }

    async function endOf(caller: Caller): Promise<Disconnect | undefined> {
        const { disconnect, protocol, faults } = await caller.ended;
        expect([protocol.broken, faults]).toEqual([[], []]);
        return disconnect;
    }

    it('by max_turns: a goodbye is said, and what a tool has set is told', async () => {
        const caller = await greeted();
        const session = await bench.fake.nextSession();
        session.speechStarted();
        await until('speech is on its way', () => session.appendedMs > 0);
        session.speechStopped();
        const end = await endOf(caller);
        expect(end?.reason).toBe('completed');
        // The greeting, and the words after the tool: then the limit is reached, and the goodbye is a third answer.
        expect(end?.outputVariables).toMatchObject({ end_reason: 'max_turns', topic: 'payment', bot: 'desk' });
        expect(received(caller)).toHaveLength(3 * GREETING_MS * 8);
        expect(caller.playedAudio).toHaveLength(3 * GREETING_MS * 8);
    });

    it('by a model that refuses: the local bot of the profile takes over, and Architect learns of it and why', async () => {
        // A voice that is loaded first must not seem six times as slow.
        await start(2);
        bench.fake.plan({ refuse: 'insufficient_quota' });
        const caller = await bench.call('/desk');
        const menu = await voice.soundOf('What is it?');
        await until('the local bot offers its menu', () => received(caller).includes(menu));
        caller.dtmf('0');
        const end = await endOf(caller);
        const last = await voice.soundOf('A person answers now.');
        expect(Buffer.from(caller.playedAudio).subarray(-last.length).equals(last)).toBe(true);
        expect(end).toMatchObject({ reason: 'completed', outputVariables: { bot: 'desk', cost_usd: '0.0000' } });
        expect(end?.outputVariables).toMatchObject({
            end_reason: 'transfer',
            topic: 'person',
            fallback_used: 'local',
            fallback_reason: 'ERR_OPENAI_QUOTA',
        });
    });

    it('by the server’s own end: the caller goes back to Architect with what is known', async () => {
        const caller = await greeted();
        const stopped = bench.shutDown();
        const end = await endOf(caller);
        await stopped;
        expect(end).toMatchObject({
            reason: 'completed',
            outputVariables: { end_reason: 'server_shutdown', bot: 'desk', turns: '1', fallback_used: '' },
        });
    });

    it('by the caller: no disconnect is sent, and everything is freed', async () => {
        const caller = await greeted();
        caller.hangUp();
        expect(await endOf(caller)).toBeUndefined();
        await until('the call is freed', () => bench.callCount === 0);
        const ended = bench.logs.lines.find(({ message }) => message === 'call ended');
        expect(ended?.fields).toMatchObject({ endReason: 'client_end', turns: 1 });
    });

    it('as a probe: no bot is started, and no model asked', async () => {
        await start();
        const caller = await bench.call('/desk', { probe: true });
        expect(await endOf(caller)).toBeUndefined();
        expect(bench.fake.connections).toEqual([]);
    });
});
