import type { Config } from '../config/config';

/** Shorter values may be usual words: masked, they would be missing where they are no secret. */
const LEAST_CHARS = 6;
const LEAST_CHARS_OF_ENVIRONMENT = 16;
const SECRET_NAME = /KEY|SECRET|TOKEN|PASSWORD|SALT|CREDENTIAL/i;

/** Values that must be in no flight file. One for each call: a call may learn of further ones. */
export class Secrets {
    private readonly masks = new Map<string, string>();

    constructor(values: Iterable<string> = []) {
        for (const value of values) this.add(value);
    }

    /** `mask` stands in its place from now on. */
    add(value: string, mask = '[secret]'): void {
        if (value.length >= LEAST_CHARS) this.masks.set(value, mask);
    }

    /** The digits of a secure entry that a function was given: it may tell them to others. */
    addDigits(digits: string): void {
        if (digits.length >= 4) this.masks.set(digits, '0'.repeat(digits.length));
    }

    mask(text: string): string {
        let masked = text;
        for (const [value, mask] of this.masks) if (masked.includes(value)) masked = masked.replaceAll(value, mask);
        return masked;
    }
}

/** The secrets of a server: those of its settings, and the variables of its environment whose names say that they are some. */
export function secretsOf(config: Config, env: Readonly<Record<string, string | undefined>>): string[] {
    const { openai, genesys, localSpeech } = config;
    const named = Object.entries(env).flatMap(([name, value = '']) =>
        SECRET_NAME.test(name) && value.trim().length >= LEAST_CHARS_OF_ENVIRONMENT ? [value.trim()] : [],
    );
    return [
        ...headerSecrets(openai?.headers ?? {}),
        ...headerSecrets(localSpeech.rest?.headers ?? {}),
        ...[localSpeech.rest?.apiKey, genesys?.clientSecret, openai?.safetySalt].filter((each) => each !== undefined),
        ...named,
    ];
}

/** Each value, and without the scheme before it. */
export function headerSecrets(headers: Readonly<Record<string, string>>): string[] {
    return Object.values(headers).flatMap((value) => [value, value.replace(/^(Bearer|Basic)\s+/i, '')]);
}
