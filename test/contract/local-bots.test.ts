import type { Conversation } from '../../src/services/conversation';
import { EchoBot } from '../../src/services/echo-bot';
import { SilentBot } from '../../src/services/silent-bot';
import { FakeClock } from '../support/fake-clock';
import { conversationContract, type Specimen } from './conversation-contract';

function specimen(conversation: Conversation): Promise<Specimen> {
    return Promise.resolve({ conversation, clock: new FakeClock(), close: () => Promise.resolve() });
}

conversationContract('the echo bot', () => specimen(new EchoBot()));
conversationContract('the silent bot', () => specimen(new SilentBot()));
