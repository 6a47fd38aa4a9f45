import type { CallSettings } from '../page-protocol';
import { byId } from './dom';

/** What the form asks for. */
export function readCallSettings(): CallSettings {
    return {
        bot: byId('bot', HTMLInputElement).value.trim(),
        language: byId('language', HTMLInputElement).value.trim(),
        variables: readVariables(byId('variables', HTMLTextAreaElement).value),
        frameMs: Number(byId('frame', HTMLSelectElement).value),
        hideKeys: byId('hide-keys', HTMLInputElement).checked,
    };
}

/** `name=value`, one a line; a line without a name is left out. */
function readVariables(text: string): Record<string, string> {
    const entries = text.split('\n').flatMap((line) => {
        const cut = line.indexOf('=');
        return cut < 1 ? [] : [[line.slice(0, cut).trim(), line.slice(cut + 1).trim()] as const];
    });
    return Object.fromEntries(entries);
}
