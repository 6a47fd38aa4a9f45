import type { OpenAIConfig } from '../../../src/config/config';
import type { BotResourceDeps } from '../../../src/services/bot-resource';
import {
    INSTANT,
    startFakeOpenAI,
    type FakeOpenAI,
    type FakeOpenAIOptions,
    type FakeSession,
} from '../../../tools/fake-openai/index';
import { FakeClock } from '../../support/fake-clock';
import { BotProbe, configFor, fakeSockets, makeConfig, until } from './support';

/** The usual settings of a bot that speaks first. */
export const GREETING = { greeting: 'Greet the caller.' };

/** Bots and stand-ins of one test; `close` it afterwards: that also asserts that the stand-in saw no wrong frame. */
export class Bench {
    /** Codes of wrong frames and races that a test brings about on purpose. */
    meant: string[] = [];
    private readonly fakes: FakeOpenAI[] = [];
    private readonly probes: BotProbe[] = [];

    probe(config: OpenAIConfig, deps: Partial<BotResourceDeps> = {}): BotProbe {
        const made = new BotProbe(config, deps);
        this.probes.push(made);
        return made;
    }

    /** A stand-in without delays, which hears no speech unless told so. */
    async fake(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
        const fake = await startFakeOpenAI({ ...INSTANT, vad: 'off', ...options });
        this.fakes.push(fake);
        return fake;
    }

    /** A bot that talks with a stand-in; it speaks first unless `changes` say otherwise. */
    async call(
        options: FakeOpenAIOptions,
        changes: Partial<OpenAIConfig> = GREETING,
        deps: Partial<BotResourceDeps> = {},
    ) {
        const fake = await this.fake(options);
        const made = this.probe(configFor(fake, changes), deps);
        await made.bot.start();
        return { made, session: await fake.nextSession(), bot: made.bot, fake };
    }

    /** A bot on sockets that the test plays the server of, with a clock that the test moves. */
    async byHand(changes: Partial<OpenAIConfig> = {}, deps: Partial<BotResourceDeps> = {}) {
        const clock = new FakeClock();
        const { createSocket, sockets, last } = fakeSockets();
        const made = this.probe(makeConfig(changes), { createSocket, clock, ...deps });
        const started = made.bot.start();
        last().configure();
        await started;
        return { made, socket: last(), sockets, last, clock };
    }

    async close(): Promise<void> {
        for (const made of this.probes) made.bot.end();
        for (const fake of this.fakes) await fake.close();
        const faults = this.fakes.flatMap((fake) => fake.faults);
        expect(faults.filter((fault) => !this.meant.includes(fault.code ?? ''))).toEqual([]);
    }
}

/** The caller says something of 200 ms and is answered. */
export async function speak(made: BotProbe, session: FakeSession): Promise<void> {
    const answers = made.responsesEnded.length;
    session.speechStarted();
    made.hear(new Uint8Array(1600).fill(0x55));
    await until(() => session.appendedMs >= 200, 'the caller’s audio');
    session.speechStopped();
    await until(() => made.responsesEnded.length > answers, 'the answer');
}
