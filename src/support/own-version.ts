import { readFileSync } from 'node:fs';
import { join } from 'node:path';

let known: string | undefined;

/** The version of package.json, beside `src` and beside `dist`, as it was when it was first asked for; empty where it is not there. */
export function ownVersion(): string {
    return (known ??= readVersion());
}

function readVersion(): string {
    try {
        const text = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
        const { version } = JSON.parse(text) as { version?: unknown };
        return typeof version === 'string' ? version : '';
    } catch {
        return '';
    }
}
