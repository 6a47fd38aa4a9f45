import { ChatService } from '../../../src/speech/chat/chat-service';
import type { RecognizerKind } from '../../../src/speech/dialog/recognizer';
import { RestBot, type RestBotOptions } from '../../../src/speech/rest-bot';
import type { SpeakingBotDeps } from '../../../src/speech/speaking-bot';
import { ConversationWatch } from '../../contract/conversation-watch';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { until } from '../../support/test-bench';
import { FakeRecognizer, FakeSpeech } from '../dialog/fakes';
import type { ChatStandIn } from './chat-stand-in';

/** The REST bot with a fake voice and a fake ear, and a strict chat service behind it. */
export class RestBench {
    readonly clock = new FakeClock();
    readonly speech = new FakeSpeech();
    readonly logger = new LogRecorder();
    readonly recognizer: FakeRecognizer;
    readonly bot: RestBot;
    readonly watch: ConversationWatch;
    readonly turns: [disposition: string, text: string, confidence: number | undefined][] = [];

    constructor(
        readonly standIn: ChatStandIn,
        options: Partial<RestBotOptions>,
        deps: Partial<SpeakingBotDeps> = {},
        kind: RecognizerKind = 'open',
    ) {
        this.recognizer = new FakeRecognizer(kind);
        const { clock, speech, logger, recognizer } = this;
        const chat = new ChatService({ apiKey: 'sk-test', baseURL: standIn.baseURL, model: 'm' }, { clock });
        const all = { clock, speech, logger, recognizer, chat, ...deps };
        this.bot = new RestBot(all, { instructions: 'You are brief.', greeting: '', ...options });
        this.watch = new ConversationWatch(this.bot);
        this.bot.on('turn', ({ disposition, text, confidence }) => this.turns.push([disposition, text, confidence]));
    }

    /** Waits for so many finished turns. */
    async turn(count: number): Promise<void> {
        await until(`turn ${count}`, () => this.turns.length >= count);
    }

    /** What the model was told in its request number `at`, the fixed instructions left out. */
    told(at = -1): [role: string, content: string][] {
        const messages = this.standIn.requests.at(at)?.body.messages ?? [];
        return messages.slice(1).map(({ role, content }) => [role, content]);
    }
}
