import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CALM_MS, RETRY_MS, type ProfileStoreDeps } from '../../../src/services/profiles/store';
import { ProfileFolder } from './profile-folder';
import { smallProfile } from './small-profile';

let bots: ProfileFolder;

beforeEach(() => {
    bots = new ProfileFolder();
});

afterEach(() => {
    bots.remove();
});

describe('profiles that are edited', () => {
    it('count from the next call on; who has the old one keeps it', () => {
        bots.write('a.json', smallProfile());
        const store = bots.load();
        const old = store.get('a');
        bots.write('a.json', smallProfile({ instructions: 'New.' }));
        store.reload();
        expect(store.get('a')?.instructions).toBe('New.');
        expect(old?.instructions).toBe('You are a bot on the telephone.');
        expect(bots.log.lines).toMatchObject([{ level: 'info', fields: { bot: 'a' }, message: /has changed/ }]);
    });

    it('have another version after each edit, and the old one again where the old text is back', () => {
        bots.write('a.json', smallProfile());
        const store = bots.load();
        const versions = ['You are new.', 'You are a bot on the telephone.'].map((instructions) => {
            const before = store.get('a')?.version;
            bots.write('a.json', smallProfile({ instructions }));
            store.reload();
            return [before, store.get('a')?.version];
        });
        const [[first, second] = [], [third, fourth] = []] = versions;
        expect(first).toMatch(/^[0-9a-f]{8}$/);
        expect([second === first, third, fourth]).toEqual([false, second, first]);
    });

    it('are the same object when nothing has changed, and nothing is logged', () => {
        bots.write('a.json', smallProfile());
        const store = bots.load();
        const old = store.get('a');
        bots.write('a.json', smallProfile());
        store.reload();
        expect(store.get('a')).toBe(old);
        expect(bots.log.lines).toEqual([]);
    });

    it('stay as they were when the edit is broken; one line says where, and only one', () => {
        bots.write('a.json', smallProfile());
        bots.write('b.json', smallProfile());
        const store = bots.load();
        bots.write('a.json', smallProfile({ speed: 2 }));
        bots.write('b.json', smallProfile({ instructions: 'New.' }));
        store.reload();
        store.reload();
        expect(store.get('a')?.instructions).toBe('You are a bot on the telephone.');
        expect(store.get('b')?.instructions).toBe('New.');
        expect(bots.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
            {
                fields: { code: 'ERR_PROFILE', bot: 'a', problems: ['bots/a.json: speed: there is no such setting'] },
                message: /the last good profile stays/,
            },
        ]);
        bots.write('a.json', smallProfile({ instructions: 'Mended.' }));
        store.reload();
        expect(store.get('a')?.instructions).toBe('Mended.');
    });

    it('come and go', () => {
        bots.write('a.json', smallProfile());
        const store = bots.load();
        bots.write('b.json', '{');
        store.reload();
        expect(store.names).toEqual(['a']);
        bots.write('b.json', smallProfile());
        rmSync(join(bots.path, 'a.json'));
        store.reload();
        expect(store.names).toEqual(['b']);
        expect(bots.log.lines.map(({ message }) => message)).toEqual([
            expect.stringContaining('there is no bot of this name yet'),
            expect.stringContaining('is gone'),
            expect.stringContaining('is new'),
        ]);
    });

    it('stay when the whole folder is gone', () => {
        bots.write('a.json', smallProfile());
        const store = bots.load();
        rmSync(bots.path, { recursive: true });
        store.reload();
        expect(store.names).toEqual(['a']);
        expect(bots.log.codes).toEqual(['ERR_PROFILE_FOLDER']);
        mkdirSync(bots.path);
    });
});

describe('watching a folder', () => {
    /** Folders that are watched, each with what tells of a change. */
    let watched: Map<string, { change: () => void; fail: (fault: unknown) => void }>;
    let watchFolder: NonNullable<ProfileStoreDeps['watchFolder']>;

    beforeEach(() => {
        watched = new Map();
        watchFolder = (path, change, fail) => {
            watched.set(path, { change, fail });
            return { close: () => void watched.delete(path) };
        };
        bots.write('a.json', smallProfile());
    });

    const change = (): void => {
        for (const each of [...watched.values()]) each.change();
    };

    it('reads again once the folder has calmed down', () => {
        const store = bots.load({ watchFolder });
        store.watch();
        bots.write('a.json', '{"instructions":');
        change();
        bots.clock.advance(CALM_MS - 1);
        bots.write('a.json', smallProfile({ instructions: 'New.' }));
        change();
        bots.clock.advance(CALM_MS - 1);
        expect(bots.log.lines).toEqual([]);
        bots.clock.advance(1);
        expect(store.get('a')?.instructions).toBe('New.');
        expect(bots.log.lines).toHaveLength(1);
    });

    it('follows instructions into their folders, and leaves those that are no longer needed', () => {
        mkdirSync(join(bots.path, 'texts'));
        bots.write('texts/a.md', 'One.');
        bots.write('a.json', smallProfile({ instructions: { file: 'texts/a.md' } }));
        const store = bots.load({ watchFolder });
        store.watch();
        store.watch();
        expect([...watched.keys()]).toEqual([bots.path, join(bots.path, 'texts')]);
        bots.write('texts/a.md', 'Two.');
        watched.get(join(bots.path, 'texts'))?.change();
        bots.clock.advance(CALM_MS);
        expect(store.get('a')?.instructions).toBe('Two.');
        bots.write('a.json', smallProfile());
        change();
        bots.clock.advance(CALM_MS);
        expect([...watched.keys()]).toEqual([bots.path]);
    });

    it('frees everything when it is closed, twice if need be', () => {
        const store = bots.load({ watchFolder });
        store.watch();
        change();
        store.close();
        store.close();
        expect([watched.size, bots.clock.pendingCount]).toEqual([0, 0]);
        store.watch();
        store.reload();
        expect(watched.size).toBe(0);
    });

    it('goes without it when a folder cannot be watched, now or later, and says so', () => {
        const failing = bots.load({
            watchFolder: () => {
                throw Object.assign(new Error('no more watches'), { code: 'ENOSPC' });
            },
        });
        failing.watch();
        expect(bots.log.lines).toMatchObject([{ level: 'warn', fields: { fault: 'no more watches' } }]);
        const store = bots.load({ watchFolder });
        store.watch();
        watched.get(bots.path)?.fail(new Error('gone'));
        expect(watched.size).toBe(0);
        expect(bots.log.lines).toHaveLength(2);
        expect(store.names).toEqual(['a']);
    });

    it('tries again in silence, and reads what it missed meanwhile', () => {
        let isFull = true;
        const store = bots.load({
            watchFolder: (...args) => {
                if (isFull) throw new Error('no more watches');
                return watchFolder(...args);
            },
        });
        store.watch();
        bots.write('a.json', smallProfile({ instructions: 'New.' }));
        bots.clock.advance(RETRY_MS);
        expect([store.get('a')?.instructions, bots.log.lines.length]).toEqual(['You are a bot on the telephone.', 1]);
        isFull = false;
        bots.clock.advance(RETRY_MS);
        expect([store.get('a')?.instructions, watched.size]).toEqual(['New.', 1]);
        expect(bots.clock.pendingCount).toBe(0);
    });

    it('goes on when the folder is deleted and made again: a watch is of a folder, not of its name', async () => {
        const store = bots.load();
        const heard = async (): Promise<void> => {
            while (bots.clock.pendingCount === 0) await new Promise((resolve) => setImmediate(resolve));
        };
        store.watch();
        rmSync(bots.path, { recursive: true });
        await heard();
        bots.clock.advance(CALM_MS);
        mkdirSync(bots.path);
        bots.write('a.json', smallProfile({ instructions: 'Again.' }));
        bots.clock.advance(RETRY_MS);
        expect(store.get('a')?.instructions).toBe('Again.');
        bots.write('a.json', smallProfile({ instructions: 'Edited.' }));
        await heard();
        bots.clock.advance(CALM_MS);
        expect(store.get('a')?.instructions).toBe('Edited.');
    });

    it('hears of edits from the operating system', async () => {
        const store = bots.load();
        store.watch();
        bots.write('a.json', smallProfile({ instructions: 'New.' }));
        while (bots.clock.pendingCount === 0) await new Promise((resolve) => setImmediate(resolve));
        bots.clock.advance(CALM_MS);
        expect(store.get('a')?.instructions).toBe('New.');
    });
});
