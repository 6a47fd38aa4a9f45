import fc from 'fast-check';
import { SparseMap, SparseSet } from '../../src/support/sparse';

const KEY = fc.constantFrom('a', 'b', 'c');
const STEP = fc.oneof(
    fc.record({ put: KEY, value: fc.nat(3) }),
    fc.record({ remove: KEY }),
    fc.constant({ clear: true as const }),
);
type Step = { put: string; value: number } | { remove: string } | { clear: true };

describe('sparse collections', () => {
    it('hold no Map and no Set while they are empty', () => {
        const [map, set] = [new SparseMap<string, number>(), new SparseSet<string>()];
        const held = (): unknown[] => [map, set].flatMap((each) => Object.values(each) as unknown[]);
        map.set('a', 1);
        set.add('a');
        expect(held()).toEqual([new Map([['a', 1]]), new Set(['a'])]);
        map.delete('a');
        set.delete('a');
        expect(held()).toEqual([undefined, undefined]);
    });

    it('hold what a Map and a Set would, in the same order', () => {
        fc.assert(
            fc.property(fc.array(STEP, { maxLength: 30 }), (steps: Step[]) => {
                const [map, set] = [new SparseMap<string, number>(), new SparseSet<string>()];
                const [plainMap, plainSet] = [new Map<string, number>(), new Set<string>()];
                for (const step of steps) {
                    if ('put' in step) {
                        for (const each of [map, plainMap]) each.set(step.put, step.value);
                        for (const each of [set, plainSet]) each.add(step.put);
                    } else if ('remove' in step) {
                        expect(map.delete(step.remove)).toBe(plainMap.delete(step.remove));
                        expect(set.delete(step.remove)).toBe(plainSet.delete(step.remove));
                    } else for (const each of [map, set, plainMap, plainSet]) each.clear();
                    expect([[...map], [...map.keys()], [...map.values()], map.size]).toEqual([
                        [...plainMap],
                        [...plainMap.keys()],
                        [...plainMap.values()],
                        plainMap.size,
                    ]);
                    expect([[...set], [...set.values()], set.size]).toEqual([
                        [...plainSet],
                        [...plainSet],
                        plainSet.size,
                    ]);
                    for (const key of ['a', 'b', 'c']) {
                        expect([map.has(key), map.get(key)]).toEqual([plainMap.has(key), plainMap.get(key)]);
                        expect(set.has(key)).toBe(plainSet.has(key));
                    }
                }
            }),
        );
    });
});
