/** From the raw environment to typed values, or to one sentence for each variable that is wrong. */
import { VARIABLE_NOTES } from './notes';
import { environmentSchema, type Environment, type VariableName } from './schema';

/** The environment as Node gives it; a test may hand in its own. */
export type RawEnvironment = Readonly<Record<string, string | undefined>>;

export interface ReadEnvironment {
    /** Every value; a variable that is wrong stands here with its default, so that the others can be judged too. */
    values: Environment;
    /** The variables that are wrong. */
    broken: ReadonlySet<string>;
    /** A sentence for each of them. */
    problems: string[];
}

/** Reads and checks every variable by itself; an empty one counts as not set. Never throws. */
export function readEnvironment(env: RawEnvironment): ReadEnvironment {
    const given = present(env);
    const result = environmentSchema.safeParse(given);
    if (result.success) return { values: result.data, broken: new Set(), problems: [] };
    const broken = new Set(result.error.issues.map((issue) => String(issue.path[0])));
    const sound = Object.fromEntries(Object.entries(given).filter(([name]) => !broken.has(name)));
    const wrong = VARIABLE_NAMES.filter((name) => broken.has(name));
    return {
        values: environmentSchema.parse(sound),
        broken,
        problems: wrong.map((name) => wrongValue(name, given[name] ?? '')),
    };
}

/** Every variable that the server knows. */
export const VARIABLE_NAMES: readonly VariableName[] = environmentSchema.keyof().options;

/**
 * Variables that begin like ours but are none of ours, such as a misspelt AUDIOHOOK_ORGANISATIONS, which would leave the door
 * open in silence. Only a warning: a container platform may put variables of its own beside ours.
 */
export function unknownVariables(env: RawEnvironment): string[] {
    const known = new Set<string>(VARIABLE_NAMES);
    return Object.keys(present(env)).filter((name) => name.startsWith('AUDIOHOOK_') && !known.has(name));
}

function present(env: RawEnvironment): Record<string, string> {
    const given: Record<string, string> = {};
    for (const [name, value] of Object.entries(env)) {
        const trimmed = value?.trim() ?? '';
        if (trimmed !== '') given[name] = trimmed;
    }
    return given;
}

function wrongValue(name: VariableName, value: string): string {
    const note = VARIABLE_NOTES[name];
    const shown = note.secret === true ? 'has an unusable value (not shown here)' : `is ${quoted(value)}`;
    return `${name} ${shown}; right is ${note.right}.${remark(name, value)}`;
}

function remark(name: VariableName, value: string): string {
    if (name !== 'OPENAI_VOICE' || !SPEECH_API_VOICES.has(value.toLowerCase())) return '';
    return ' fable, onyx and nova are voices of text-to-speech that the Realtime API does not have.';
}

const SPEECH_API_VOICES: ReadonlySet<string> = new Set(['fable', 'onyx', 'nova']);

/** A value for a person to recognize: short, and without what may be a credential inside a URL. */
function quoted(value: string): string {
    const harmless = value.replace(/\/\/[^/@]*@/, '//…@').replace(/(:\/\/.*?)\?.*$/s, '$1?…');
    return JSON.stringify(harmless.length > 60 ? `${harmless.slice(0, 60)}…` : harmless);
}
