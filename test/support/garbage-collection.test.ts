import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const MODULE = resolve(__dirname, '../../src/support/garbage-collection.ts');

/** Makes objects of which some live for a while, as calls do, and then tells how much memory V8 gives to new objects, in MiB. */
const LOAD = `
    const { getHeapSpaceStatistics } = require('node:v8');
    const kept = [];
    let rounds = 0;
    setInterval(() => {
        kept.push(Array.from({ length: 5000 }, (_, at) => ({ at })));
        if (kept.length > 40) kept.shift();
        rounds += 1;
        if (rounds < 160) return;
        const { space_used_size: used, space_available_size: free } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
        // Of two halves one is in use.
        console.log((2 * (used + free)) / 2 ** 20);
        process.exit();
    }, 10);
`;

function newSpaceMib(tuned: boolean, ...flags: string[]): number {
    const tune = tuned ? `require(${JSON.stringify(MODULE)}).tuneGarbageCollection();` : '';
    const args = [...flags, '--require', require.resolve('tsx/cjs'), '--eval', tune + LOAD];
    return Number(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 }));
}

describe('the garbage collection of the program', () => {
    it('gives new objects no more than 8 MiB, where V8 alone gives them more', () => {
        expect(newSpaceMib(true)).toBeLessThanOrEqual(8);
        expect(newSpaceMib(false)).toBeGreaterThan(8);
    }, 120_000);

    it('leaves a size as it is that the start of the program names', () => {
        expect(newSpaceMib(true, '--max-semi-space-size=16')).toBeGreaterThan(8);
    }, 120_000);
});
