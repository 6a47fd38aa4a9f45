import type { CallSettings } from '../page-protocol';
import type { BotPanel } from './bot-panel';
import { byId } from './dom';
import { readLines } from './variable-lines';

/** What the form asks for. */
export function readCallSettings({ bot, variables }: BotPanel): CallSettings {
    return {
        bot,
        language: byId('language', HTMLInputElement).value.trim(),
        variables: { ...variables, ...readLines(byId('variables', HTMLTextAreaElement).value).variables },
        frameMs: Number(byId('frame', HTMLSelectElement).value),
        hideKeys: byId('hide-keys', HTMLInputElement).checked,
    };
}
