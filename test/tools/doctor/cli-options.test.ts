import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCliOptions } from '../../../tools/doctor/cli-options';
import { runDoctor } from '../../../tools/doctor/run-doctor';

describe('the options of npm run doctor', () => {
    it.each([
        [['https://host/path'], /wss:\/\/ address/],
        [['c2VjcmV0LXNlY3JldA=='], /wss:\/\/ address/],
        [['wss://a/', 'wss://b/'], /One URL/],
        [['wss://user:word@host/'], /user and password/],
        [['wss://host/#x'], /# part/],
        [['wss://host/', '--backend', 'a b'], /HOST:PORT/],
        [['wss://host/', '--ca', '/no/such/file'], /cannot be read.*ENOENT/],
        [['--listen', '99999'], /port from 0 to 65535/],
        [['--listen', '8080', '--json'], /no --json/],
        [['--long'], /needs a URL/],
        [['--hurry'], /hurry/],
    ])('%j cannot be used', (args, why) => {
        const read = readCliOptions(args);
        expect(read).toMatchObject({ ok: false, why: expect.stringMatching(why) as string });
        // What stands in the place of the URL may be a secret.
        expect(JSON.stringify(read)).not.toContain('c2VjcmV0');
    });

    it('are read', () => {
        const args = [
            'wss://host/a?b=1',
            '--key',
            'k',
            '--secret',
            's',
            '--long',
            '--no-call',
            '--backend',
            'http://b:1/x',
        ];
        expect(readCliOptions(args)).toMatchObject({
            ok: true,
            options: { key: 'k', secret: 's', isLong: true, placesCall: false, backends: ['b:1/x'], json: false },
        });
    });

    it('--ca takes certificates only', () => {
        const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
        writeFileSync(join(folder, 'ca.pem'), 'no certificate');
        expect(readCliOptions(['wss://host/', '--ca', join(folder, 'ca.pem')])).toMatchObject({ ok: false });
        rmSync(folder, { recursive: true });
    });

    it.each([
        ['options that cannot be used', ['wss://host/', '--hurry']],
        ['no key to call with', ['wss://host/']],
    ])('%s: exit code 2, and nothing is tried', async (_what, args) => {
        const complaints: string[] = [];
        const around = {
            env: {},
            directory: tmpdir(),
            print: () => {
                throw new Error('nothing is to be printed');
            },
            complain: (text: string) => complaints.push(text),
            progress: () => undefined,
            colour: false,
        };
        expect(await runDoctor(args, around)).toBe(2);
        expect(complaints.join('\n')).toContain('npm run doctor -- --help');
    });
});
