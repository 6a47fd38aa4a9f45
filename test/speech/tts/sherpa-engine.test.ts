import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelDbfs } from '../../../src/audio/loudness';
import type { SherpaModule, SherpaTtsConfig } from '../../../src/speech/sherpa';
import { SherpaEngine, voiceModelIn, type SherpaEngineOptions } from '../../../src/speech/tts/sherpa-engine';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';

type Request = Parameters<Awaited<ReturnType<SherpaModule['OfflineTts']['createAsync']>>['generateAsync']>[0];

describe('the voice of sherpa-onnx', () => {
    let folder: string;
    let clock: FakeClock;
    let engine: SherpaEngine;
    let configs: SherpaTtsConfig[];
    let requests: Request[];
    let generate: () => Promise<unknown>;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'voice-'));
        clock = new FakeClock();
        configs = [];
        requests = [];
        generate = () => Promise.resolve({ samples: tone(22_050), sampleRate: 22_050 });
        files('tokens.txt', 'de_DE-thorsten-medium.onnx', 'espeak-ng-data');
        engine = create();
    });
    afterEach(async () => {
        await engine.close();
        expect(clock.pendingCount).toBe(0);
        rmSync(folder, { recursive: true });
    });

    function create(options: Partial<SherpaEngineOptions> = {}): SherpaEngine {
        return (engine = new SherpaEngine({ clock, modelPath: folder, load: fakeModule, ...options }));
    }

    function files(...names: string[]): void {
        for (const name of names) writeFileSync(join(folder, name), '');
    }

    /** One second of 440 Hz at half of full scale. */
    function tone(rateHz: number): Float32Array {
        return Float32Array.from({ length: rateHz }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / rateHz));
    }

    function fakeModule(): SherpaModule {
        const generateAsync = (request: Request): Promise<unknown> => {
            requests.push(request);
            return generate();
        };
        const createAsync = (config: SherpaTtsConfig) => {
            configs.push(config);
            return Promise.resolve({ numSpeakers: 2, generateAsync });
        };
        return {
            OfflineRecognizer: { createAsync: () => Promise.reject(new Error('none')) },
            OfflineTts: { createAsync },
        };
    }

    async function spoken(text: string, options: Parameters<SherpaEngine['speak']>[1] = {}): Promise<Uint8Array> {
        const pieces: Uint8Array[] = [];
        for await (const piece of engine.speak(text, options)) pieces.push(piece);
        return Buffer.concat(pieces);
    }

    function coded(code: string): unknown {
        return expect.objectContaining({ code });
    }

    it('loads the model once, and gives its audio as PCMU of 8 kHz at the same level', async () => {
        await engine.warm();
        const pcmu = await spoken('Guten Tag.', { voice: '1' });
        await spoken('Auf Wiederhören.');
        expect(configs).toEqual([
            { model: expect.objectContaining({ numThreads: 1, provider: 'cpu' }) as unknown, maxNumSentences: 1 },
        ]);
        expect(requests.map(({ text, sid, enableExternalBuffer }) => [text, sid, enableExternalBuffer])).toEqual([
            ['Guten Tag.', 1, false],
            ['Auf Wiederhören.', 0, false],
        ]);
        expect(pcmu.length).toBeGreaterThan(7990);
        expect(pcmu.length).toBeLessThan(8050);
        expect(levelDbfs(pcmu.subarray(400, 7600))).toBeCloseTo(-9, 0);
    });

    it.each([8000, 16_000, 24_000, 44_100])('takes %i Hz', async (rateHz) => {
        generate = () => Promise.resolve({ samples: tone(rateHz), sampleRate: rateHz });
        expect(Math.abs((await spoken('Hello.')).length - 8000)).toBeLessThan(50);
    });

    it('makes one sentence at a time', async () => {
        let finish = (): void => undefined;
        generate = () =>
            new Promise(
                (resolve) =>
                    (finish = () => {
                        resolve({ samples: tone(8000), sampleRate: 8000 });
                    }),
            );
        const both = [spoken('One.'), spoken('Two.')];
        await new Promise((resolve) => setImmediate(resolve));
        expect(requests.map(({ text }) => text)).toEqual(['One.']);
        finish();
        await both[0];
        await new Promise((resolve) => setImmediate(resolve));
        finish();
        await both[1];
        expect(requests.map(({ text }) => text)).toEqual(['One.', 'Two.']);
    });

    it('gives up for a caller who has hung up, at its deadline and when it is closed, and tells the package', async () => {
        generate = () => new Promise(() => undefined);
        const hangUp = new AbortController();
        const first = expect(spoken('One.', { signal: hangUp.signal })).rejects.toThrow('hung up');
        await new Promise((resolve) => setImmediate(resolve));
        expect(requests[0]?.onProgress()).toBe(true);
        hangUp.abort(new Error('hung up'));
        await first;
        expect(requests[0]?.onProgress()).toBe(false);
        const late = expect(spoken('Two.')).rejects.toEqual(coded('ERR_TTS_TIMEOUT'));
        clock.advance(10_000);
        await late;
        const closed = expect(spoken('Three.')).rejects.toEqual(coded('ERR_TTS_CLOSED'));
        await engine.close();
        await closed;
        await expect(spoken('Four.')).rejects.toEqual(coded('ERR_TTS_CLOSED'));
    });

    it.each([
        ['another shape', () => Promise.resolve('audio')],
        ['no audio', () => Promise.resolve({ samples: new Float32Array(0), sampleRate: 22_050 })],
        ['a failure', () => Promise.reject(new Error('out of memory'))],
    ])('fails with ERR_TTS_FAILED on %s', async (_, made: () => Promise<unknown>) => {
        generate = made;
        await expect(spoken('Hello.')).rejects.toEqual(coded('ERR_TTS_FAILED'));
    });

    it('speaks with voice 0 where the model does not have the configured one, and says so', async () => {
        const logger = new LogRecorder();
        create({ voice: '9', logger });
        await spoken('Hello.');
        expect(requests).toMatchObject([{ sid: 0 }]);
        expect(logger.lines).toMatchObject([
            { level: 'warn', fields: { code: 'ERR_TTS_VOICE', asked: '9', voices: 2 } },
        ]);
    });

    it('refuses voices that the model does not have, and texts that are too long', async () => {
        expect(() => create({ voice: 'anna' })).toThrow(expect.objectContaining({ code: 'ERR_TTS_VOICE' }) as Error);
        await expect(spoken('Hello.', { voice: '2' })).rejects.toEqual(coded('ERR_TTS_VOICE'));
        await expect(spoken('x'.repeat(601))).rejects.toEqual(coded('ERR_TTS_TEXT'));
        expect(await spoken(' … ')).toHaveLength(0);
        expect(requests).toEqual([]);
    });

    it('says how to get the package, and what a folder without a model should hold', async () => {
        engine = new SherpaEngine({ clock, modelPath: folder });
        await expect(engine.warm()).rejects.toThrow('npm install sherpa-onnx-node');
        create({ modelPath: join(folder, 'nowhere') });
        await expect(spoken('Hello.')).rejects.toEqual(coded('ERR_TTS_NOT_INSTALLED'));
        expect(configs).toEqual([]);
    });

    it('tries again to load a model that could not be loaded', async () => {
        const broken = { createAsync: () => Promise.reject(new Error('no such file')) };
        let module: SherpaModule = { OfflineRecognizer: broken, OfflineTts: broken };
        create({ load: () => module });
        await expect(engine.warm()).rejects.toEqual(coded('ERR_TTS_NOT_INSTALLED'));
        module = fakeModule();
        expect((await spoken('Hello.')).length).toBeGreaterThan(0);
    });

    it.each([
        ['Piper', ['en_US-lessac-medium.onnx', 'espeak-ng-data'], 'vits'],
        ['Kokoro', ['model.onnx', 'voices.bin', 'espeak-ng-data', 'lexicon-us-en.txt'], 'kokoro'],
        ['Matcha', ['model-steps-3.onnx', 'vocos-22khz-univ.onnx', 'espeak-ng-data'], 'matcha'],
    ])('knows %s by its files', (_, names, kind) => {
        rmSync(folder, { recursive: true });
        folder = mkdtempSync(join(tmpdir(), 'voice-'));
        files('tokens.txt', ...names);
        const model = voiceModelIn(folder);
        expect(Object.keys(model)).toEqual([kind]);
        expect(model[kind]).toMatchObject({
            tokens: join(folder, 'tokens.txt'),
            dataDir: join(folder, 'espeak-ng-data'),
        });
    });
});
