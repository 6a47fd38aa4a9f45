import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config';
import { describeWith, findProgram, shipped } from './proxy-process';

const ANALYZE = findProgram('/usr/bin/systemd-analyze');
const UNITS = readdirSync(join(__dirname, '..', '..', 'deploy', 'systemd'));
const SERVICES = UNITS.filter((name) => name.endsWith('.service'));

/** The values of a key, in order. */
function valuesOf(unit: string, key: string): string[] {
    const lines = shipped('systemd', unit).split('\n');
    return lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
}

describe('deploy/systemd', () => {
    it.each(SERVICES)('%s stops no call before drain and goodbyes are over', (unit) => {
        const { shutdownDrainSeconds, shutdownGraceSeconds } = loadConfig({});
        const [seconds] = valuesOf(unit, 'TimeoutStopSec');
        expect(Number(seconds)).toBeGreaterThanOrEqual(shutdownDrainSeconds + shutdownGraceSeconds + 10);
        expect(valuesOf(unit, 'KillMode')).toEqual(['mixed']);
        expect(valuesOf(unit, 'ExecStart')).toEqual(['/usr/bin/node dist/index.js']);
        expect(Number(valuesOf(unit, 'LimitNOFILE')[0])).toBeGreaterThanOrEqual(4096);
    });

    it('gives each instance the port that the proxies of deploy/ send calls to', () => {
        const [environment = ''] = valuesOf('audioconnector@.service', 'Environment');
        const ports = ['1', '2'].map((number) => / PORT=(\S+)/.exec(environment.replaceAll('%i', number))?.[1] ?? '');
        for (const port of ports) {
            expect(loadConfig({ PORT: port }).port).toBe(Number(port));
            expect(shipped('nginx', 'upstream.conf')).toContain(`server 127.0.0.1:${port} `);
            expect(shipped('caddy', 'Caddyfile')).toContain(`127.0.0.1:${port}`);
        }
    });

    it('has a target for all instances', () => {
        expect(valuesOf('audioconnector@.service', 'WantedBy')).toEqual(['audioconnector.target']);
        expect(valuesOf('audioconnector@.service', 'PartOf')).toEqual(['audioconnector.target']);
    });
});

describeWith('systemd-analyze', ANALYZE)('systemd-analyze verify', () => {
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'units-'));
        for (const name of UNITS)
            writeFileSync(join(folder, name), shipped('systemd', name).replace('/usr/bin/node', process.execPath));
    });

    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    /** What it complains about. */
    function complaints(unit: string): string {
        const env = { PATH: process.env['PATH'], SYSTEMD_UNIT_PATH: `${folder}:` };
        const { stderr, error } = spawnSync(ANALYZE ?? '', ['verify', '--man=no', join(folder, unit)], { env });
        if (error !== undefined) throw error;
        return stderr
            .toString()
            .split('\n')
            .filter((line) => line.includes(folder))
            .join('\n');
    }

    it.each(['audioconnector.service', 'audioconnector@1.service', 'audioconnector.target'])('takes %s', (unit) => {
        expect(complaints(unit)).toBe('');
    });

    it('would complain about a word that systemd does not know', () => {
        const unit = join(folder, 'audioconnector@.service');
        writeFileSync(unit, shipped('systemd', 'audioconnector@.service').replace('TimeoutStopSec', 'TimeoutStopSecs'));
        expect(complaints('audioconnector@1.service')).toContain("Unknown key 'TimeoutStopSecs'");
    });
});
