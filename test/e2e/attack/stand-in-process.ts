import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const CLI = join(__dirname, '../../../tools/fake-openai/cli.ts');

/** The stand-in for OpenAI in a process of its own, where what it keeps for tests to look at is not taken for the server's. */
export class StandInProcess {
    private constructor(
        private readonly child: ChildProcess,
        readonly url: string,
    ) {}

    static async start(): Promise<StandInProcess> {
        const args = ['--require', require.resolve('tsx/cjs'), CLI, '--port', '0', '--rtt', '0', '--speed', '100'];
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
        let out = '';
        child.stdout.on('data', (chunk: Buffer) => {
            // Only its first line is of interest; the others are to be read all the same.
            if (out.length < 1000) out += chunk.toString();
        });
        for (;;) {
            const url = /ws:\/\/127\.0\.0\.1:\d+\/\S+/.exec(out)?.[0];
            if (url !== undefined) return new StandInProcess(child, url);
            await once(child.stdout, 'data');
        }
    }

    async stop(): Promise<void> {
        const ended = once(this.child, 'exit');
        this.child.kill('SIGKILL');
        await ended;
    }
}
