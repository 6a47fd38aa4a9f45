const { statSync } = require('node:fs');

/** What takes about a minute or more begins first, so that no worker is left with it alone at the end. The size of a file says nothing of that. */
const SLOW = [
    'test/tools/console/browser.test.ts',
    'test/tools/doctor/refused-signatures.test.ts',
    'test/shared-state/replicas.test.ts',
    'test/tools/eval/seeded-faults.test.ts',
];

/** The order in which Jest begins the suites: the slow ones, then by size, the largest first. */
module.exports = class SlowFirst {
    sort(tests) {
        const weight = ({ path }) => {
            const at = SLOW.findIndex((name) => path.endsWith(name));
            return at < 0 ? statSync(path).size : Number.MAX_SAFE_INTEGER - at;
        };
        return [...tests].sort((a, b) => weight(b) - weight(a));
    }

    allFailedTests(tests) {
        return tests;
    }

    cacheResults() {}

    shard(tests) {
        return tests;
    }
};
