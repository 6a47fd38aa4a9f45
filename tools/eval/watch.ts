import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { FolderWatch, type WatchFolder } from '../../src/services/profiles/store';
import type { Clock } from '../../src/support/clock';

export type BotsOfFile = ReadonlyMap<string, ReadonlySet<string>>;

export interface BotWatchOptions {
    readonly folder: string;
    readonly clock: Clock;
    /** Which bots a file of the folder concerns; a file that is not in it may concern all. */
    readonly botsOfFile: BotsOfFile;
    /** Files of these bots have another content; undefined: any bot may be concerned. */
    readonly onChange: (bots: ReadonlySet<string> | undefined) => void;
    readonly onFault: (fault: unknown) => void;
    /** How a folder is watched. Default: `fs.watch`, which keeps the process alive. */
    readonly watchFolder?: WatchFolder | undefined;
}

/** What has changed since it was last asked for: changes that come while cases run wait here, as one. */
export class Changes {
    private waiting: { readonly bots: ReadonlySet<string> | undefined } | undefined;
    private wake: () => void = () => undefined;

    constructor(private readonly stop: AbortSignal) {}

    /** undefined: any bot may be concerned. */
    add(bots: ReadonlySet<string> | undefined): void {
        const before = this.waiting ?? { bots: new Set<string>() };
        const isAll = bots === undefined || before.bots === undefined;
        this.waiting = { bots: isAll ? undefined : new Set([...before.bots, ...bots]) };
        this.wake();
    }

    /** Resolves as soon as there is one. undefined: stopped. One caller at a time. */
    async next(): Promise<{ readonly bots: ReadonlySet<string> | undefined } | undefined> {
        if (this.waiting === undefined && !this.stop.aborted)
            await new Promise<void>((resolve) => {
                this.wake = resolve;
                this.stop.addEventListener(
                    'abort',
                    () => {
                        resolve();
                    },
                    { once: true },
                );
            });
        const change = this.waiting;
        this.waiting = undefined;
        return this.stop.aborted ? undefined : change;
    }
}

/** Follows the profiles, instructions, cases and sounds of a folder, until it is closed. */
export class BotWatch {
    private readonly folders: FolderWatch;
    private botsOfFile: BotsOfFile;
    private contents: ReadonlyMap<string, string>;

    constructor(private readonly options: BotWatchOptions) {
        this.botsOfFile = options.botsOfFile;
        this.contents = this.read();
        this.folders = new FolderWatch({
            clock: options.clock,
            watchFolder: options.watchFolder ?? watchAlive,
            onCalm: this.compare,
            onFault: options.onFault,
        });
        this.follow(options.botsOfFile);
    }

    /** The files were read again, and concern these bots now. */
    follow(botsOfFile: BotsOfFile): void {
        const added = [...botsOfFile.keys()].filter((file) => !this.botsOfFile.has(file));
        this.botsOfFile = botsOfFile;
        if (added.length > 0) this.contents = new Map([...this.read(added), ...this.contents]);
        this.folders.follow([
            ...new Set([
                this.options.folder,
                ...[...botsOfFile.keys()].map((file) => dirname(join(this.options.folder, file))),
            ]),
        ]);
    }

    /** May be called twice. */
    close(): void {
        this.folders.close();
    }

    private readonly compare = (): void => {
        const before = this.contents;
        this.contents = this.read();
        const names = new Set([...before.keys(), ...this.contents.keys()]);
        const changed = [...names].filter((name) => before.get(name) !== this.contents.get(name));
        if (changed.length === 0) return;
        const bots = changed.map((name) => this.botsOfFile.get(name));
        this.options.onChange(
            bots.every((each) => each !== undefined) ? new Set(bots.flatMap((each) => [...each])) : undefined,
        );
    };

    /** Content of each file, as a digest; what cannot be read is not there. */
    private read(names: readonly string[] = this.names()): Map<string, string> {
        const contents = new Map<string, string>();
        for (const name of names) {
            try {
                const bytes = readFileSync(join(this.options.folder, name));
                contents.set(name, createHash('sha256').update(bytes).digest('base64'));
            } catch {
                // Gone in this moment, or a folder.
            }
        }
        return contents;
    }

    private names(): string[] {
        let found: string[] = [];
        try {
            found = readdirSync(this.options.folder);
        } catch {
            // Being replaced: the watch tries again, and then all files have changed.
        }
        const own = found.filter(
            (name) => /^[^.].*\.(?:json|md|yaml|wav)$/.test(name) && !name.endsWith('.schema.json'),
        );
        return [...new Set([...own, ...this.botsOfFile.keys()])];
    }
}

const watchAlive: WatchFolder = (folder, onChange, onFault) => watch(folder, onChange).on('error', onFault);
