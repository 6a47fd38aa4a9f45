import { createHmac } from 'node:crypto';
import type { OpenAIConfig } from '../../config/config';

/** What OpenAI may tell calls apart by. */
export interface CallIdentity {
    conversationId: string;
    /** Number of the caller as Genesys gives it, such as `+13175551234`; undefined: not known. */
    ani?: string | undefined;
}

/** The settings of one call: with its safety identifier in the headers, and its conversation as the group of its traces. */
export function forCall(config: OpenAIConfig, call: CallIdentity): OpenAIConfig {
    const { safetySalt, tracing, headers } = config;
    // Azure has its own watch over abuse, and this header is none of its own.
    const isTold = safetySalt !== undefined && !('api-key' in headers);
    return {
        ...config,
        headers: isTold ? { ...headers, 'OpenAI-Safety-Identifier': safetyIdentifier(safetySalt, call) } : headers,
        tracing: typeof tracing === 'object' ? { ...tracing, groupId: call.conversationId } : tracing,
    };
}

const NO_NUMBER = /^(anonymous|unknown|restricted|private|unavailable|withheld)?(@.*)?$/;

/**
 * A hash by which OpenAI can tell callers apart without knowing who they are: 64 hexadecimal digits, the same for each call of a number.
 * A caller without a number is another one in each call.
 */
function safetyIdentifier(salt: string, { conversationId, ani = '' }: CallIdentity): string {
    const number = ani
        .trim()
        .toLowerCase()
        .replace(/^(?:tel|sips?):/, '');
    const who = NO_NUMBER.test(number) ? `conversation ${conversationId}` : `caller ${number}`;
    return createHmac('sha256', salt).update(who).digest('hex');
}
