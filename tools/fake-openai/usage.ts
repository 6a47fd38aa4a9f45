import type { Delivery } from './deliveries';
import type { EffectiveSession, Item, JsonObject } from './protocol';

const TOKENS_PER_MINUTE = 40_000;

/** The `usage` of a response, in the proportions of the service: caller 1 token per 100 ms, agent 1 per 50 ms (section 12). */
export function usageOf(
    session: EffectiveSession,
    before: readonly Item[],
    deliveries: readonly Delivery[],
    audioOutTokens?: number,
): JsonObject {
    const textIn = textTokens(session.instructions) + textTokens(JSON.stringify(session.tools)) + spokenTokens(before);
    const audioIn = before.filter((item) => item.content?.[0]?.type === 'input_audio').length * 20;
    const cached = Math.floor(textIn / 64) * 64;
    const textOut = sum(deliveries, 'text');
    const audioOut = audioOutTokens ?? sum(deliveries, 'audio');
    return {
        total_tokens: textIn + audioIn + textOut + audioOut,
        input_tokens: textIn + audioIn,
        output_tokens: textOut + audioOut,
        input_token_details: {
            text_tokens: textIn,
            audio_tokens: audioIn,
            image_tokens: 0,
            cached_tokens: cached,
            cached_tokens_details: { text_tokens: cached, audio_tokens: 0, image_tokens: 0 },
        },
        output_token_details: { text_tokens: textOut, audio_tokens: audioOut },
    };
}

/** The `usage` of a response that failed before it said anything (docs/REALTIME.md, 4.4). */
export function noUsage(): JsonObject {
    const none = { text_tokens: 0, audio_tokens: 0, image_tokens: 0 };
    return {
        total_tokens: 0,
        input_tokens: 0,
        output_tokens: 0,
        input_token_details: { ...none, cached_tokens: 0, cached_tokens_details: none },
        output_token_details: { text_tokens: 0, audio_tokens: 0 },
    };
}

export function rateLimits(usedTokens: number): JsonObject {
    const remaining = Math.max(0, TOKENS_PER_MINUTE - usedTokens);
    return { rate_limits: [{ name: 'tokens', limit: TOKENS_PER_MINUTE, remaining, reset_seconds: 1.2 }] };
}

function textTokens(text: string): number {
    return Math.ceil(text.length / 4);
}

function spokenTokens(items: readonly Item[]): number {
    return items.reduce((total, item) => total + textTokens(item.content?.[0]?.text ?? item.output ?? ''), 0);
}

function sum(deliveries: readonly Delivery[], kind: 'audio' | 'text'): number {
    return deliveries.reduce((total, delivery) => total + delivery.tokens[kind], 0);
}
