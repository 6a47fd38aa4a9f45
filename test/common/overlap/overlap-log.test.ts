import { CallBot } from '../../../src/common/call-bot';
import { CallRecord } from '../../../src/common/call-record';
import { SessionLog } from '../../../src/common/session-log';
import { BotService, type ChosenBot } from '../../../src/services/bot-service';
import type { OverlapControl, OverlapReport } from '../../../src/services/conversation';
import { OutputVariables } from '../../../src/services/profiles/variables';
import { FakeClock } from '../../support/fake-clock';
import { FakeConversation } from '../../support/fake-conversation';
import { LogRecorder } from '../../support/log-recorder';
import { TEST_TURN_TAKING, testConfig } from '../../support/test-config';

const nothing = (): void => undefined;

/** A bot whose own detection hears the caller; on the line there is no sound. */
class JudgedBot extends FakeConversation {
    readonly overlap: OverlapControl = {
        givesWords: true,
        turnSilenceMs: undefined,
        begin: nothing,
        end: nothing,
        transcribe: nothing,
        dismiss: nothing,
        accept: nothing,
        endTurn: nothing,
    };
}

class OneBot extends BotService {
    readonly reports: OverlapReport[] = [];

    constructor(private readonly conversation: JudgedBot) {
        super(testConfig(), { clock: new FakeClock(), logger: new LogRecorder() });
    }

    override getBotIfExists(): Promise<ChosenBot> {
        return Promise.resolve({
            name: 'judged',
            conversation: this.conversation,
            turnTaking: {
                ...TEST_TURN_TAKING,
                bargeIn: { mode: 'smart', backchannels: ['mhm'], alwaysYield: [] },
            },
            speechMeter: { probability: () => 0, reset: nothing },
            onOverlap: (report) => this.reports.push(report),
            maxCallMinutes: 7,
            variables: new OutputVariables({}),
        });
    }
}

describe('a verdict about speech over the bot', () => {
    const conversation = new JudgedBot();
    let service: OneBot;
    let logger: LogRecorder;
    let log: SessionLog;
    let bot: CallBot;

    async function begin(logTranscripts: boolean): Promise<void> {
        service = new OneBot(conversation);
        logger = new LogRecorder();
        log = new SessionLog(logger);
        const clock = new FakeClock();
        const wire = { sendAudio: nothing, sendEvent: nothing, bufferedBytes: () => 0 };
        const record = new CallRecord();
        const call = { sessionId: 's', clock, logger, log, logTranscripts, record, wire, maxLeadMs: 600 };
        bot = new CallBot({ botService: service, ...call, onFinished: nothing, onFailed: nothing, onFault: nothing });
        const participant = { id: 'p', ani: '', aniName: '', dnis: '' };
        await bot.choose('/', { organizationId: 'o', conversationId: 'c', participant, media: [], inputVariables: {} });
        bot.begin();
        conversation.emit('audio', new Uint8Array(16_000).fill(1), { responseId: 'r', itemId: 'i', contentIndex: 0 });
    }

    function callerSays(words: string): void {
        conversation.emit('overlapSpeech', 'started');
        conversation.emit('overlapWords', words);
    }

    function verdicts(): unknown[] {
        return logger.lines.filter(({ fields }) => 'overlap' in fields).map(({ fields }) => fields);
    }

    const ignored = { overlap: 'ignored', reason: 'ignored: a backchannel', voicedMs: 0, spanMs: 0, afterMs: 0 };
    const turn = { overlap: 'turn', reason: 'turn: words', voicedMs: 0, spanMs: 0, afterMs: 0 };

    afterEach(() => {
        bot.free();
    });

    it('is logged with its reason and without the words', async () => {
        await begin(false);
        callerSays('Mhm.');
        callerSays('my number is 1234');
        expect(verdicts()).toEqual([ignored, turn]);
        expect(logger.text).not.toContain('Mhm');
        expect(logger.text).not.toContain('1234');
    });

    it('is logged with the words when transcripts are', async () => {
        await begin(true);
        callerSays('Mhm.');
        expect(verdicts()).toEqual([{ ...ignored, words: 'Mhm.' }]);
    });

    it('reaches with its words who has made the bot', async () => {
        await begin(false);
        callerSays('Mhm.');
        expect(service.reports).toEqual([{ ...ignored, words: 'Mhm.' }]);
    });

    it('is logged each time, up to 500 in one call, and counted then', async () => {
        await begin(false);
        for (let i = 0; i < 510; i++) callerSays('mhm');
        expect(verdicts()).toHaveLength(500);
        log.end({});
        expect(logger.lines.at(-1)?.fields).toMatchObject({ repeated: { 'The caller spoke over the bot.': 510 } });
    });
});
