import { readTranscriptionUsage, readUsage } from '../../../src/services/realtime/events';
import { perMinuteOf, pricesOf, responseCostUsd, UnpricedModels } from '../../../src/services/realtime/usage';
import { readServerEvent } from '../../../src/services/realtime/events';
import { UsageMeter } from '../../../src/services/realtime/usage';
import { DEFAULT_MODEL, environmentSchema } from '../../../src/config/variables';
import { LogRecorder } from '../../support/log-recorder';
import { Bench, GREETING, speak } from './bench';
import { makeConfig, until, USAGE } from './support';

const URL = 'wss://api.openai.com/v1/realtime?model=x';

/** A fixed script: a greeting, a turn, an answer that was interrupted, and one that failed. */
const SCRIPT = [
    {
        total_tokens: 150,
        input_tokens: 96,
        output_tokens: 54,
        input_token_details: { text_tokens: 96, audio_tokens: 0, cached_tokens: 0 },
        output_token_details: { text_tokens: 14, audio_tokens: 40 },
    },
    USAGE,
    {
        total_tokens: 302_000,
        input_tokens: 230_000,
        output_tokens: 72_000,
        input_token_details: {
            text_tokens: 150_000,
            audio_tokens: 80_000,
            cached_tokens: 128_000,
            cached_tokens_details: { text_tokens: 128_000, audio_tokens: 0 },
        },
        output_token_details: { text_tokens: 20_000, audio_tokens: 52_000 },
    },
    null,
];

function costOf(model: string, url = URL): number | undefined {
    const meter = new UsageMeter({ model, url, transcription: undefined });
    for (const usage of SCRIPT) meter.add(usage === null ? undefined : readUsage(usage));
    return meter.costUsd;
}

describe('UsageMeter', () => {
    // By hand, for the three answers, in millionths of a dollar:
    //   text in  96·4, 54000·4 + 64000·0.4, 22000·4 + 128000·0.4;   audio in  0, 56000·32 + 6000·0.4, 80000·32
    //   text out 14·24, 9000·24, 20000·24;                          audio out 40·64, 32000·64, 52000·64
    const LARGE_USD = (384 + 336 + 2560 + 241_600 + 1_794_400 + 2_264_000 + 139_200 + 2_560_000 + 3_808_000) / 1e6;

    it.each(['gpt-realtime-2.1', 'gpt-realtime-2', 'gpt-realtime-2.1-2026-09-30'])(
        'the cost of a fixed script with %s agrees with section 12 to the cent',
        (model) => {
            expect(costOf(model)?.toFixed(2)).toBe('10.81');
            expect(costOf(model)).toBeCloseTo(LARGE_USD, 9);
        },
    );

    it('is that of its responses one by one', () => {
        const meter = new UsageMeter({ model: 'gpt-realtime-2.1', url: URL, transcription: undefined });
        const costs = SCRIPT.map((usage) => meter.add(usage === null ? undefined : readUsage(usage)));
        expect(costs.map((usd) => usd?.toFixed(2))).toEqual(['0.00', '4.30', '6.51', undefined]);
        expect(costs.reduce<number>((sum, usd = 0) => sum + usd, 0)).toBeCloseTo(LARGE_USD, 9);
        expect(
            new UsageMeter({ model: 'unknown', url: URL, transcription: undefined }).add(readUsage(USAGE)),
        ).toBeUndefined();
    });

    it('and so it does with the small model', () => {
        // Text in 57.6 + 32400 + 3840 + 13200 + 7680, out 33.6 + 21600 + 48000; audio in 560000 + 1800 + 800000,
        // out 800 + 640000 + 1040000, in millionths.
        expect(costOf('gpt-realtime-2.1-mini')?.toFixed(2)).toBe('3.17');
        expect(costOf('gpt-realtime-2.1-mini')).toBeCloseTo(3.1694112, 9);
    });

    it('a regional host costs a tenth more', () => {
        const url = 'wss://eu.api.openai.com/v1/realtime?model=gpt-realtime-2.1';
        expect(costOf('gpt-realtime-2.1', url)).toBeCloseTo(LARGE_USD * 1.1, 9);
        expect(costOf('gpt-realtime-2.1', 'wss://eu.api.openai.com.example.org/v1')).toBeCloseTo(LARGE_USD, 9);
    });

    // As above, with text out at 16 dollars: 14·16, 9000·16, 20000·16.
    const OLDER_USD = LARGE_USD - ((14 + 9000 + 20_000) * 8) / 1e6;

    it.each(['gpt-realtime-1.5', 'gpt-realtime', 'gpt-realtime-2025-08-28', 'GPT-realtime-1.5-2026-02-23'])(
        'the cost of the older model %s is known, by its dated name and Azure’s too',
        (model) => {
            expect(costOf(model)).toBeCloseTo(OLDER_USD, 9);
        },
    );

    it('the cost of gpt-realtime-mini is that of the small model', () => {
        expect(costOf('gpt-realtime-mini')).toBeCloseTo(3.1694112, 9);
        expect(costOf('gpt-realtime-mini-2025-12-15')).toBeCloseTo(3.1694112, 9);
    });

    it('a regional host costs no more for models that are older than the surcharge', () => {
        const url = 'wss://eu.api.openai.com/v1/realtime?model=gpt-realtime';
        expect(costOf('gpt-realtime', url)).toBeCloseTo(OLDER_USD, 9);
    });

    it.each(['my-deployment', 'gpt-realtime-2.1-mega', 'gpt-realtime-3', ''])(
        'the cost of the unknown model %j is not known',
        (model) => {
            expect(costOf(model)).toBeUndefined();
        },
    );

    it('counts missing fields as 0, and never less than nothing', () => {
        const prices = pricesOf('gpt-realtime-2', URL);
        if (prices === undefined) throw new Error('no prices');
        expect(responseCostUsd(readUsage({ total_tokens: 5 }), prices)).toBe(0);
        const odd = { input_token_details: { text_tokens: 10, cached_tokens_details: { text_tokens: 90 } } };
        expect(responseCostUsd(readUsage(odd), prices)).toBeCloseTo((10 * 0.4) / 1e6, 12);
    });

    it('transcriptions are summed, by seconds or by tokens, and those that failed are counted', () => {
        const transcription = { model: 'gpt-realtime-whisper' };
        const meter = new UsageMeter({ model: 'gpt-realtime-2.1', url: URL, transcription });
        meter.addTranscription(readTranscriptionUsage({ type: 'duration', seconds: 90.5 }));
        meter.addTranscription(
            readTranscriptionUsage({ type: 'tokens', total_tokens: 302, input_token_details: { audio_tokens: 295 } }),
        );
        meter.addTranscription(undefined);
        expect(meter.total).toMatchObject({
            transcriptions: 2,
            failedTranscriptions: 1,
            transcriptionTokens: 302,
            transcribedSeconds: 120,
            totalTokens: 0,
        });
        expect(meter.costUsd).toBeCloseTo(0.034, 9);
    });

    it('a minute of caller audio costs 0.0045 dollars with gpt-transcribe, so that a limit of the cost is kept', () => {
        const meter = new UsageMeter({
            model: 'gpt-realtime-2.1',
            url: URL,
            transcription: { model: 'gpt-transcribe' },
        });
        meter.addTranscription(readTranscriptionUsage({ type: 'duration', seconds: 240 }));
        expect(meter.costUsd).toBeCloseTo(0.018, 9);
        expect(meter.costIsPartial).toBe(false);
    });

    it('the default transcription model and the default model have a price', () => {
        const { OPENAI_TRANSCRIPTION_MODEL: words } = environmentSchema.parse({});
        expect(perMinuteOf(words, URL)).toBe(0.0045);
        expect(pricesOf(DEFAULT_MODEL, URL)).toBeDefined();
        expect(perMinuteOf(words, 'wss://eu.api.openai.com/v1/realtime')).toBeCloseTo(0.00495, 9);
    });

    it('without a known price of the transcription the cost is partial, and without one of the model too', () => {
        const words = { model: 'some-recognizer' };
        const meter = new UsageMeter({ model: 'gpt-realtime-2.1', url: URL, transcription: words });
        meter.addTranscription(readTranscriptionUsage({ type: 'duration', seconds: 60 }));
        expect(meter.costUsd).toBe(0);
        expect(meter.costIsPartial).toBe(true);
        expect(new UsageMeter({ model: 'x', url: URL, transcription: undefined }).costIsPartial).toBe(true);
    });
});

describe('UnpricedModels', () => {
    it('warns once of each model without a price, and says what cost_usd leaves out', () => {
        const log = new LogRecorder();
        const unpriced = new UnpricedModels();
        const config = { model: 'my-deployment', url: URL, transcription: { model: 'some-recognizer' } };
        for (const each of [config, config, { ...config, transcription: { model: 'gpt-transcribe' } }])
            unpriced.check(each, log);
        unpriced.check(makeConfig(), log);
        const warned = log.lines.map(({ level, fields, message }) => [level, fields['code'], fields['model'], message]);
        expect(warned).toEqual([
            ['warn', 'ERR_PRICE_UNKNOWN', 'my-deployment', expect.stringContaining('cost_usd has no part')],
            ['warn', 'ERR_PRICE_UNKNOWN', 'some-recognizer', expect.stringContaining('cost_usd is partial')],
        ]);
    });
});

describe('BotResource: what a call costs', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it('sums what the service says of all responses and transcriptions', async () => {
        const { made, session } = await bench.call({ callerTranscript: { when: 'early' } });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        expect(made.bot.costUsd).toBeGreaterThan(0);
        await speak(made, session);
        const meter = new UsageMeter(makeConfig());
        for (const { event } of session.sent) {
            const told = readServerEvent(JSON.stringify(event));
            if (told.type === 'response-done') meter.add(told.response.usage);
            if (told.type === 'caller-transcript') meter.addTranscription(told.usage);
        }
        expect(meter.total.responses).toBe(2);
        expect(made.bot.costUsd).toBeCloseTo(meter.costUsd ?? NaN, 12);
        expect(made.bot.usage).toMatchObject({ responses: 2, transcriptions: 1, transcribedSeconds: 0.2 });
        made.bot.end();
        expect(made.log.lines.at(-1)?.fields['costUsd']).toBe(made.bot.costUsd);
    });

    it('is 0 before the first response, and undefined for a model without known prices', async () => {
        const { bot } = await bench.call({}, {});
        expect(bot.costUsd).toBe(0);
        const other = await bench.call({}, { ...GREETING, model: 'some-deployment' });
        await until(() => other.made.responsesEnded.length > 0, 'the greeting');
        expect(other.bot.costUsd).toBeUndefined();
    });
});
