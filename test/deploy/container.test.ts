import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CompiledServer } from '../websocket/compiled-server';
import { freePort } from '../../tools/local-port';
import { shipped } from './proxy-process';
import { ServerProcess } from './server-process';

const ROOT = join(__dirname, '..', '..');
const dockerfile = DockerfileParser.parse(shipped('container', 'Dockerfile'));
const run = promisify(execFile);

/** The instructions of the last stage, which is what runs. */
function lastStage(): Instruction[] {
    const all = dockerfile.getInstructions();
    const from = all.findLastIndex((instruction) => instruction.getKeyword() === 'FROM');
    return all.slice(from);
}

function only(keyword: string): Instruction {
    const [found, ...more] = lastStage().filter((instruction) => instruction.getKeyword() === keyword);
    if (found === undefined || more.length > 0) throw new Error(`the last stage has not exactly one ${keyword}`);
    return found;
}

/** The words of a command in the exec form: a list in JSON. Throws for the form that a shell runs. */
function execForm(instruction: Instruction): unknown {
    const [, list = ''] = /^[^[]*(\[.*\])$/.exec(instruction.getRawArgumentsContent() ?? '') ?? [];
    return JSON.parse(list);
}

/** What COPY takes from the sources; `--from=build` takes what is built. */
function copied(instructions: readonly Instruction[], fromBuild: boolean): string[] {
    return instructions
        .filter((each) => each.getKeyword() === 'COPY')
        .filter((each) => /--from=build/.test(each.toString()) === fromBuild)
        .flatMap((each) => {
            const paths = each.getArguments().map((argument) => argument.getValue());
            return paths.slice(0, -1).filter((path) => !path.startsWith('--'));
        });
}

describe('deploy/container/Dockerfile', () => {
    it('runs node itself, as a user that is not root, by number', () => {
        expect(execForm(only('CMD'))).toEqual(['node', 'dist/index.js']);
        expect(only('USER').getRawArgumentsContent()).toMatch(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
    });

    it('copies what is there, and takes from the build only node, dist and the packages', () => {
        const sources = copied(dockerfile.getInstructions(), false);
        expect(sources.length).toBeGreaterThan(5);
        expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
        expect(copied(lastStage(), true)).toEqual(['/usr/local/bin/node', '/app/node_modules', '/app/dist']);
    });

    it('is sent what it copies, and nothing else: no keys, no .env, no packages of another system', () => {
        const lines = shipped('container', 'Dockerfile.dockerignore').split('\n');
        const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
        const isSent = (path: string): boolean =>
            rules.reduce((sent, rule) => {
                const pattern = rule.replace(/^!/, '');
                const hit = pattern === '*' || path === pattern || path.startsWith(`${pattern}/`);
                return hit ? rule.startsWith('!') : sent;
            }, true);
        expect(copied(dockerfile.getInstructions(), false).filter((path) => !isSent(path))).toEqual([]);
        const kept = [
            '.env',
            '.audiohook-dev-keys.json',
            '.git',
            'node_modules',
            'dist',
            'deploy/compose/audiohook-keys.json',
        ];
        expect(kept.filter(isSent)).toEqual([]);
    });
});

describe('what the image is made of', () => {
    let app: string;
    let compiled: CompiledServer;
    let server: ServerProcess | undefined;

    beforeAll(() => {
        app = mkdtempSync(join(tmpdir(), 'image-'));
        compiled = CompiledServer.make();
        for (const path of ['package.json', 'assets', 'bots'])
            cpSync(join(ROOT, path), join(app, path), { recursive: true });
        cpSync(join(compiled.index, '..'), join(app, 'dist'), { recursive: true });
        copyPackages(app);
    });

    afterAll(async () => {
        await server?.kill();
        compiled.remove();
        rmSync(app, { recursive: true, force: true });
    });

    it('starts with the production packages alone, and its HEALTHCHECK tells whether it answers', async () => {
        const env = { NODE_ENV: 'production', AUDIOHOOK_API_KEYS: '{"a2V5":""}' };
        server = await ServerProcess.start({ index: join(app, 'dist', 'index.js') }, app, env);
        const [program, ...args] = execForm(only('HEALTHCHECK')) as string[];
        expect(program).toBe('node');
        const check = (port: number) => run(process.execPath, args, { env: { PORT: String(port) } });
        await expect(check(server.port)).resolves.toMatchObject({ stdout: '', stderr: '' });
        await expect(check(await freePort())).rejects.toMatchObject({ code: 1 });
    });
});

/** The packages that `npm prune --omit=dev` keeps, without the files that the image leaves out. */
function copyPackages(app: string): void {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
        packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
    };
    const deleted = /'\*(\.\w+)'/g;
    const find =
        dockerfile
            .getInstructions()
            .find((each) => /find node_modules/.test(each.toString()))
            ?.toString() ?? '';
    const endings = [...find.matchAll(deleted)].map(([, ending = '']) => ending);
    if (endings.length === 0) throw new Error('the Dockerfile deletes nothing');
    for (const [path, { dev, devOptional }] of Object.entries(lock.packages)) {
        if (!/^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) || dev === true || devOptional === true) continue;
        if (!existsSync(join(ROOT, path))) continue;
        const filter = (file: string): boolean => !endings.some((ending) => file.endsWith(ending));
        cpSync(join(ROOT, path), join(app, path), { recursive: true, filter });
    }
}
