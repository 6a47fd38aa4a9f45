import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { CodedError } from '../support/errors';
import { SHIPPED_PROMPTS, type RecordedPrompt } from './prompts';

/** The recordings that an operator brings along. */
export interface PromptCatalog {
    /** Instead of the shipped ones, by name. */
    named: Readonly<Record<string, RecordedPrompt>>;
    /** Instead of the synthesizer, by the words that they hold. */
    sentences: readonly (readonly [words: string, prompt: RecordedPrompt])[];
}

const bookSchema = z.record(z.string().min(1).max(2000), z.string().min(1).max(1000));

/**
 * Reads a prompt file: JSON, with the path of a WAV file (from the file's own folder) for each name of a shipped prompt or
 * each sentence that a bot says: `{ "technical-problem": "sorry.wav", "For opening hours, press 1.": "hours.wav" }`.
 *
 * @throws CodedError `ERR_PROMPT` when the file cannot be read or is something else
 */
export async function readPromptCatalog(path: string): Promise<PromptCatalog> {
    const folder = dirname(resolve(path));
    const entries = Object.entries(await readBook(path)).map(
        ([words, file]) => [words, { file: resolve(folder, file) }] as const,
    );
    const isName = ([words]: (typeof entries)[number]): boolean => Object.hasOwn(SHIPPED_PROMPTS, words);
    return { named: Object.fromEntries(entries.filter(isName)), sentences: entries.filter((each) => !isName(each)) };
}

async function readBook(path: string): Promise<z.infer<typeof bookSchema>> {
    try {
        return bookSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (fault) {
        const what = fault instanceof z.ZodError ? 'it is to be an object of names and files' : String(fault);
        throw new CodedError('ERR_PROMPT', `PROMPTS_FILE ${path}: ${what}`);
    }
}
