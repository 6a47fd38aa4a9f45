import { readDialog } from '../../../src/services/profiles/dialog-script';
import type { DigitRequest } from '../../../src/services/dtmf-service';
import { LocalBot, type LocalBotOptions } from '../../../src/speech/local-bot';
import type { SpeakingBotDeps } from '../../../src/speech/speaking-bot';
import { ConversationWatch } from '../../contract/conversation-watch';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { FakeRecognizer, FakeSpeech, settle } from './fakes';
import { smallDialog } from './small-dialog';
import type { RecognizerKind } from '../../../src/services/asr-service';

/** The local bot with a fake voice and a fake recognizer. */
export class LocalBench {
    readonly clock = new FakeClock();
    readonly speech = new FakeSpeech();
    readonly logger = new LogRecorder();
    readonly recognizer: FakeRecognizer;
    readonly bot: LocalBot;
    readonly watch: ConversationWatch;
    readonly turns: [disposition: string, text: string, confidence: number | undefined][] = [];
    readonly requests: DigitRequest[] = [];

    constructor(kind: RecognizerKind, deps: Partial<SpeakingBotDeps> = {}, options?: LocalBotOptions) {
        this.recognizer = new FakeRecognizer(kind);
        const { clock, speech, logger, recognizer } = this;
        const dialog = readDialog(smallDialog());
        this.bot = new LocalBot({ clock, speech, logger, recognizer, ...deps }, options ?? { dialog });
        this.watch = new ConversationWatch(this.bot);
        this.bot.on('turn', ({ disposition, text, confidence }) => this.turns.push([disposition, text, confidence]));
        this.bot.on('collectDigits', (request) => this.requests.push(request));
    }

    /** Begun, and the caller has heard everything. */
    async start(): Promise<void> {
        await this.bot.start();
        await this.heardOut();
    }

    async heardOut(): Promise<void> {
        await settle();
        this.clock.advance(60_000);
    }

    /** The caller presses a key that was asked for. */
    press(digits: string, by: 'length' | 'timeout' = 'length'): void {
        this.requests.at(-1)?.done({ digits, by });
    }

    /** What the bot said in its last answer. */
    get lastTurn(): string {
        return this.turns.at(-1)?.[1] ?? '';
    }
}
