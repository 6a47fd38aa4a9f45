import type { Config } from '../config/config';

/** Shorter values may be usual words: masked, they would be missing where they are no secret. */
const LEAST_CHARS = 6;
const LEAST_CHARS_OF_ENVIRONMENT = 16;
const SECRET_NAME = /KEY|SECRET|TOKEN|PASSWORD|SALT|CREDENTIAL/i;

/** Values that must be in no flight file. One for each call: a call may learn of further ones. */
export class Secrets {
    private readonly values = new Set<string>();
    private readonly digits: RegExp[] = [];

    constructor(values: Iterable<string> = []) {
        for (const value of values) this.add(value);
    }

    add(value: string): void {
        if (value.length >= LEAST_CHARS) this.values.add(value);
    }

    /** The digits of a secure entry that a function was given: it may tell them to others. */
    addDigits(digits: string): void {
        // Not within a longer number, nor within base64, which is sound.
        if (/^[\d*#]{4,}$/.test(digits))
            this.digits.push(new RegExp(`(?<![\\w+/.])${digits.replaceAll('*', '\\*')}(?![\\w+/=])`, 'g'));
    }

    /** An entry as text, without secrets. Digits are looked for in its texts alone: its numbers are those of the call. */
    textOf(entry: unknown): string {
        if (this.digits.length === 0) return this.mask(JSON.stringify(entry));
        return JSON.stringify(entry, (_key, value: unknown) => (typeof value === 'string' ? this.mask(value) : value));
    }

    mask(text: string): string {
        let masked = text;
        for (const value of this.values) if (masked.includes(value)) masked = masked.replaceAll(value, '[secret]');
        for (const digits of this.digits)
            masked = masked.replace(digits, (found) => `1${'0'.repeat(found.length - 1)}`);
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
