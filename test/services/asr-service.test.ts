import { silencePcmu } from '../../src/audio/tone';
import {
    ASRService,
    type ASROptions,
    type Recognition,
    type RecognizeOptions,
    NoSpeechToText,
    type ExpectedAnswer,
    type VadEvent,
    type VoiceActivityDetector,
    type Recognizer,
} from '../../src/services/asr-service';
import { loadSileroNetwork } from '../../src/speech/vad/speech-meter';
import { SileroDetector } from '../../src/speech/vad/voice-activity-detector';
import { CodedError } from '../../src/support/errors';
import { LogRecorder } from '../support/log-recorder';
import { sample } from '../speech/vad/support';

/** Reports what a test says, once for each time it is fed. */
class ScriptedDetector implements VoiceActivityDetector {
    readonly script: (VadEvent | undefined)[] = [];
    readonly fed: number[] = [];
    readonly expected: (ExpectedAnswer | undefined)[] = [];
    resets = 0;
    private utterances = 0;

    feed(pcmu: Uint8Array): VadEvent | undefined {
        this.fed.push(pcmu.length);
        return this.script.shift();
    }

    expect(answer?: ExpectedAnswer): void {
        this.expected.push(answer);
    }

    /** One byte for the first one, two for the second … */
    utterance(): Uint8Array {
        return new Uint8Array(++this.utterances);
    }

    reset(): void {
        this.resets++;
    }
}

interface Asked {
    pcmu: Uint8Array;
    options: RecognizeOptions;
    answer(result: Recognition | undefined): void;
    fail(fault: Error): void;
}

class ScriptedEngine {
    readonly kind = 'closed';
    readonly asked: Asked[] = [];

    recognize(pcmu: Uint8Array, options: RecognizeOptions = {}): Promise<Recognition | undefined> {
        return new Promise((answer, fail) => void this.asked.push({ pcmu, options, answer, fail }));
    }

    close(): Promise<void> {
        throw new Error('An engine belongs to the process, not to a call.');
    }
}

function settled(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
}

describe('ASRService', () => {
    let detector: ScriptedDetector;
    let engine: ScriptedEngine;
    let logger: LogRecorder;
    let service: ASRService;
    let told: unknown[][];

    beforeEach(() => {
        detector = new ScriptedDetector();
        engine = new ScriptedEngine();
        logger = new LogRecorder();
        use({});
    });
    afterEach(() => {
        service.close();
    });

    function use(changes: Partial<ASROptions>): void {
        service = new ASRService({ detector, engine, logger, ...changes });
        told = [];
        for (const name of ['speechStarted', 'speechStopped', 'utterance', 'recognized', 'notRecognized'] as const) {
            service.on(name, (...values: unknown[]) => void told.push([name, ...values]));
        }
    }

    /** The caller says something; each time it is a byte longer. */
    function say(times = 1): void {
        for (let i = 0; i < times; i++) {
            detector.script.push({ type: 'speechStarted' }, { type: 'speechStopped', silenceMs: 608 });
            service.hear(new Uint8Array(160));
            service.hear(new Uint8Array(160));
        }
    }

    it('tells of a turn, its sound, and its words', async () => {
        say();
        engine.asked[0]?.answer({ text: 'billing' });
        await settled();
        expect(told).toEqual([
            ['speechStarted'],
            ['speechStopped', 608],
            ['utterance', new Uint8Array(1)],
            ['recognized', { text: 'billing' }],
        ]);
    });

    it('is a bot’s hearing', () => {
        const recognizer: Recognizer = service;
        expect(recognizer.kind).toBe('closed');
    });

    it('says so when an utterance was not understood', async () => {
        say();
        engine.asked[0]?.answer(undefined);
        await settled();
        expect(told.at(-1)).toEqual(['notRecognized', 'unclear']);
        expect(logger.lines).toEqual([]);
    });

    it('hears on when the recognizer fails, and logs the code once', async () => {
        say();
        engine.asked[0]?.fail(new CodedError('ERR_ASR_TIMEOUT'));
        await settled();
        expect(told.at(-1)).toEqual(['notRecognized', 'failed']);
        expect(logger.codes).toEqual(['ERR_ASR_TIMEOUT']);
        say();
        engine.asked[1]?.answer({ text: 'yes' });
        await settled();
        expect(told.at(-1)).toEqual(['recognized', { text: 'yes' }]);
    });

    it('recognizes one utterance at a time, in order', async () => {
        say(3);
        expect(engine.asked).toHaveLength(1);
        for (let turn = 0; turn < 3; turn++) {
            engine.asked[turn]?.answer({ text: `words ${turn}` });
            await settled();
        }
        expect(engine.asked.map(({ pcmu }) => pcmu.length)).toEqual([1, 2, 3]);
        expect(told.filter(([name]) => name === 'recognized').map(([, words]) => words)).toEqual([
            { text: 'words 0' },
            { text: 'words 1' },
            { text: 'words 2' },
        ]);
    });

    it('forgets the oldest of too many that wait, and says so', async () => {
        say(5);
        expect(told.filter(([name]) => name === 'notRecognized')).toEqual([
            ['notRecognized', 'busy'],
            ['notRecognized', 'busy'],
        ]);
        for (let turn = 0; turn < 3; turn++) {
            engine.asked[turn]?.answer({ text: 'x' });
            await settled();
        }
        expect(engine.asked.map(({ pcmu }) => pcmu.length)).toEqual([1, 4, 5]);
    });

    it('listens for the phrases that were expected when the turn ended', async () => {
        use({ language: 'en-us' });
        service.expect('open', ['billing', 'sales']);
        say();
        service.expect('yesno', ['yes', 'no']);
        say();
        engine.asked[0]?.answer(undefined);
        await settled();
        expect(engine.asked.map(({ options }) => options.phrases)).toEqual([
            ['billing', 'sales'],
            ['yes', 'no'],
        ]);
        expect(engine.asked[0]?.options.language).toBe('en-us');
        expect(detector.expected).toEqual(['open', 'yesno']);
    });

    it('cuts long audio so that no event is missed', () => {
        service.hear(new Uint8Array(1700));
        expect(detector.fed).toEqual([800, 800, 100]);
    });

    it('survives a listener that throws', async () => {
        service.on('speechStarted', () => {
            throw new Error('listener');
        });
        expect(() => {
            say();
        }).not.toThrow();
        engine.asked[0]?.answer({ text: 'yes' });
        await settled();
        expect(told.at(-1)).toEqual(['recognized', { text: 'yes' }]);
        expect(logger.lines.map(({ level }) => level)).toEqual(['error']);
    });

    it('is silent after its end, and lets the recognizer know', async () => {
        say();
        const before = told.length;
        service.close();
        service.close();
        expect(engine.asked[0]?.options.signal?.aborted).toBe(true);
        engine.asked[0]?.fail(new Error('aborted'));
        say();
        await settled();
        expect(told).toHaveLength(before);
        expect(logger.lines).toEqual([]);
        expect(engine.asked).toHaveLength(1);
    });

    it('may be closed by a listener', () => {
        service.on('utterance', () => {
            service.close();
        });
        say(2);
        expect(engine.asked).toHaveLength(0);
        expect(told.map(([name]) => name)).toEqual(['speechStarted', 'speechStopped', 'utterance']);
    });

    it('never writes down what was said', async () => {
        say();
        engine.asked[0]?.answer({ text: 'my card number' });
        await settled();
        expect(logger.text).not.toContain('card');
    });

    it('tells of turns without a recognizer too, so that a caller can interrupt', async () => {
        use({ detector: new SileroDetector(loadSileroNetwork()), engine: new NoSpeechToText() });
        service.hear(Buffer.concat([sample('librivox_0880'), silencePcmu(1000)]));
        await settled();
        expect(service.kind).toBe('none');
        expect(told.map(([name]) => name)).toEqual(['speechStarted', 'speechStopped', 'utterance', 'notRecognized']);
    });
});
