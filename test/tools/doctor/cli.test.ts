import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../../../tools/local-port';

const ROOT = join(__dirname, '..', '..', '..');

/** Runs the command as a user does, its output being no terminal. */
async function run(args: readonly string[]): Promise<{ exitCode: number | null; out: string; complaints: string }> {
    const preload = ['--require', require.resolve('tsx/cjs')];
    const child = spawn(process.execPath, [...preload, join(ROOT, 'tools/doctor/cli.ts'), ...args], { cwd: ROOT });
    let out = '';
    let complaints = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode, out, complaints };
}

const KEY = ['--key', 'doctorkey', '--secret', Buffer.alloc(32, 9).toString('base64')];

describe('npm run doctor', () => {
    it('prints a table without colours, and ends with 1 where something is wrong', async () => {
        const { exitCode, out, complaints } = await run([`wss://127.0.0.1:${await freePort()}/`, ...KEY]);
        expect({ exitCode, complaints }).toEqual({ exitCode: 1, complaints: '' });
        expect(out).toMatch(/^✗ TCP +port \d+ refuses/m);
        expect(out).toMatch(/ {4}Cause: {2}Nothing listens at this port/);
        expect(out).toMatch(/1 wrong, \d to look at\. Begin with “TCP”\./);
        expect(out).not.toContain('\u001b');
    });

    it('ends with 2 where the options cannot be used', async () => {
        const { exitCode, out, complaints } = await run(['https://bot.example.com/']);
        expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
        expect(complaints).toMatch(/must be a wss:\/\/ address/);
    });
});
