import { createRecognizer, createSpeech } from '../../src/speech/local-speech';
import { NoSpeechToText } from '../../src/services/asr-service';
import { FliteEngine } from '../../src/speech/tts/flite-engine';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';

const deps = { clock: new FakeClock(), logger: new LogRecorder() };

describe('the local speech of a configuration', () => {
    it.each([
        [{ tts: 'sherpa' }, 'ERR_CONFIG'],
        [{ tts: 'openai' }, 'ERR_CONFIG'],
        [{ tts: 'custom' }, 'ERR_CONFIG'],
    ] as const)('refuses %j with %s', (config, code) => {
        expect(() => createSpeech(config, deps)).toThrow(expect.objectContaining({ code }) as Error);
    });

    it.each([
        { tts: 'flite', voice: 'klaus' },
        { tts: 'sherpa', voice: 'rms', ttsModelPath: '/models' },
    ] as const)('has the own voice of the engine in place of one that it cannot have: %j', async (config) => {
        const logger = new LogRecorder();
        await createSpeech(config, { ...deps, logger }).close();
        expect(logger.lines).toMatchObject([
            {
                level: 'warn',
                fields: { code: 'ERR_TTS_VOICE', asked: config.voice },
                message: 'its own voice speaks instead',
            },
        ]);
    });

    it('speaks with the engine that an extension registers', async () => {
        const engine = new FliteEngine();
        const speech = createSpeech({ tts: 'custom' }, { ...deps, voice: () => engine });
        expect(speech.kind).toBe('flite');
        await speech.close();
    });

    it('recognizes with the recognizer that an extension registers, and with none unless it is configured', () => {
        const own = new NoSpeechToText();
        expect(createRecognizer({ asr: 'custom' }, { ...deps, recognizer: () => own })).toBe(own);
        expect(createRecognizer({ asr: 'none' }, deps).kind).toBe('none');
        expect(() => createRecognizer({ asr: 'custom' }, deps)).toThrow('no extension registers a recognizer');
    });
});
