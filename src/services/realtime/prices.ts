import type { ResponseUsage } from './event-fields';

/** US dollars for a million tokens. */
interface Rates {
    in: number;
    cached: number;
    out: number;
}

/** What a speech model costs. */
export interface ModelPrices {
    text: Rates;
    audio: Rates;
}

/** The price list of November 2026 (sheet, section 5). */
const LARGE: ModelPrices = { text: { in: 4, cached: 0.4, out: 24 }, audio: { in: 32, cached: 0.4, out: 64 } };
const MINI: ModelPrices = { text: { in: 0.6, cached: 0.06, out: 2.4 }, audio: { in: 10, cached: 0.3, out: 20 } };
const SPEECH_MODELS: ReadonlyMap<string, ModelPrices> = new Map([
    ['gpt-realtime-2.1', LARGE],
    ['gpt-realtime-2', LARGE],
    ['gpt-realtime-2.1-mini', MINI],
]);

/** Transcription by the minute of caller audio, in US dollars; other transcription models have no published price here. */
const USD_PER_MINUTE: ReadonlyMap<string, number> = new Map([
    ['gpt-realtime-whisper', 0.017],
    ['gpt-live-transcribe', 0.017],
]);

/** Hosts that keep data in a region, and the uplift for the models above (sheet, section 3.1). */
const REGIONAL = /^wss:\/\/(?:us|eu|ae|au|in|jp)\.api\.openai\.com\//;
const REGIONAL_UPLIFT = 1.1;

const DATE = /-\d{4}-\d{2}-\d{2}$/;
const MILLION = 1_000_000;

/** The prices of a speech model, a dated version of it included, at this address; undefined: nobody knows them. */
export function pricesOf(model: string, url: string): ModelPrices | undefined {
    const prices = SPEECH_MODELS.get(model.replace(DATE, ''));
    if (prices === undefined || !REGIONAL.test(url)) return prices;
    return { text: uplifted(prices.text), audio: uplifted(prices.audio) };
}

/** US dollars for these tokens (sheet, section 12). Linear: the sum of a call may be given, or each of its answers. */
export function responseCostUsd(usage: ResponseUsage, { text, audio }: ModelPrices): number {
    const textIn = inputCost(usage.inputTextTokens, usage.cachedTextTokens, text);
    const audioIn = inputCost(usage.inputAudioTokens, usage.cachedAudioTokens, audio);
    const out = usage.outputTextTokens * text.out + usage.outputAudioTokens * audio.out;
    return (textIn + audioIn + out) / MILLION;
}

/** US dollars for transcribing this many seconds of caller audio; 0 where the price is not known. */
export function transcriptionCostUsd(model: string | undefined, seconds: number): number {
    const perMinute = model === undefined ? undefined : USD_PER_MINUTE.get(model.replace(DATE, ''));
    return ((perMinute ?? 0) * seconds) / 60;
}

function inputCost(tokens: number, cachedTokens: number, rates: Rates): number {
    const cached = Math.min(tokens, cachedTokens);
    return (tokens - cached) * rates.in + cached * rates.cached;
}

function uplifted(rates: Rates): Rates {
    const { in: fresh, cached, out } = rates;
    return { in: fresh * REGIONAL_UPLIFT, cached: cached * REGIONAL_UPLIFT, out: out * REGIONAL_UPLIFT };
}
