import { isInstalled } from '../../bench/prometheus';

/** A machine without the programs skips these tests and says so; in CI that is a fault. */
const has = { prometheus: isInstalled('prometheus'), promtool: isInstalled('promtool') };

/** `describe`, or `describe.skip` where the program is not installed. */
export function describeWith(program: keyof typeof has): jest.Describe {
    if (has[program] || process.env['CI'] !== undefined) return describe;
    process.stderr.write(`${program}: skipped\n`);
    return describe.skip;
}
