import type { ServerResponse } from 'node:http';
import type { Caller } from '../../tools/caller/client';
import { expectedPcmu, type ScriptedResponse, type FakeSession } from '../../tools/fake-openai';
import { unnamedDialog } from '../services/profiles/small-profile';
import { json, TestServer } from '../services/functions/tool-bench';
import { ScaledClock } from '../support/scaled-clock';
import { until } from '../support/test-bench';
import { BotsBench, OwnVoice, received } from './bots-bench';

const SPEED = 3;
const ONE_MOMENT = 'One moment please.';
const OWN_FILLER = 'I am looking it up.';
const CALL = { name: 'look_up', arguments: {} };
const RESULT_MS = 800;
const RESULT: ScriptedResponse = { text: 'Here it is.', audioMs: RESULT_MS };

function desk(host: string, changes: object = {}): object {
    const tool = {
        kind: 'http',
        name: 'look_up',
        description: 'Looks it up.',
        url: `http://${host}/slow`,
        allowedHosts: [host],
        timeoutMs: 20_000,
    };
    return { greeting: '', tools: [{ ...tool, ...changes }] };
}

/** A local bot that says once what is timed below, so that its sound is there when it is needed, as after the first call of a day. */
const EARLIER = {
    upstream: { url: 'wss://model.example.com/v1', keyVariable: 'NOT_SET' },
    dialog: unnamedDialog({ greeting: `${ONE_MOMENT} ${OWN_FILLER}` }),
    inputVariables: { customer_name: {}, closing: { default: 'five' } },
    outputVariables: { message: {} },
};

/** A caller who asks for something that only a slow web service knows. */
describe('a tool that is slow', () => {
    const clock = new ScaledClock(SPEED);
    const voice = new OwnVoice();
    let bench: BotsBench;
    let service: TestServer;
    let waiting: ServerResponse[] = [];
    let script: ScriptedResponse[] = [];
    let caller: Caller;
    let session: FakeSession;

    beforeAll(async () => {
        service = await TestServer.start((_seen, response) => void waiting.push(response));
        bench = await BotsBench.start({
            clock,
            openai: { response: () => script.shift() },
            profiles: {
                plain: desk(service.host),
                wordy: desk(service.host, { filler: OWN_FILLER }),
                earlier: EARLIER,
            },
        });
        caller = await bench.call('/earlier');
        const said = Buffer.concat([await voice.soundOf(ONE_MOMENT), await voice.soundOf(OWN_FILLER)]);
        await until('both sentences are known', () => received(caller).includes(said));
    });

    afterEach(() => {
        caller.hangUp();
    });

    afterAll(async () => {
        await bench.stop().finally(() => service.close());
        await voice.close();
    });

    /** Calls and speaks. @returns when the service was asked, ms of the call */
    async function ask(bot: string, ...answers: ScriptedResponse[]): Promise<number> {
        waiting = [];
        script = answers;
        caller = await bench.call(`/${bot}`);
        session = await bench.fake.nextSession();
        await session.waitForSent('session.updated');
        session.speechStarted();
        await until('speech is on its way', () => session.appendedMs > 0);
        session.speechStopped();
        await until('the service is asked', () => waiting.length > 0);
        return caller.events.at(-1)?.atMs ?? 0;
    }

    /** The service answers at last, and the model says what it gave. */
    async function answered(itemNumber: number): Promise<Buffer> {
        for (const response of waiting) json(response, { value: 1 });
        const words = expectedPcmu(itemNumber, RESULT_MS);
        await until('the result is said', () => received(caller).includes(words));
        return words;
    }

    async function pass(ms: number): Promise<void> {
        const untilMs = clock.nowMs() + ms;
        await until(`${ms} ms have passed`, () => clock.nowMs() >= untilMs);
    }

    /** When the playing of each stretch began or ended, ms of the call. */
    function playback(what: 'started' | 'completed'): number[] {
        return caller.events.flatMap((event) => (event.kind === 'playback' && event.what === what ? [event.atMs] : []));
    }

    it('after 1.5 s of silence the local voice says “One moment please.”, once, and the model knows nothing of it', async () => {
        const filler = await voice.soundOf(ONE_MOMENT);
        const askedMs = await ask('plain', { functionCalls: [CALL] }, RESULT);
        await until('the filler is there', () => received(caller).length >= filler.length);
        const afterMs = (caller.receivedAudio[0]?.atMs ?? 0) - askedMs;
        expect(afterMs).toBeGreaterThan(1300);
        expect(afterMs).toBeLessThan(2300);
        await pass(3000);
        const words = await answered(1);
        expect(received(caller).equals(Buffer.concat([filler, words]))).toBe(true);
        const items = session.received('conversation.item.create').map(({ item }) => item.type);
        expect(items).toEqual(['function_call_output']);
    });

    it('while the model’s own words play it waits until 1 s after them, and says what the profile says', async () => {
        const wordsMs = 3000;
        const filler = await voice.soundOf(OWN_FILLER);
        await ask('wordy', { text: 'Let me see.', audioMs: wordsMs, functionCalls: [CALL] }, RESULT);
        await until('the filler is there', () => received(caller).length >= wordsMs * 8 + filler.length);
        await until('it is heard', () => caller.heardBytes === received(caller).length);
        expect(received(caller).equals(Buffer.concat([expectedPcmu(1, wordsMs), filler]))).toBe(true);
        const wordsEndMs =
            playback('completed')
                .filter((atMs) => atMs < (playback('started').at(-1) ?? 0))
                .at(-1) ?? 0;
        const quietMs = (playback('started').at(-1) ?? 0) - wordsEndMs;
        expect(quietMs).toBeGreaterThan(700);
        expect(quietMs).toBeLessThan(1800);
        await answered(2);
    });

    it('that answers within 1.5 s needs no such words', async () => {
        await ask('plain', { functionCalls: [CALL] }, RESULT);
        await pass(600);
        const words = await answered(1);
        expect(received(caller).equals(words)).toBe(true);
    });

    it('does not talk into a caller who speaks meanwhile', async () => {
        await ask('wordy', { functionCalls: [CALL] }, RESULT);
        session.speechStarted();
        await pass(2200);
        expect(received(caller)).toHaveLength(0);
    });
});
