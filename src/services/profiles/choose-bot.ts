import { BOT_NAME_PATTERN } from './fields';

/** What says which bot a call is for. All of it comes from outside. */
export interface BotNameSources {
    /** Path of the connection URL: Base Connection URI and Connector ID, joined by Genesys (docs/PROTOCOL.md, 1.1). */
    readonly path: string;
    /** Query of the connection URL, with or without its `?`. */
    readonly query?: string | undefined;
    /** `open.inputVariables`, as it came. */
    readonly inputVariables?: unknown;
    /** `open.customConfig`, as it came: an object, or its JSON text. */
    readonly customConfig?: unknown;
    /** The path that the server answers, `AUDIOHOOK_PATH`. */
    readonly basePath: string;
    /** The names that there are: profiles, and bots that need none. */
    readonly known: { has(name: string): boolean };
    /** Who answers when nothing names a bot. */
    readonly defaultBot: string;
}

export type ChosenBy = 'path' | 'query' | 'variable' | 'config' | 'default';

/** Which bot, and what said so. `unknown`: the name that was asked for and is none, safe for a `disconnect` and a log. */
export type BotChoice =
    | { readonly name: string; readonly by: ChosenBy; readonly unknown?: undefined }
    | { readonly name: undefined; readonly by: ChosenBy; readonly unknown: string };

const MAX_CONFIG_CHARS = 65_536;
const MAX_SHOWN_CHARS = 64;

/**
 * Chooses the bot of a call: Connector ID behind the base path, then `?bot=`, then the input variable `bot`, then `bot` of the
 * custom configuration, then the default. The first one that names a bot decides, even when there is no such bot: a call
 * must not reach another bot than the one that was meant.
 *
 * Where the base path is the bare `/`, it is not known where the Connector ID begins: the last part of the path counts when it
 * is the name of a bot, and is passed over when it is not.
 */
export function botNameOf(sources: BotNameSources): BotChoice {
    const asked: readonly [ChosenBy, string | undefined][] = [
        ['path', nameInPath(sources)],
        ['query', new URLSearchParams(sources.query ?? '').get('bot') ?? undefined],
        ['variable', ownText(sources.inputVariables, 'bot')],
        ['config', ownText(configOf(sources.customConfig), 'bot')],
        ['default', sources.defaultBot],
    ];
    for (const [by, given] of asked) {
        const name = given?.trim() ?? '';
        if (name === '') continue;
        if (BOT_NAME_PATTERN.test(name) && sources.known.has(name)) return { name, by };
        return { name: undefined, by, unknown: shown(name) };
    }
    return { name: undefined, by: 'default', unknown: '' };
}

function nameInPath({ path, basePath, known }: BotNameSources): string | undefined {
    const base = basePath.replace(/\/+$/, '');
    if (base !== '' && path !== base && !path.startsWith(`${base}/`)) return undefined;
    const rest = decoded(path.slice(base.length).replace(/^\/+|\/+$/g, ''));
    if (base !== '') return rest;
    const last = rest.slice(rest.lastIndexOf('/') + 1);
    return known.has(last) ? last : undefined;
}

function decoded(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

function configOf(given: unknown): unknown {
    if (typeof given !== 'string') return given;
    try {
        return given.length > MAX_CONFIG_CHARS ? undefined : JSON.parse(given);
    } catch {
        return undefined;
    }
}

function ownText(given: unknown, name: string): string | undefined {
    if (typeof given !== 'object' || given === null || !Object.hasOwn(given, name)) return undefined;
    const value: unknown = Reflect.get(given, name);
    return typeof value === 'string' ? value : undefined;
}

function shown(name: string): string {
    const short = name.slice(0, MAX_SHOWN_CHARS).replace(/[^A-Za-z0-9_.-]/g, '?');
    return name.length > MAX_SHOWN_CHARS ? `${short}...` : short;
}
