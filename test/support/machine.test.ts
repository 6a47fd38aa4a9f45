import { coreShare } from '../../src/support/machine';

const V1 = '/sys/fs/cgroup/cpu/cpu.cfs';

describe('the part of a core that the process may use', () => {
    it.each<[string, Record<string, string>, number]>([
        ['without a control group', {}, 1],
        ['without a quota', { '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, 1],
        ['with a quota of half a core', { '/sys/fs/cgroup/cpu.max': '50000 100000\n' }, 0.5],
        ['with a quota of four cores', { '/sys/fs/cgroup/cpu.max': '400000 100000\n' }, 1],
        [
            'with a quota of its own group',
            {
                '/proc/self/cgroup': '0::/system.slice/a.service\n',
                '/sys/fs/cgroup/system.slice/a.service/cpu.max': '25000 100000',
            },
            0.25,
        ],
        ['without a quota, version 1', { [`${V1}_quota_us`]: '-1\n', [`${V1}_period_us`]: '100000\n' }, 1],
        [
            'with a quota of 0.2 cores, version 1',
            { [`${V1}_quota_us`]: '20000\n', [`${V1}_period_us`]: '100000\n' },
            0.2,
        ],
        ['with files that hold something else', { '/sys/fs/cgroup/cpu.max': '?\n' }, 1],
    ])('%s', (_, files, share) => {
        expect(coreShare((path) => files[path])).toBe(share);
    });
});
