/** The whole kit: every file of `deploy/genesys`, made from the profiles and from nothing else. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BotProfile } from '../../src/services/profiles/schema';
import { ProfileStore } from '../../src/services/profiles/store';
import { systemClock } from '../../src/support/clock';
import { silentLogger } from '../../src/support/logger';
import { flowFile } from './flow';
import { kitPage } from './kit-page';
import { terraformFile } from './terraform';
import { variablesPage } from './variables-page';

/** The files of one bot, in a folder of its name. */
const BOT_FILES = { 'variables.md': variablesPage, 'flow.yaml': flowFile } as const;

/**
 * The profiles of a folder, as the server reads them.
 *
 * @throws CodedError `ERR_PROFILE` that names every wrong place; `ERR_PROFILE_FOLDER`
 */
export function readProfiles(folder: string): BotProfile[] {
    const store = ProfileStore.load(folder, { clock: systemClock, logger: silentLogger });
    return store.names.flatMap((name) => store.get(name) ?? []);
}

/** Path in the kit's folder, with slashes → text. */
export function architectKit(profiles: readonly BotProfile[]): ReadonlyMap<string, string> {
    const ofBots = profiles.flatMap((profile) =>
        Object.entries(BOT_FILES).map(([file, make]): [string, string] => [`${profile.name}/${file}`, make(profile)]),
    );
    return new Map([['README.md', kitPage(profiles)], ['main.tf', terraformFile(profiles)], ...ofBots]);
}

/** Writes the kit, and takes away the files of bots that are gone. Files that the kit did not write stay. */
export function writeKit(folder: string, kit: ReadonlyMap<string, string>): void {
    for (const [path, text] of kit) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
    }
    const stale = foldersIn(folder).flatMap((name) => Object.keys(BOT_FILES).map((file) => `${name}/${file}`));
    for (const path of stale) if (!kit.has(path)) rmSync(join(folder, path), { force: true });
    for (const name of foldersIn(folder)) removeIfEmpty(join(folder, name));
}

function foldersIn(folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name);
}

function removeIfEmpty(folder: string): void {
    if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}
