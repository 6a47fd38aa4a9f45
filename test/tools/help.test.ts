import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
/** The commands that are programs of this project, with their files; the server itself takes no options. */
const COMMANDS = Object.entries(scripts).flatMap(([name, command]): [string, string][] => {
    const file = /^tsx ((?:tools|bench)\/\S+\.ts)$/.exec(command)?.[1];
    return file === undefined ? [] : [[name, file]];
});

jest.setTimeout(60_000);

function textOf(file: string): string {
    return readFileSync(join(ROOT, file), 'utf8');
}

/** The command's file, and the one beside it that holds its options. */
function sourceOf(file: string): string {
    const beside = ['cli-options.ts', 'console-options.ts'].map((name) => join(dirname(file), name));
    return [file, ...beside.filter((path) => file.endsWith('cli.ts') && existsSync(join(ROOT, path)))]
        .map(textOf)
        .join('');
}

describe('--help', () => {
    it('is asked of every command of tools/ and bench/', () => {
        expect(COMMANDS.length).toBeGreaterThan(15);
    });

    it.each(COMMANDS)('of npm run %s names the command and each of its options', (name, file) => {
        const source = sourceOf(file);
        expect(source).toMatch(/answerHelp\(|\bHELP\b|\bUSAGE\b/);
        expect(source).toContain(`npm run ${name}`);
        const options = [...source.matchAll(/^ +'?([a-z-]+)'?: \{ type: '(?:string|boolean)'/gm)];
        for (const [, option = ''] of options) expect(source).toContain(`  --${option}`);
    });

    // One of each kind: without options, with a folder, with options.
    it.each(COMMANDS.filter(([name]) => ['docs', 'bots:check', 'bench:speech'].includes(name)))(
        'of npm run %s is printed, and nothing else is done',
        async (name, file) => {
            const preload = ['--require', require.resolve('tsx/cjs')];
            const child = spawn(process.execPath, [...preload, join(ROOT, file), '--help'], { cwd: ROOT });
            let out = '';
            for (const stream of [child.stdout, child.stderr])
                stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
            const [exitCode] = (await once(child, 'close')) as [number | null];
            expect({ exitCode, out }).toEqual({
                exitCode: 0,
                out: expect.stringContaining(`npm run ${name}`) as string,
            });
        },
    );
});
