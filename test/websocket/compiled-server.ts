import { buildSync } from 'esbuild';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const SRC = join(ROOT, 'src');
/** What the server reads beside its own code. */
const BESIDE = ['node_modules', 'assets', 'bots', 'package.json'];

/** The server as JavaScript, file by file as the build makes it, in a folder of its own: it starts in half the time of `tsx`. */
export class CompiledServer {
    private constructor(private readonly folder: string) {}

    get index(): string {
        return this.file('index');
    }

    static make(): CompiledServer {
        const folder = mkdtempSync(join(tmpdir(), 'compiled-'));
        const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
        buildSync({
            entryPoints: files.map((name) => join(SRC, name)),
            outbase: SRC,
            outdir: join(folder, 'dist'),
            format: 'cjs',
            platform: 'node',
            target: 'node20',
            logLevel: 'error',
        });
        for (const name of BESIDE) symlinkSync(join(ROOT, name), join(folder, name));
        return new CompiledServer(folder);
    }

    /** A file of `src`, by its path there without the ending. */
    file(path: string): string {
        return join(this.folder, 'dist', `${path}.js`);
    }

    remove(): void {
        rmSync(this.folder, { recursive: true });
    }
}
