import { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';
import { EchoBot } from '../../src/services/echo-bot';
import { FallbackLadder, type FallbackOption } from '../../src/services/fallback/fallback-ladder';
import { ApologyBot } from '../../src/services/fallback/apology-bot';
import { Transcript } from '../../src/services/transcript';
import { CircuitBreakers } from '../../src/support/circuit-breaker';
import { CodedError } from '../../src/support/errors';
import { BotResource } from '../../src/services/bot-resource';
import { INSTANT, startFakeOpenAI, type ConnectionPlan } from '../../tools/fake-openai';
import { configFor } from '../services/realtime/support';
import { FakeClock } from '../support/fake-clock';
import { FakeConversation } from '../support/fake-conversation';
import { LogRecorder } from '../support/log-recorder';
import { conversationContract, type Specimen } from './conversation-contract';
import { overlapContract } from './overlap-contract';

const ECHO: FallbackOption = { name: 'local', make: () => new EchoBot() };
const APOLOGY: FallbackOption = { name: 'apology', make: (_takeover, why) => new ApologyBot(new Uint8Array(800), why) };

const REFUSED: FallbackOption = {
    name: 'realtime',
    upstream: 'openai-realtime',
    make: () => {
        const bot = new FakeConversation();
        bot.startResult = Promise.reject(new CodedError('ERR_OPENAI_KEY'));
        return bot;
    },
};

function ladder(options: readonly FallbackOption[], clock: FakeClock, callerAudio: CallerAudioBuffer): FallbackLadder {
    const logger = new LogRecorder();
    const prompts = { recording: (): undefined => undefined };
    const breakers = new CircuitBreakers(clock, logger);
    const call = { transcript: new Transcript(), callerAudio };
    return new FallbackLadder(options, { logger, breakers, prompts, ...call });
}

function overFakes(options: readonly FallbackOption[]): Promise<Specimen> {
    const clock = new FakeClock();
    const callerAudio = new CallerAudioBuffer();
    const conversation = ladder(options, clock, callerAudio);
    return Promise.resolve({ conversation, callerAudio, clock, close: () => Promise.resolve() });
}

async function overOpenAI(plan: ConnectionPlan): Promise<Specimen> {
    const fake = await startFakeOpenAI({ ...INSTANT, speed: 50, plan });
    const clock = new FakeClock();
    const config = configFor(fake, { greeting: 'Greet the caller.', bargeIn: 'smart' });
    const callerAudio = new CallerAudioBuffer();
    const realtime: FallbackOption = {
        ...REFUSED,
        make: () =>
            new BotResource(config, { clock, logger: new LogRecorder(), callerAudio, transcript: new Transcript() }),
    };
    const close = async (): Promise<void> => {
        await fake.close();
        expect(fake.faults.filter((fault) => !fault.benign)).toEqual([]);
    };
    return { conversation: ladder([realtime, ECHO, APOLOGY], clock, callerAudio), callerAudio, clock, close };
}

conversationContract('a ladder whose best bot is well', () => overFakes([ECHO, APOLOGY]));
conversationContract('a ladder whose best bot does not start', () => overFakes([REFUSED, ECHO, APOLOGY]));
conversationContract('a ladder over OpenAI’s model', () => overOpenAI({}));
overlapContract('a ladder over OpenAI’s model', () => overOpenAI({}));
conversationContract('a ladder over a service that refuses', () => overOpenAI({ refuse: 'invalid_api_key' }));
