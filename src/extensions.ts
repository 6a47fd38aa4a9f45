import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SecretProvider } from './auth/authenticator';
import type { BotExtensions } from './services/bot-service';
import { codeFunctionProblems } from './services/functions/code-functions';
import type { SpeechExtensions } from './speech/local-speech';
import { CodedError } from './support/errors';
import { isFields, type Fields } from './support/json';

/** What a server can be given in code: the default export of the module that EXTENSIONS names, or part of `new Server({…})`. */
export interface ServerExtensions extends BotExtensions, SpeechExtensions {
    /** Default: the API keys that the configuration names. With it none need be configured, in production either. */
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

/** What is wrong with an extensions object, a sentence for each place: `functions.0 (lookup).run: must be …`. */
export function extensionProblems(given: unknown): string[] {
    if (!isFields(given)) return ['its default export must be an object'];
    return shapeProblems(given, EXTENSION_SHAPES, 'extension');
}

/** What is wrong with a value; each sentence goes on behind the value's key: `: must be …`, `.desk: must be …`. */
type ShapeCheck = (value: unknown) => string[];

/** What is wrong with the keys and values of an object. A key whose value is undefined counts as left out. */
export function shapeProblems(given: Fields, shapes: Readonly<Record<string, ShapeCheck>>, what: string): string[] {
    return Object.entries(given).flatMap(([key, value]) => {
        const check = Object.hasOwn(shapes, key) ? shapes[key] : undefined;
        if (check === undefined) return [`${key}: there is no such ${what} (${Object.keys(shapes).join(', ')})`];
        return value === undefined ? [] : check(value).map((problem) => `${key}${problem}`);
    });
}

/** A value that has these methods, be they inherited. */
export function withMethods(methods: readonly string[], shape: string): ShapeCheck {
    return (value) => {
        const isObject = typeof value === 'object' && value !== null;
        return isObject && methods.every((name) => isFunction(Reflect.get(value, name))) ? [] : [`: must ${shape}`];
    };
}

/** A function. `signature`: the one that it must have. */
export function withSignature(signature: string): ShapeCheck {
    return (value) => (isFunction(value) ? [] : [`: must be a function ${signature}`]);
}

const isBot = withSignature('(call) => Conversation');

/** The shape of each extension. */
export const EXTENSION_SHAPES: Readonly<Record<keyof ServerExtensions, ShapeCheck>> = {
    bots: (bots) => {
        if (!isFields(bots)) return [': must be an object: name → (call) => Conversation'];
        return Object.entries(bots).flatMap(([name, create]) => isBot(create).map((problem) => `.${name}${problem}`));
    },
    functions: (functions) =>
        Array.isArray(functions) ? codeFunctionProblems(functions) : [': must be a list of functions'],
    secrets: withMethods(['getSecretsForKey'], 'have the method getSecretsForKey(apiKey)'),
    recognizer: withSignature('(deps) => SpeechToText'),
    voice: withSignature('(deps) => SpeechEngine'),
};

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
