/** What the machine, or the container, leaves to this process. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** Text of a file; undefined: it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/**
 * The part of one core that this process may use: 1, or less where a CPU quota of its control group is below one core. More cores do not
 * count, because one process works on one core.
 */
export function coreShare(read: ReadText = readText): number {
    return Math.min(1, quotaOfV2(read) ?? quotaOfV1(read) ?? 1);
}

/** Memory that this process may use, in bytes: the limit of its control group, or else the memory of the machine. */
export function memoryLimitBytes(): number {
    const limit = process.constrainedMemory();
    // Without a limit it is 0, or a number that is larger than any memory.
    return limit > 0 && limit < totalmem() ? limit : totalmem();
}

const ROOT = '/sys/fs/cgroup';

function quotaOfV2(read: ReadText): number | undefined {
    const group = /^0::(\/.+)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1] ?? '';
    const text = read(`${ROOT}${group}/cpu.max`) ?? read(`${ROOT}/cpu.max`);
    return ratio(text?.split(' ')[0], text?.split(' ')[1]);
}

function quotaOfV1(read: ReadText): number | undefined {
    return ratio(read(`${ROOT}/cpu/cpu.cfs_quota_us`), read(`${ROOT}/cpu/cpu.cfs_period_us`));
}

/** undefined: there is no quota (`max` or -1), or no such file. */
function ratio(quota: string | undefined, period: string | undefined): number | undefined {
    const share = Number(quota) / Number(period);
    return share > 0 && Number.isFinite(share) ? share : undefined;
}

function readText(path: string): string | undefined {
    try {
        return readFileSync(path, 'utf8');
    } catch {
        return undefined;
    }
}
