import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { OpenAIConfig } from '../../config/config';
import type { Logger } from '../../support/logger';
import type { BotMeter } from '../call-meter';
import type { ModelResponse } from '../conversation';
import type { OpenAIRealtimeService } from '../openai-realtime-service';
import type { ResponseEnd, ResponseUsage, TranscriptionUsage } from './events';

const price = z.number().nonnegative();
/** US dollars for a million tokens. */
const rates = z.strictObject({ in: price, cached: price, out: price });
const modelPrices = z.strictObject({ text: rates, audio: rates });
const priceList = z.strictObject({
    /** The month of the list, `YYYY-MM`. */
    asOf: z.string().regex(/^\d{4}-\d{2}$/),
    source: z.string(),
    models: z.record(z.string(), modelPrices),
    /** US dollars for a minute of caller audio. */
    transcriptionPerMinute: z.record(z.string(), price),
    /** Hosts `<region>.api.openai.com` keep data in a region: there these models cost this factor more. */
    regionalUplift: z.strictObject({
        regions: z.array(z.string().regex(/^[a-z]+$/)),
        factor: z.number().min(1),
        models: z.array(z.string()),
    }),
});

type Rates = z.infer<typeof rates>;
/** What a speech model costs. */
export type ModelPrices = z.infer<typeof modelPrices>;

/** Beside `src`, and beside `dist`. */
const PRICES_FILE = join(__dirname, '..', '..', '..', 'assets', 'prices.json');
/** Read and checked when the server starts: a wrong list stops it. */
const PRICES = priceList.parse(JSON.parse(readFileSync(PRICES_FILE, 'utf8')));
/** The month of the prices, `YYYY-MM`. */
export const PRICES_AS_OF = PRICES.asOf;
const MODELS = new Map(Object.entries(PRICES.models));
const PER_MINUTE = new Map(Object.entries(PRICES.transcriptionPerMinute));
const UPLIFTED: ReadonlySet<string> = new Set(PRICES.regionalUplift.models);
const REGIONAL = new RegExp(`^wss://(?:${PRICES.regionalUplift.regions.join('|')})\\.api\\.openai\\.com/`);

const DATE = /-\d{4}-\d{2}-\d{2}$/;
const MILLION = 1_000_000;

/** The prices of a speech model, a dated version of it included, at this address; undefined: they are not in the price list. */
export function pricesOf(model: string, url: string): ModelPrices | undefined {
    const prices = MODELS.get(undated(model));
    const factor = upliftOf(model, url);
    if (prices === undefined || factor === 1) return prices;
    return { text: uplifted(prices.text, factor), audio: uplifted(prices.audio, factor) };
}

/** US dollars for a minute of caller audio with this transcription model at this address; undefined: it is not in the price list. */
export function perMinuteOf(model: string, url: string): number | undefined {
    const price = PER_MINUTE.get(undated(model));
    return price === undefined ? undefined : price * upliftOf(model, url);
}

/** Azure's names are those of the models, in any case of letters. */
function undated(model: string): string {
    return model.toLowerCase().replace(DATE, '');
}

function upliftOf(model: string, url: string): number {
    return UPLIFTED.has(undated(model)) && REGIONAL.test(url) ? PRICES.regionalUplift.factor : 1;
}

/** US dollars for these tokens (docs/REALTIME.md, 10). Linear: the sum of a call may be given, or each of its responses. */
export function responseCostUsd(usage: ResponseUsage, { text, audio }: ModelPrices): number {
    const textIn = inputCost(usage.inputTextTokens, usage.cachedTextTokens, text);
    const audioIn = inputCost(usage.inputAudioTokens, usage.cachedAudioTokens, audio);
    const out = usage.outputTextTokens * text.out + usage.outputAudioTokens * audio.out;
    return (textIn + audioIn + out) / MILLION;
}

function inputCost(tokens: number, cachedTokens: number, rates: Rates): number {
    const cached = Math.min(tokens, cachedTokens);
    return (tokens - cached) * rates.in + cached * rates.cached;
}

function uplifted(rates: Rates, factor: number): Rates {
    return { in: rates.in * factor, cached: rates.cached * factor, out: rates.out * factor };
}

/** Tokens of a whole call, and the responses they were spent on. Those of the transcriptions stand apart. */
export interface CallUsage extends ResponseUsage {
    responses: number;
    transcriptions: number;
    /** Turns of the caller whose words never became known. */
    failedTranscriptions: number;
    transcriptionTokens: number;
    /** Caller audio that was transcribed, in seconds. */
    transcribedSeconds: number;
}

/** Caller audio is one token for each 100 ms (docs/REALTIME.md, 10). */
const SECONDS_PER_AUDIO_TOKEN = 0.1;

/** Sums what a call uses over all its responses, interrupted ones too: generated audio is billed whether heard or not. */
export class UsageMeter {
    private readonly prices: ModelPrices | undefined;
    /** 0 without transcription. undefined: the price is not known. */
    private readonly usdPerMinute: number | undefined;
    private readonly sum: CallUsage = {
        responses: 0,
        totalTokens: 0,
        inputTokens: 0,
        outputTokens: 0,
        cachedTokens: 0,
        inputTextTokens: 0,
        cachedTextTokens: 0,
        outputTextTokens: 0,
        inputAudioTokens: 0,
        cachedAudioTokens: 0,
        outputAudioTokens: 0,
        transcriptions: 0,
        failedTranscriptions: 0,
        transcriptionTokens: 0,
        transcribedSeconds: 0,
    };

    /** `meter`: hears of each response and transcription, for the metrics. */
    constructor(
        { model, url, transcription }: PricedConfig,
        private readonly meter?: Pick<BotMeter, 'modelUsed' | 'transcribed'>,
    ) {
        this.prices = pricesOf(model, url);
        this.usdPerMinute = transcription === undefined ? 0 : perMinuteOf(transcription.model, url);
    }

    /** Counts one response; `usage` is undefined where the service gave none. @returns US dollars; undefined: it is not known */
    add(usage: ResponseUsage | undefined): number | undefined {
        this.sum.responses += 1;
        if (usage === undefined) return undefined;
        const costUsd = this.prices && responseCostUsd(usage, this.prices);
        this.meter?.modelUsed(usage, costUsd);
        this.sum.totalTokens += usage.totalTokens;
        this.sum.inputTokens += usage.inputTokens;
        this.sum.outputTokens += usage.outputTokens;
        this.sum.cachedTokens += usage.cachedTokens;
        this.sum.inputTextTokens += usage.inputTextTokens;
        this.sum.cachedTextTokens += usage.cachedTextTokens;
        this.sum.outputTextTokens += usage.outputTextTokens;
        this.sum.inputAudioTokens += usage.inputAudioTokens;
        this.sum.cachedAudioTokens += usage.cachedAudioTokens;
        this.sum.outputAudioTokens += usage.outputAudioTokens;
        return costUsd;
    }

    /** Counts one transcription of the caller's words; undefined: it failed. */
    addTranscription(usage: TranscriptionUsage | undefined): void {
        if (usage === undefined) {
            this.sum.failedTranscriptions += 1;
            return;
        }
        this.sum.transcriptions += 1;
        this.sum.transcriptionTokens += usage.totalTokens;
        const seconds = usage.seconds > 0 ? usage.seconds : usage.audioTokens * SECONDS_PER_AUDIO_TOKEN;
        this.sum.transcribedSeconds += seconds;
        const { usdPerMinute } = this;
        const costUsd = usdPerMinute === undefined ? undefined : (usdPerMinute * seconds) / 60;
        this.meter?.transcribed(seconds, usage.totalTokens, costUsd);
    }

    get total(): Readonly<CallUsage> {
        return { ...this.sum };
    }

    /** US dollars so far; undefined: the speech model's prices are not known. A transcription without a known price counts 0. */
    get costUsd(): number | undefined {
        if (this.prices === undefined) return undefined;
        const words = ((this.usdPerMinute ?? 0) * this.sum.transcribedSeconds) / 60;
        return responseCostUsd(this.sum, this.prices) + words;
    }

    /** The price of a model is not known: `costUsd` leaves its part out, or all of it. */
    get costIsPartial(): boolean {
        return this.prices === undefined || this.usdPerMinute === undefined;
    }
}

/** What a price depends on. */
type PricedConfig = Pick<OpenAIConfig, 'model' | 'url' | 'transcription'>;

/** Names the models whose prices are not known, each once in the life of the process. */
export class UnpricedModels {
    private readonly named = new Set<string>();

    /** A call is about to use this configuration. */
    check({ model, url, transcription }: PricedConfig, logger: Logger): void {
        if (pricesOf(model, url) === undefined) this.warn(model, 'cost_usd has no part of this model', logger);
        const words = transcription?.model;
        if (words !== undefined && perMinuteOf(words, url) === undefined)
            this.warn(words, 'cost_usd is partial: the transcription of the caller is not in it', logger);
    }

    private warn(model: string, what: string, logger: Logger): void {
        if (this.named.has(model)) return;
        this.named.add(model);
        const message = `The price of a model is not known: ${what}, and MAX_COST_USD counts too little.`;
        logger.warn({ code: 'ERR_PRICE_UNKNOWN', model }, message);
    }
}

const AZURE_HOST = /^wss?:\/\/[^/]+\.azure\.(?:com|us|cn)(?:[:/]|$)/;

/** A response is done, as the call is told of it. `startedAtMs`: when it began, by the clock; `costUsd`: what it cost. */
export function modelResponse(
    { id, status, reason, error, usage }: ResponseEnd,
    { model, url }: Pick<OpenAIConfig, 'model' | 'url'>,
    startedAtMs: number | undefined,
    costUsd: number | undefined,
): ModelResponse {
    return {
        responseId: id,
        provider: AZURE_HOST.test(url) ? 'azure.ai.openai' : 'openai',
        model,
        startedAtMs,
        status,
        why: error?.code ?? reason,
        tokens: usage && {
            input: usage.inputTokens,
            output: usage.outputTokens,
            cachedInput: usage.cachedTokens,
            inputAudio: usage.inputAudioTokens,
            outputAudio: usage.outputAudioTokens,
        },
        costUsd,
    };
}

/** A session is ready, `readyMs` after its start: the model, the voice and the audio formats. */
export function logReady(logger: Logger, config: OpenAIConfig, session: OpenAIRealtimeService, readyMs: number): void {
    const { model, voice, audioFormat } = config;
    const { input, output } = session.formats;
    const fields = { model, voice, input, output, attempts: session.counters.attempts, readyMs };
    if (input !== audioFormat || output !== audioFormat) {
        const named = { code: 'ERR_OPENAI_FORMAT', ...fields };
        logger.warn(named, 'OpenAI chose another audio format; it is transcoded.');
    }
    logger.info(fields, 'The bot is ready.');
}

/** The figures of one call, for the log. */
export interface CallTotals {
    usage: Readonly<CallUsage>;
    costUsd: number | undefined;
    costIsPartial: boolean;
    /** Sessions that were lost. */
    reconnects: number;
}

/** PCMU, 8 kHz, mono. */
const BYTES_PER_MS = 8;

/**
 * The model's part of the call is over: one line with the figures of all its sessions.
 *
 * @returns caller audio that no session could take, in bytes of PCMU
 */
export function logEnd(logger: Logger, sessions: readonly OpenAIRealtimeService[], totals: CallTotals): number {
    const counters = sessions.map((session) => session.counters);
    const droppedMs = counters.reduce((sum, each) => sum + each.droppedMs, 0);
    const ignored = counters.map((each) => each.ignored).filter((each) => Object.keys(each).length > 0);
    logger.info({ ...totals, droppedMs, ignored }, 'The bot’s session is over.');
    return droppedMs * BYTES_PER_MS;
}
