import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SecretProvider } from './auth/authenticator';
import type { BotServiceDeps } from './services/bot-service';
import { CodedError } from './support/errors';
import { isFields } from './support/json';

/** What a server can be given in code: the default export of the module that EXTENSIONS names, or part of `new Server({…})`. */
export interface ServerExtensions extends Pick<BotServiceDeps, 'bots' | 'functions' | 'recognizer' | 'voice'> {
    /** Default: the API keys that the configuration names. */
    secrets?: SecretProvider;
}

/**
 * Loads the module that EXTENSIONS names and checks its default export. `path` is relative to the working directory; TypeScript
 * works where the process can load it, as under `npm start`.
 *
 * @throws CodedError `ERR_EXTENSIONS` that names the module and each wrong key
 */
export async function loadExtensions(path: string): Promise<ServerExtensions> {
    const file = resolve(path);
    const given = defaultOf(await loadModule(file, path));
    const problems = extensionProblems(given);
    if (problems.length > 0)
        throw new CodedError('ERR_EXTENSIONS', problems.map((each) => `\n  - ${path}: ${each}`).join(''));
    return given as ServerExtensions;
}

/** What is wrong with the shape of an extensions object, a sentence for each key. */
export function extensionProblems(given: unknown): string[] {
    if (!isFields(given)) return ['its default export must be an object'];
    return Object.entries(given).flatMap(([key, value]) => {
        const check = Object.hasOwn(CHECKS, key) ? CHECKS[key] : undefined;
        if (check === undefined) return [`${key}: there is no such extension (${Object.keys(CHECKS).join(', ')})`];
        return value === undefined ? [] : check(value).map((problem) => `${key}${problem}`);
    });
}

const CHECKS: Readonly<Record<string, (value: unknown) => string[]>> = {
    bots: (bots) => {
        if (!isFields(bots)) return [': must be an object: name → (call) => Conversation'];
        const wrong = Object.entries(bots).filter(({ 1: create }) => typeof create !== 'function');
        return wrong.map(([name]) => `.${name}: must be a function (call) => Conversation`);
    },
    functions: (functions) => {
        if (!Array.isArray(functions)) return [': must be a list of functions'];
        return functions.flatMap((each: unknown, at) => functionProblems(each).map((problem) => `.${at}${problem}`));
    },
    secrets: (secrets) =>
        typeof secrets === 'object' && secrets !== null && isFunction(Reflect.get(secrets, 'getSecretsForKey'))
            ? []
            : [': must have a method getSecretsForKey(apiKey)'],
    recognizer: (create) => (isFunction(create) ? [] : [': must be a function (deps) => SpeechToText']),
    voice: (create) => (isFunction(create) ? [] : [': must be a function (deps) => SpeechEngine']),
};

function functionProblems(given: unknown): string[] {
    if (typeof given !== 'object' || given === null) return [': must be an object'];
    const field = (name: string): unknown => Reflect.get(given, name);
    const name = field('name');
    return [
        ...(typeof name === 'string' && /^[\w-]{1,64}$/.test(name)
            ? []
            : ['.name: must be 1 to 64 letters, digits, "_" and "-"']),
        ...(typeof field('description') === 'string' ? [] : ['.description: must be text']),
        ...(isFields(field('parameters')) ? [] : ['.parameters: must be a JSON Schema']),
        ...(isFunction(field('run')) ? [] : ['.run: must be a function (args, call, signal) => Promise']),
    ];
}

function isFunction(value: unknown): boolean {
    return typeof value === 'function';
}

async function loadModule(file: string, path: string): Promise<unknown> {
    try {
        return createRequire(__filename)(file);
    } catch (fault) {
        if (!ESM_ONLY.has(codeOf(fault))) throw notLoaded(path, fault);
    }
    try {
        return (await import(pathToFileURL(file).href)) as unknown;
    } catch (fault) {
        throw notLoaded(path, fault);
    }
}

/** `require` cannot load this module, and `import` can. */
const ESM_ONLY: ReadonlySet<string> = new Set(['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE']);

function codeOf(fault: unknown): string {
    const code = typeof fault === 'object' && fault !== null ? (Reflect.get(fault, 'code') as unknown) : undefined;
    return typeof code === 'string' ? code : '';
}

function notLoaded(path: string, fault: unknown): CodedError {
    const why = fault instanceof Error ? fault.message.split('\n')[0] : String(fault);
    return new CodedError('ERR_EXTENSIONS', `${path}: it cannot be loaded: ${why ?? ''}`);
}

/** The default export; of a CommonJS module without one, `module.exports`. */
function defaultOf(loaded: unknown): unknown {
    if (typeof loaded !== 'object' || loaded === null) return loaded;
    if ('default' in loaded) return loaded.default;
    const isEsm = '__esModule' in loaded || Object.prototype.toString.call(loaded) === '[object Module]';
    return isEsm ? undefined : loaded;
}
