/** `npm run pack:check`: the package as a user gets it: packed, installed into an empty folder, its commands and the programs of docs/PACKAGE.md called. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../local-port';
import { answerHelp } from '../usage';
import { InstalledPackage, pack, type Ended, type Packed, type RunningProgram } from './installed-package';

const ROOT = join(__dirname, '..', '..');
const NAME = 'audioconnector-server';
/** Beside the package, what a user of its samples has; in the versions of this project. */
const OF_THE_USER = ['typescript', 'tsx', '@types/node', 'express', '@types/express', 'fastify'];
const MAX_PACKED_MB = 2;
const SECONDS_OF_CALL = '4';
const NODE = process.execPath;

class PackCheck {
    private readonly installed = new InstalledPackage();
    private readonly packFolder = mkdtempSync(join(tmpdir(), 'packed-'));
    private broken = 0;

    async run(): Promise<boolean> {
        try {
            await this.packAndInstall();
            await this.entries();
            await this.commands();
            await this.server();
            await this.programs();
            await this.functionOfOnesOwn();
            await this.console();
        } finally {
            await this.installed.remove();
            rmSync(this.packFolder, { recursive: true, force: true });
        }
        return this.broken === 0;
    }

    private async packAndInstall(): Promise<void> {
        const packed = await pack(ROOT, this.packFolder);
        const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
            devDependencies: Record<string, string>;
        };
        const wanted = OF_THE_USER.map((name) => `${name}@${devDependencies[name] ?? ''}`);
        await this.installed.install(packed.file, ...wanted);
        const listed = await this.installed.run('npm', ['ls', '--all', '--parseable', NAME]);
        this.check(listed.exitCode === 0, 'installed into an empty folder', listed.output);
        this.check(packed.size < MAX_PACKED_MB * 1e6, describe(packed), 'it is larger than it may be');
        const strays = packed.files.filter((path) => /\.map$|^(?:src|test|tools|bench)\/|^dist\/bench\//.test(path));
        this.check(strays.length === 0, 'no source, test or source map is in it', strays.join(', '));
        for (const [path, text] of filesOfPage()) this.installed.write(path, text);
        this.installed.write('.env', 'BOTS_FOLDER=bots\nAUDIOHOOK_PATH=/audiohook\n');
        this.installed.write('server.cjs', commonJs(filesOfPage().get('server.mjs') ?? ''));
    }

    /** Import and require give one module with the same names; a path behind the entry is closed; the types are right. */
    private async entries(): Promise<void> {
        const sameModule = `import * as api from '${NAME}'; import { createRequire } from 'node:module';
            const required = createRequire(import.meta.url)('${NAME}');
            const names = Object.keys(required).filter((name) => api[name] !== required[name]);
            if (names.length > 0 || typeof api.Server !== 'function') throw new Error(names.join());`;
        const same = await this.installed.run(NODE, ['--input-type=module', '--eval', sameModule]);
        this.check(same.exitCode === 0, 'import and require give the same names', same.output);
        const deep = await this.installed.run(NODE, ['--eval', `require('${NAME}/dist/websocket/server')`]);
        this.check(deep.output.includes('ERR_PACKAGE_PATH_NOT_EXPORTED'), 'a deep import is refused', deep.output);
        const programs = [...filesOfPage().keys()].filter((path) => path.endsWith('.ts'));
        const options = [
            '--noEmit',
            '--strict',
            '--skipLibCheck',
            'false',
            '--module',
            'nodenext',
            '--target',
            'es2022',
        ];
        const typed = await this.installed.run(this.installed.command('tsc'), [
            ...options,
            '--types',
            'node',
            ...programs,
        ]);
        this.check(typed.exitCode === 0, `types of ${programs.join(', ')}, and of the package`, typed.output);
    }

    private async commands(): Promise<void> {
        const help = await this.installed.run('npx', ['--no-install', NAME, '--help']);
        this.check(
            help.exitCode === 0 && /^ {2}doctor /m.test(help.output),
            'npx: --help lists the commands',
            help.output,
        );
        const names = [...help.output.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = '']) => name);
        for (const name of names.filter((each) => each !== 'start')) {
            const { exitCode, output } = await this.package(name, '--help');
            const isRight = exitCode === 0 && output.includes(`npx ${NAME} ${name}`) && !output.includes('npm run');
            this.check(isRight, `${name} --help`, output);
        }
        const unknown = await this.package('no-such-command');
        this.check(
            unknown.exitCode === 2 && unknown.output.includes('  doctor'),
            'an unknown command is refused',
            unknown.output,
        );
        for (const name of ['doctor', 'bots-check']) {
            const { exitCode, output } = await this.package(name);
            this.check(exitCode === 0, name, output);
        }
    }

    /** The server of the command, with the bots that ship. */
    private async server(): Promise<void> {
        const server = await this.installed.serve(this.installed.command(NAME), [], { BOTS_FOLDER: '' });
        await this.called('the server of the command', server, '');
        await this.ended('the server of the command', server);
    }

    /** The programs of docs/PACKAGE.md. */
    private async programs(): Promise<void> {
        const tsx = this.installed.command('tsx');
        const own = [
            ['server.ts in TypeScript', tsx, 'server.ts'],
            ['server.mjs', NODE, 'server.mjs'],
            ['the same in CommonJS', NODE, 'server.cjs'],
        ] as const;
        for (const [title, program, file] of own) {
            const server = await this.installed.serve(program, [file]);
            await this.called(title, server, '?bot=tone');
            await this.ended(title, server);
        }
    }

    /** The model of a stand-in calls the function of server.ts. */
    private async functionOfOnesOwn(): Promise<void> {
        const port = await freePort();
        const call = ['fake-openai', '--port', String(port), '--call-tool', 'opening_hours={}'];
        const model = this.installed.spawn(this.installed.command(NAME), call);
        await model.until(() => model.output.includes('listens'));
        const env = { OPENAI_API_KEY: 'sk-test', OPENAI_REALTIME_URL: `ws://127.0.0.1:${port}/v1/realtime` };
        const server = await this.installed.serve(this.installed.command('tsx'), ['server.ts'], env);
        await this.called('the profile of docs/PACKAGE.md', server, '?bot=office', '12');
        const isCalled = model.output.includes('the function gave back {"opens":"08:00","closes":"18:00"}');
        this.check(isCalled, 'the model calls the function of server.ts', model.output);
        await this.ended('server.ts with a model', server);
        await model.stop();
    }

    private async console(): Promise<void> {
        const page = this.installed.spawn(this.installed.command(NAME), ['console'], {
            PORT: String(await freePort()),
        });
        const link = () => /^Page +(http:\S+)/m.exec(page.output)?.[1];
        await page.until(() => link() !== undefined);
        const response = await fetch(link() ?? '');
        const text = await response.text();
        this.check(response.ok && text.includes('</html>'), 'the page of console', `${response.status} ${text}`);
        await page.stop();
    }

    private async called(
        title: string,
        server: RunningProgram,
        query: string,
        seconds = SECONDS_OF_CALL,
    ): Promise<void> {
        const url = `ws://127.0.0.1:${server.port}/audiohook${query}`;
        const { exitCode, output } = await this.package('call', '--url', url, '--seconds', seconds);
        const isHeard = output.includes('first sound') && /\b0 broken\b/.test(output);
        this.check(exitCode === 0 && isHeard, `${title}: a signed call is answered`, output + server.output);
    }

    private async ended(title: string, server: RunningProgram): Promise<void> {
        this.check((await server.stop()) === 0, `${title}: ends with 0 after SIGTERM`, server.output);
    }

    private package(...args: string[]): Promise<Ended> {
        return this.installed.run(this.installed.command(NAME), args);
    }

    private check(isRight: boolean, what: string, otherwise: string): void {
        console.log(`${isRight ? '✓' : '✗'} ${what}`);
        if (isRight) return;
        this.broken += 1;
        console.log(otherwise);
    }
}

function describe({ size, unpackedSize, files }: Packed): string {
    return `${files.length} files, ${(size / 1e6).toFixed(1)} MB packed, ${(unpackedSize / 1e6).toFixed(1)} MB unpacked`;
}

/** The programs of docs/PACKAGE.md: path → text. Each stands behind a comment that names its file. */
function filesOfPage(): ReadonlyMap<string, string> {
    const page = readFileSync(join(ROOT, 'docs', 'PACKAGE.md'), 'utf8');
    const files = page.matchAll(/<!-- file: (\S+) -->\n\n```\w+\n([^]*?)```/g);
    return new Map([...files].map(([, path = '', text = '']) => [path, text]));
}

/** The JavaScript of docs/PACKAGE.md with the first line that the page gives for CommonJS. */
function commonJs(text: string): string {
    return text.replace(/^import (\{.*\}) from ('.*');$/m, 'const $1 = require($2);');
}

answerHelp(`Packs the package as it is published, installs it into an empty folder, and calls its commands and the programs of docs/PACKAGE.md.

  npm run pack:check           no options; builds first; takes about two minutes; needs the registry of npm, or its cache

Exit code: 0 all well, 1 something is not right.`);

new PackCheck().run().then(
    (isRight) => {
        process.exitCode = isRight ? 0 : 1;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
