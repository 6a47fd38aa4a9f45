/** `npm run resampler`: compiles the inner loops of the resampler; see assets/resampler/README.md. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerHelp } from './usage';

const FOLDER = join(__dirname, '..', 'assets', 'resampler');
const COMPILER = 'assemblyscript@0.28.20';
/** SIMD, two pages of memory, and nothing that would need an import. */
const FLAGS = '--runtime stub --enable simd -O3 --noAssert --initialMemory 2 --maximumMemory 2 --use abort='.split(' ');

answerHelp(`Compiles assets/resampler/fir.ts to fir.wasm beside it. Fetches the compiler (${COMPILER}).

  npm run resampler [-- --check]

  --check           writes nothing; exit code 1 unless fir.wasm is what fir.ts compiles to
  --help            this page`);

function compiled(): Buffer {
    const folder = mkdtempSync(join(tmpdir(), 'resampler-'));
    try {
        const out = join(folder, 'fir.wasm');
        const asc = [
            'exec',
            '--yes',
            `--package=${COMPILER}`,
            '--',
            'asc',
            join(FOLDER, 'fir.ts'),
            ...FLAGS,
            '-o',
            out,
        ];
        execFileSync('npm', asc, { cwd: folder, stdio: 'inherit' });
        return readFileSync(out);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

const target = join(FOLDER, 'fir.wasm');
const bytes = compiled();
if (!process.argv.includes('--check')) writeFileSync(target, bytes);
else if (!bytes.equals(readFileSync(target))) {
    console.error('assets/resampler/fir.wasm is not what fir.ts compiles to: npm run resampler');
    process.exitCode = 1;
}
