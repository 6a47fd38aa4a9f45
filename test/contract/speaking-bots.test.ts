import { ChatService } from '../../src/speech/chat/chat-service';
import { LocalBot } from '../../src/speech/local-bot';
import { RestBot, type RestBotOptions } from '../../src/speech/rest-bot';
import { Transcript } from '../../src/services/transcript';
import type { SpeakingBotDeps } from '../../src/speech/speaking-bot';
import { ChatStandIn } from '../speech/chat/chat-stand-in';
import { FakeRecognizer, FakeSpeech } from '../speech/dialog/fakes';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { conversationContract, type Specimen } from './conversation-contract';
import { overlapContract } from './overlap-contract';
import type { RecognizerKind } from '../../src/services/asr-service';

/** A bot that takes every loud sound for the same words. */
function deps(kind: RecognizerKind, clock: FakeClock): SpeakingBotDeps {
    const recognizer = new FakeRecognizer(kind, { text: 'opening hours', confidence: 0.8 });
    return { clock, logger: new LogRecorder(), speech: new FakeSpeech(), recognizer };
}

function local(kind: RecognizerKind): Promise<Specimen> {
    const clock = new FakeClock();
    const conversation = new LocalBot(deps(kind, clock));
    return Promise.resolve({ conversation, clock, close: () => Promise.resolve() });
}

async function rest(options: Partial<RestBotOptions>): Promise<Specimen> {
    const clock = new FakeClock();
    const standIn = await ChatStandIn.start();
    const chat = new ChatService({ apiKey: 'sk-test', baseURL: standIn.baseURL, model: 'm' }, { clock });
    const all = { instructions: 'You are brief.', greeting: 'Greet the caller.', ...options };
    const transcript = new Transcript();
    const conversation = new RestBot({ ...deps('open', clock), chat, transcript }, all);
    const close = async (): Promise<void> => {
        await standIn.close();
        expect(standIn.breaches).toEqual([]);
    };
    return { conversation, clock, close };
}

conversationContract('the local bot that hears keys only', () => local('none'));
conversationContract('the local bot that hears phrases', () => local('closed'));
conversationContract('the local bot that hears everything', () => local('open'));
overlapContract('the local bot that hears keys only', () => local('none'));
overlapContract('the local bot that hears phrases', () => local('closed'));
overlapContract('the local bot that hears everything', () => local('open'));
overlapContract('the REST bot', () => rest({}));
conversationContract('the REST bot', () => rest({}));
conversationContract('the REST bot that waits for the caller', () => rest({ greeting: '' }));
conversationContract('the REST bot that takes over', () =>
    rest({ takeover: { greeted: true, awaitsResponse: false } }),
);
