import { ChatService } from '../../../src/speech/chat/chat-service';
import { RestBot, type RestBotDeps, type RestBotOptions } from '../../../src/speech/rest-bot';
import type { HeardPosition } from '../../../src/services/conversation';
import { Transcript } from '../../../src/services/transcript';
import { ConversationWatch } from '../../contract/conversation-watch';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { until } from '../../support/test-bench';
import { FakeRecognizer, FakeSpeech } from '../dialog/fakes';
import type { ChatStandIn } from './chat-stand-in';
import type { RecognizerKind } from '../../../src/services/asr-service';

/** The REST bot with a fake voice and a fake recognizer, and a strict chat service behind it. */
export class RestBench {
    readonly clock = new FakeClock();
    readonly speech = new FakeSpeech();
    readonly logger = new LogRecorder();
    readonly recognizer: FakeRecognizer;
    readonly bot: RestBot;
    readonly watch: ConversationWatch;
    readonly transcript: Transcript;
    readonly turns: [disposition: string, text: string, confidence: number | undefined][] = [];

    constructor(
        readonly standIn: ChatStandIn,
        options: Partial<RestBotOptions>,
        deps: Partial<RestBotDeps> = {},
        kind: RecognizerKind = 'open',
    ) {
        this.recognizer = new FakeRecognizer(kind);
        const { clock, speech, logger, recognizer } = this;
        const chat = new ChatService({ apiKey: 'sk-test', baseURL: standIn.baseURL, model: 'm' }, { clock });
        this.transcript = deps.transcript ?? new Transcript();
        const { transcript } = this;
        const all = { clock, speech, logger, recognizer, chat, transcript, ...deps };
        this.bot = new RestBot(all, { instructions: 'You are brief.', greeting: '', ...options });
        // As the call does.
        this.bot.on('transcript', (item) => {
            transcript.add(item);
        });
        this.bot.on('audio', (pcmu, origin) => {
            transcript.delivered(origin, pcmu.length / 8);
        });
        this.watch = new ConversationWatch(this.bot);
        this.bot.on('turn', ({ disposition, text, confidence }) => this.turns.push([disposition, text, confidence]));
    }

    /** The caller interrupts, and had heard this much. */
    interrupt(heard: HeardPosition): void {
        this.bot.interrupt(heard);
        this.transcript.interrupted(heard);
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
