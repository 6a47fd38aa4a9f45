import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tonePcmu } from '../../../src/audio/tone';
import { modelIn, SherpaTranscription } from '../../../src/speech/asr/sherpa-transcription';
import type { SherpaRecognizerConfig as SherpaConfig } from '../../../src/speech/sherpa';
import { FakeClock } from '../../support/fake-clock';

const UTTERANCE = tonePcmu(440, 500);

describe('sherpa-onnx', () => {
    let folder: string;
    let clock: FakeClock;
    let engine: SherpaTranscription;
    let configs: SherpaConfig[];
    let waves: { samples: Float32Array; sampleRate: number }[];
    let decode: () => Promise<unknown>;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'model-'));
        clock = new FakeClock();
        configs = [];
        waves = [];
        decode = () => Promise.resolve({ text: ' hello there ' });
        files('tokens.txt', 'encoder.onnx', 'decoder.onnx', 'joiner.onnx');
        engine = new SherpaTranscription({ clock, modelPath: folder, load: fakeModule });
    });
    afterEach(async () => {
        await engine.close();
        rmSync(folder, { recursive: true });
    });

    function files(...names: string[]): void {
        for (const name of names) writeFileSync(join(folder, name), '');
    }

    function fakeModule() {
        const createStream = () => ({ acceptWaveform: (wave: (typeof waves)[number]) => void waves.push(wave) });
        const createAsync = (config: SherpaConfig) => {
            configs.push(config);
            return Promise.resolve({ createStream, decodeAsync: () => decode() });
        };
        return {
            OfflineRecognizer: { createAsync },
            OfflineTts: { createAsync: () => Promise.reject(new Error('no voice')) },
        };
    }

    function coded(code: string): unknown {
        return expect.objectContaining({ code });
    }

    it('loads the model once, gives it 16 kHz, and passes its words on', async () => {
        expect(await engine.recognize(UTTERANCE)).toEqual({ text: 'hello there' });
        expect(await engine.recognize(UTTERANCE)).toEqual({ text: 'hello there' });
        expect(configs).toHaveLength(1);
        expect(configs[0]?.modelConfig).toMatchObject({ numThreads: 1, tokens: join(folder, 'tokens.txt') });
        expect(waves).toHaveLength(2);
        expect(waves[0]?.sampleRate).toBe(16_000);
        expect(waves[0]?.samples).toHaveLength(2 * UTTERANCE.length);
        expect(Math.max(...(waves[0]?.samples ?? []))).toBeCloseTo(0.25, 1);
        expect(clock.pendingCount).toBe(0);
    });

    it('takes empty words for none', async () => {
        decode = () => Promise.resolve({ text: ' . ' });
        expect(await engine.recognize(UTTERANCE)).toBeUndefined();
        expect(await engine.recognize(new Uint8Array(0))).toBeUndefined();
    });

    it('refuses a result of another shape, and tells of a failure', async () => {
        decode = () => Promise.resolve('hello');
        await expect(engine.recognize(UTTERANCE)).rejects.toEqual(coded('ERR_ASR_UNAVAILABLE'));
        decode = () => Promise.reject(new Error('out of memory'));
        await expect(engine.recognize(UTTERANCE)).rejects.toThrow('out of memory');
        expect(clock.pendingCount).toBe(0);
    });

    it('waits no longer than its deadline', async () => {
        decode = () => new Promise(() => undefined);
        const outcome = expect(engine.recognize(UTTERANCE)).rejects.toEqual(coded('ERR_ASR_TIMEOUT'));
        clock.advance(10_000);
        await outcome;
    });

    it('gives up for a caller who has hung up, and when it is closed', async () => {
        decode = () => new Promise(() => undefined);
        const hangUp = new AbortController();
        const first = expect(engine.recognize(UTTERANCE, { signal: hangUp.signal })).rejects.toThrow('hung up');
        const second = expect(engine.recognize(UTTERANCE)).rejects.toEqual(coded('ERR_ASR_CLOSED'));
        hangUp.abort(new Error('hung up'));
        await first;
        await engine.close();
        await second;
        expect(clock.pendingCount).toBe(0);
    });

    it('says how to get it when it is not installed', async () => {
        engine = new SherpaTranscription({ clock, modelPath: folder });
        await expect(engine.recognize(UTTERANCE)).rejects.toThrow('npm install sherpa-onnx-node');
    });

    it('says what a folder without a model should hold', async () => {
        rmSync(join(folder, 'tokens.txt'));
        await expect(engine.recognize(UTTERANCE)).rejects.toEqual(coded('ERR_ASR_NOT_INSTALLED'));
        expect(() => modelIn(join(folder, 'nowhere'))).toThrow('holds no model that is known');
        expect(configs).toHaveLength(0);
    });

    it.each([
        ['a transducer', ['joiner-99.int8.onnx', 'joiner-99.onnx', 'encoder-99.onnx', 'decoder-99.onnx'], 'transducer'],
        ['Whisper', ['tiny-encoder.onnx', 'tiny-decoder.onnx', 'tiny-tokens.txt'], 'whisper'],
        [
            'Moonshine',
            ['preprocess.onnx', 'encode.int8.onnx', 'uncached_decode.int8.onnx', 'cached_decode.int8.onnx'],
            'moonshine',
        ],
        ['SenseVoice', ['model.int8.onnx', 'model.onnx'], 'senseVoice'],
    ])('knows %s by its files', (_, names, kind) => {
        rmSync(folder, { recursive: true });
        folder = mkdtempSync(join(tmpdir(), 'model-'));
        files('tokens.txt', ...names);
        const { tokens, ...model } = modelIn(folder);
        expect(tokens).toBeDefined();
        expect(Object.keys(model)).toEqual([kind]);
    });

    it('prefers the small form of a network, and does not mix up Moonshine’s decoders', () => {
        files('joiner.int8.onnx');
        expect(modelIn(folder)).toMatchObject({ transducer: { joiner: join(folder, 'joiner.int8.onnx') } });
        files('preprocess.onnx', 'uncached_decode.onnx', 'cached_decode.onnx');
        expect(modelIn(folder)).toMatchObject({
            moonshine: {
                uncachedDecoder: join(folder, 'uncached_decode.onnx'),
                cachedDecoder: join(folder, 'cached_decode.onnx'),
            },
        });
    });
});
