/** The part of `npm run build` that the package needs beside the compiled server: its program, and its declarations. */
import { join } from 'node:path';
import { reportApi } from './api-report';
import { bundleTools } from './bundle-tools';

async function main(): Promise<void> {
    await bundleTools();
    const { problems } = reportApi({ rollup: join(__dirname, '..', '..', 'dist', 'api.d.ts') });
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
}

void main();
