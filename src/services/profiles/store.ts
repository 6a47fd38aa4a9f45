import { watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ConfigWarning } from '../../config/config';
import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import { missingEnvironment } from './config';
import { profileFiles, readProfile, type ReadProfile, type RegisteredNames } from './reader';
import type { BotProfile } from './schema';
import { sentencesMissing } from '../words';

export interface ProfileStoreDeps extends RegisteredNames {
    clock: Clock;
    logger: Logger;
    /** Holds the variables that profiles name; left out: nothing is said about missing ones. Its values are not kept. */
    env?: Readonly<Record<string, string | undefined>>;
    /** What a profile is warned of under the server's settings; left out: nothing. */
    warningsOf?: (profile: BotProfile) => readonly ConfigWarning[];
    /** How a folder is watched. Default: `fs.watch`. */
    watchFolder?: WatchFolder;
}

/**
 * The bot profiles of a folder, by name. One for all calls. A profile that is handed out never changes: an edit makes a new
 * one, for calls that begin later.
 */
export class ProfileStore {
    private profiles: ReadonlyMap<string, BotProfile>;
    private reads: ReadonlyMap<string, ReadProfile>;
    private folderWatch: FolderWatch | undefined;

    private constructor(
        private readonly folder: string,
        private readonly deps: ProfileStoreDeps,
        reads: readonly ReadProfile[],
    ) {
        this.reads = new Map(reads.map((read) => [read.file, read]));
        this.profiles = new Map(
            reads.flatMap((read) => ('profile' in read ? [[read.profile.name, read.profile]] : [])),
        );
        for (const profile of this.profiles.values()) this.warnOf(profile);
    }

    /**
     * Reads every profile of a folder; `bot-profile.schema.json` and `bot-eval.schema.json` are none.
     *
     * @throws CodedError `ERR_PROFILE` that names every wrong place: `bots/billing.json: tools.2.url: …`;
     * `ERR_PROFILE_FOLDER` when the folder cannot be read
     */
    static load(folder: string, deps: ProfileStoreDeps): ProfileStore {
        const reads = readFolder(folder, new Map(), deps);
        const problems = reads.flatMap((read) => problemsOf(folder, read));
        if (problems.length > 0) throw new CodedError('ERR_PROFILE', problems.map((each) => `\n  - ${each}`).join(''));
        return new ProfileStore(folder, deps, reads);
    }

    /** The profile as it is now; undefined: there is none of this name. Keep it for the whole call. */
    get(name: string): BotProfile | undefined {
        return this.profiles.get(name);
    }

    has(name: string): boolean {
        return this.profiles.has(name);
    }

    /** Alphabetical. */
    get names(): string[] {
        return [...this.profiles.keys()].sort();
    }

    /** Begins to follow edits, once: profiles and files of instructions, new ones and deleted ones. Ends with `close`. */
    watch(): void {
        if (this.folderWatch !== undefined) return;
        const { clock, logger, watchFolder } = this.deps;
        this.folderWatch = new FolderWatch({
            clock,
            ...(watchFolder === undefined ? {} : { watchFolder }),
            onCalm: () => {
                this.reload();
            },
            onFault: (fault) => {
                logger.warn({ ...faultFields(fault), code: 'ERR_PROFILE_FOLDER' }, 'bot profiles cannot be watched');
            },
        });
        this.folderWatch.follow(this.folders());
    }

    /**
     * Reads the folder again. Everything that is right takes effect at once; a profile that is broken stays as it was, and a
     * line of the log says where it is wrong. Never throws.
     */
    reload(): void {
        try {
            this.apply(readFolder(this.folder, this.reads, this.deps));
        } catch (fault) {
            this.deps.logger.warn(faultFields(fault), 'bot profiles cannot be read again; the last good ones stay');
        }
    }

    /** Ends the watching. May be called twice. */
    close(): void {
        this.folderWatch?.close();
    }

    private apply(reads: readonly ReadProfile[]): void {
        const profiles = new Map<string, BotProfile>();
        for (const read of reads) {
            const profile = 'profile' in read ? read.profile : this.profiles.get(basename(read.file, '.json'));
            if (profile !== undefined) profiles.set(profile.name, profile);
        }
        const before = this.profiles;
        this.logProblems(reads);
        this.profiles = profiles;
        this.reads = new Map(reads.map((read) => [read.file, read]));
        this.folderWatch?.follow(this.folders());
        this.logChanges(before);
    }

    /** One line for each broken file, and not again before it is edited. */
    private logProblems(reads: readonly ReadProfile[]): void {
        for (const read of reads) {
            const problems = problemsOf(this.folder, read);
            const known = this.reads.get(read.file);
            const isOld = known !== undefined && problemsOf(this.folder, known).join() === problems.join();
            if (problems.length === 0 || isOld) continue;
            const name = basename(read.file, '.json');
            const stays = this.profiles.has(name) ? 'the last good profile stays' : 'there is no bot of this name yet';
            this.deps.logger.warn({ code: 'ERR_PROFILE', bot: name, problems }, `bot profile is broken: ${stays}`);
        }
    }

    private logChanges(before: ReadonlyMap<string, BotProfile>): void {
        const names = new Set([...before.keys(), ...this.profiles.keys()]);
        for (const name of [...names].sort()) {
            const profile = this.profiles.get(name);
            if (profile === before.get(name)) continue;
            const what = profile === undefined ? 'is gone' : before.has(name) ? 'has changed' : 'is new';
            this.deps.logger.info({ bot: name }, `bot profile ${what}: it counts from the next call on`);
            if (profile !== undefined) this.warnOf(profile);
        }
    }

    private warnOf(profile: BotProfile): void {
        for (const { code, message } of this.deps.warningsOf?.(profile) ?? [])
            this.deps.logger.warn({ code, bot: profile.name }, `bot profile: ${message}`);
        this.warnOfMissing(profile);
    }

    private warnOfMissing(profile: BotProfile): void {
        const { env, logger, functions: registered } = this.deps;
        const functions = profile.tools.flatMap((tool) => (tool.kind === 'code' ? [tool.name] : []));
        const unknown = functions.filter((name) => registered?.has(name) === false);
        if (unknown.length > 0)
            logger.warn(
                { code: 'ERR_TOOL', bot: profile.name, functions: unknown },
                'a bot goes without functions that are not registered in code',
            );
        const sentences = sentencesMissing(profile.language, profile.words);
        if (sentences.length > 0)
            logger.warn(
                { code: 'ERR_WORDS', bot: profile.name, language: profile.language, sentences },
                'a bot says these sentences in English: the server has no words of its language',
            );
        const missing = env === undefined ? [] : missingEnvironment(profile, env).map(({ name }) => name);
        if (missing.length === 0) return;
        // Only debug: the first call of this bot logs it as an error, and a bot that is never called needs no line.
        logger.debug({ bot: profile.name, missing }, 'a bot needs variables of the environment that are not set');
    }

    /** Where profiles and instructions stand. */
    private folders(): string[] {
        const inside = [...this.reads.values()].flatMap(({ instructionsFile: file }) =>
            file === undefined ? [] : [dirname(join(this.folder, file))],
        );
        return [...new Set([join(this.folder), ...inside])];
    }
}

function readFolder(
    folder: string,
    known: ReadonlyMap<string, ReadProfile>,
    registered: RegisteredNames,
): ReadProfile[] {
    let files: string[];
    try {
        files = profileFiles(folder);
    } catch (fault) {
        throw new CodedError('ERR_PROFILE_FOLDER', `${folder}: ${String(fault)}.`);
    }
    return files.map((file) => readProfile(folder, file, known.get(file), registered));
}

/** `bots/billing.json: tools.2.url: …`, one for each problem. */
function problemsOf(folder: string, read: ReadProfile): string[] {
    if ('profile' in read) return [];
    return read.problems.map((problem) => `${join(basename(folder), read.file)}: ${problem}`);
}

/** An editor writes a file in several steps; so much calm in the folders means that it has finished. */
export const CALM_MS = 250;
/** A folder that cannot be watched, because it is being replaced or watches have run out, is tried again after this long. */
export const RETRY_MS = 5000;

/** Tells of changes in a folder until it is closed. May throw when the folder cannot be watched. */
export type WatchFolder = (
    folder: string,
    onChange: () => void,
    onFault: (fault: unknown) => void,
) => { close(): void };

export interface FolderWatchOptions {
    clock: Clock;
    watchFolder?: WatchFolder;
    /** Something has changed, and for `CALM_MS` nothing more has. */
    onCalm: () => void;
    /** A folder cannot be watched any more, or `onCalm` failed. */
    onFault: (fault: unknown) => void;
}

/** Watches a few folders as one, also when one of them is replaced by another of its name. Does not keep the process alive. */
export class FolderWatch {
    private readonly watchers = new Map<string, { close(): void }>();
    private readonly timers: TimerSet;
    private wanted: readonly string[] = [];
    /** Those of which `onFault` has heard. */
    private readonly failing = new Set<string>();
    private isClosed = false;

    constructor(private readonly options: FolderWatchOptions) {
        this.timers = new TimerSet(options.clock, options.onFault);
    }

    /** From now on these folders, and no others. */
    follow(folders: readonly string[]): void {
        if (this.isClosed) return;
        this.wanted = folders;
        for (const folder of [...this.watchers.keys()]) if (!folders.includes(folder)) this.unwatch(folder);
        this.beginAll();
    }

    /** Ends everything, for good. May be called twice. */
    close(): void {
        this.isClosed = true;
        this.timers.clear();
        for (const folder of [...this.watchers.keys()]) this.unwatch(folder);
    }

    /** A watch is of a folder and not of its name: what was deleted and made again is another one. First, so that no edit is missed. */
    private readonly calmed = (): void => {
        for (const folder of [...this.watchers.keys()]) this.unwatch(folder);
        this.beginAll();
        this.options.onCalm();
    };

    private readonly retry = (): void => {
        const before = this.watchers.size;
        this.beginAll();
        if (this.watchers.size > before) this.options.onCalm();
    };

    private beginAll(): void {
        for (const folder of this.wanted) if (!this.watchers.has(folder)) this.begin(folder);
    }

    private begin(folder: string): void {
        const { watchFolder = watchWithNode } = this.options;
        try {
            const onChange = (): void => {
                this.timers.set('calm', CALM_MS, this.calmed);
            };
            const onFault = (fault: unknown): void => {
                this.failed(folder, fault);
            };
            this.watchers.set(folder, watchFolder(folder, onChange, onFault));
            this.failing.delete(folder);
        } catch (fault) {
            this.failed(folder, fault);
        }
    }

    private failed(folder: string, fault: unknown): void {
        this.unwatch(folder);
        this.timers.set('retry', RETRY_MS, this.retry);
        if (this.failing.has(folder)) return;
        this.failing.add(folder);
        this.options.onFault(fault);
    }

    private unwatch(folder: string): void {
        this.watchers.get(folder)?.close();
        this.watchers.delete(folder);
    }
}

function watchWithNode(folder: string, onChange: () => void, onFault: (fault: unknown) => void): { close(): void } {
    return watch(folder, { persistent: false }, onChange).on('error', onFault);
}
