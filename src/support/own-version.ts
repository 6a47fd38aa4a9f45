import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of package.json, beside `src` and beside `dist`; empty where it is not there. */
export function ownVersion(): string {
    try {
        const text = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
        const { version } = JSON.parse(text) as { version?: unknown };
        return typeof version === 'string' ? version : '';
    } catch {
        return '';
    }
}
