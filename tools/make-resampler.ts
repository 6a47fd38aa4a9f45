/** `npm run resampler`: compiles the inner loops of the resampler; see assets/resampler/README.md. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerHelp } from './usage';

const SOURCE = join(__dirname, '..', 'assets', 'resampler', 'fir.ts');
const TARGET = join(__dirname, '..', 'src', 'audio', 'fir-program.ts');
const COMPILER = 'assemblyscript@0.28.20';
/** SIMD, two pages of memory, and nothing that would need an import. */
const FLAGS = '--runtime stub --enable simd -O3 --noAssert --initialMemory 2 --maximumMemory 2 --use abort='.split(' ');

answerHelp(`Compiles assets/resampler/fir.ts into src/audio/fir-program.ts. Fetches the compiler (${COMPILER}).

  npm run resampler [-- --check]

  --check           writes nothing; exit code 1 unless that is what fir.ts compiles to
  --help            this page`);

function compiled(): Buffer {
    const folder = mkdtempSync(join(tmpdir(), 'resampler-'));
    try {
        const out = join(folder, 'fir.wasm');
        const asc = ['exec', '--yes', `--package=${COMPILER}`, '--', 'asc', SOURCE, ...FLAGS, '-o', out];
        execFileSync('npm', asc, { cwd: folder, stdio: 'inherit' });
        return readFileSync(out);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

const program = compiled().toString('base64');
const code = `/** assets/resampler/fir.ts as compiled by \`npm run resampler\`: a WebAssembly program as base64. */
export const FIR_PROGRAM =
    '${program}';
`;
if (!process.argv.includes('--check')) writeFileSync(TARGET, code);
else if (code !== readFileSync(TARGET, 'utf8')) {
    console.error('src/audio/fir-program.ts is not what assets/resampler/fir.ts compiles to: npm run resampler');
    process.exitCode = 1;
}
