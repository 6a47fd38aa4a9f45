import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import { meanSquare } from '../../../src/audio/loudness';
import { MULAW_SILENCE } from '../../../src/audio/mulaw';
import { tonePcmu } from '../../../src/audio/tone';
import { CallBridge } from '../../../src/common/call-bridge';
import { CallRecord } from '../../../src/common/call-record';
import type { RecognizerKind } from '../../../src/services/asr-service';
import { readDialog } from '../../../src/services/profiles/dialog-script';
import type { Chat, ChatMessage } from '../../../src/speech/chat/chat-service';
import { LocalBot } from '../../../src/speech/local-bot';
import { RestBot } from '../../../src/speech/rest-bot';
import type { SpeakingBot } from '../../../src/speech/speaking-bot';
import { FakeRecognizer, FakeSpeech, settle } from '../../speech/dialog/fakes';
import { smallDialog } from '../../speech/dialog/small-dialog';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { TEST_TURN_TAKING } from '../../support/test-config';

const VOICE = tonePcmu(700, 5000, 0.5);
const QUIET = new Uint8Array(160).fill(MULAW_SILENCE);
/** Words that take 10 ms for each letter. */
const LONG = 'This sentence goes on for a while. '.repeat(9).trim();

/** A call to a bot that recognizes speech in this process; the test is the caller, and tells what is recognized. */
class SpeakingBotCall {
    readonly clock = new FakeClock();
    readonly speech = new FakeSpeech();
    readonly recognizer: FakeRecognizer;
    readonly record = new CallRecord();
    readonly verdicts: unknown[] = [];
    readonly questions: (readonly ChatMessage[])[] = [];
    bargeIns = 0;
    sentBytes = 0;
    private readonly bridge: CallBridge;

    constructor(kind: RecognizerKind, what: 'local' | 'rest') {
        const { clock, speech, record } = this;
        this.recognizer = new FakeRecognizer(kind);
        const deps = { clock, logger: new LogRecorder(), speech, recognizer: this.recognizer };
        const dialog = readDialog({ ...smallDialog(), greeting: { none: LONG, closed: LONG, open: LONG } });
        const chat: Chat = {
            check: () => Promise.resolve(),
            complete: (messages) => this.answer(messages),
        };
        const bot: SpeakingBot =
            what === 'local'
                ? new LocalBot(deps, { dialog })
                : new RestBot(
                      { ...deps, chat, transcript: record.transcript },
                      { instructions: 'Be brief.', greeting: 'Greet.' },
                  );
        this.bridge = new CallBridge({
            conversation: bot,
            clock,
            record,
            callerAudio: new CallerAudioBuffer(),
            maxLeadMs: 600,
            turnTaking: {
                ...TEST_TURN_TAKING,
                bargeIn: { mode: 'smart', backchannels: ['mhm', 'yeah'], alwaysYield: ['stop'] },
            },
            speechMeter: {
                probability: (pcmu) => (meanSquare(pcmu, 0, pcmu.length) > 1e-4 ? 1 : 0),
                reset: () => undefined,
            },
            wire: {
                sendAudio: (pcmu) => {
                    this.sentBytes += pcmu.length;
                },
                sendEvent: ({ type }) => {
                    if (type === 'barge_in') this.bargeIns += 1;
                },
                bufferedBytes: () => 0,
            },
            onFinished: () => undefined,
            onFailed: () => undefined,
            onOverlap: ({ overlap }) => this.verdicts.push(overlap),
            log: () => undefined,
            onFault: (fault) => {
                throw fault;
            },
        });
    }

    async start(): Promise<void> {
        this.bridge.start();
        await settle();
        await this.run(800);
    }

    /** Lets time pass; the line carries the caller's voice, or silence. */
    async run(ms: number, voice = false): Promise<void> {
        for (let at = 0; at < ms; at += 20) {
            this.bridge.hear(voice ? VOICE.subarray(at * 8, at * 8 + 160) : QUIET);
            this.clock.advance(20);
            await settle(2);
        }
    }

    /** The caller says something, which is recognized (undefined: it is not) 600 ms after its end. */
    async says(text: string | undefined, ms: number): Promise<void> {
        await this.run(ms, true);
        await this.run(600);
        this.recognizer.ends(text === undefined ? undefined : { text });
        await this.run(100);
    }

    key(digit: string): void {
        this.bridge.processDTMF(digit);
    }

    close(): void {
        this.bridge.close();
        expect(this.clock.pendingCount).toBe(0);
    }

    private async *answer(messages: readonly ChatMessage[]): AsyncGenerator<string, void, undefined> {
        this.questions.push(messages);
        await Promise.resolve();
        yield LONG;
    }
}

describe.each(['local', 'rest'] as const)('speech over the %s bot', (what) => {
    let call: SpeakingBotCall;

    beforeEach(async () => {
        call = new SpeakingBotCall('open', what);
        await call.start();
    });

    afterEach(() => {
        call.close();
    });

    it('does not stop it where it is “mhm”: it is not answered, and no bot is told of it', async () => {
        const questions = call.questions.length;
        await call.says('mhm', 240);
        await call.run(4000);
        expect(call.verdicts).toEqual(['ignored']);
        expect([call.bargeIns, call.questions.length - questions]).toEqual([0, 0]);
        expect(call.speech.spoken).not.toContain('Pardon?');
        expect(call.record.transcript.lines).toContainEqual(expect.objectContaining({ text: 'mhm', ignored: true }));
        expect(call.record.transcript.heard(20, 5000).map(({ text }) => text)).not.toContain('mhm');
        expect(call.record.bargeIns).toBe(0);
    });

    it('stops it where it is more, and is answered once', async () => {
        await call.says('I need something else', 900);
        expect(call.verdicts).toEqual(['held', 'turn']);
        expect(call.bargeIns).toBe(1);
        await call.run(400);
        if (what === 'rest') expect(call.questions).toHaveLength(2);
        else expect(call.speech.spoken.filter((each) => each === 'Pardon?')).toHaveLength(1);
        expect(call.record.bargeIns).toBe(1);
    });

    it('that is noise is taken back, and all of the bot’s words are heard', async () => {
        await call.says(undefined, 600);
        expect(call.verdicts).toEqual(['held', 'resumed']);
        await call.run(6000);
        expect(call.sentBytes).toBeGreaterThanOrEqual(
            call.speech.spoken.reduce((sum, { length }) => sum + length * 80, 0),
        );
        expect(call.record.takenBack).toBe(1);
    });

    it('is no turn where a key follows before it ends', async () => {
        await call.run(300, true);
        call.key('2');
        const questions = call.questions.length;
        await call.run(600);
        call.recognizer.ends({ text: 'opening' });
        await call.run(300);
        expect(call.record.transcript.lines).toContainEqual(
            expect.objectContaining({ text: 'opening', ignored: true }),
        );
        if (what === 'local') expect(call.speech.spoken).not.toContain('Pardon?');
        else expect(call.questions.length - questions).toBeLessThanOrEqual(1);
    });
});

describe('speech over the prompts of the local bot', () => {
    it('stops a menu that listens for these words', async () => {
        const call = new SpeakingBotCall('closed', 'local');
        await call.start();
        await call.says('opening times', 240);
        expect(call.verdicts).toEqual(['turn']);
        expect(call.bargeIns).toBe(1);
        expect(call.recognizer.expected.at(-1)?.expected).toBe('yesno');
        await call.says('yes', 240);
        await call.run(300);
        expect(call.speech.spoken).toContain('Nine to five.');
        call.close();
    });

    it('answers a question that is to be answered with yes or no, also where “yeah” is no turn elsewhere', async () => {
        const call = new SpeakingBotCall('open', 'local');
        await call.start();
        await call.says('agent', 900);
        await call.run(200);
        const before = call.speech.spoken.length;
        expect(call.recognizer.expected.at(-1)?.expected).toBe('yesno');
        await call.says('yeah', 240);
        await call.run(600);
        expect(call.verdicts.at(-1)).toBe('turn');
        expect(call.speech.spoken.slice(before)).toContain('One moment.');
        call.close();
    });
});
