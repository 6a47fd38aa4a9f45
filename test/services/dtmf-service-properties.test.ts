import fc from 'fast-check';
import type { DTMFConfig } from '../../src/config/config';
import { DTMFService, type DigitResult } from '../../src/services/dtmf-service';
import { FakeClock } from '../support/fake-clock';

const TERMINATOR = '#';
const key = fc.constantFrom(...Array.from('0123456789*#'));
const pauseMs = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 12_000 }));
const config = fc.record({
    terminator: fc.constant(TERMINATOR),
    singleKeys: fc.constantFrom('', '1', '10*'),
    maxDigits: fc.integer({ min: 1, max: 8 }),
    interDigitMs: fc.integer({ min: 500, max: 5000 }),
    totalMs: fc.integer({ min: 1000, max: 20_000 }),
});

interface Run {
    entries: { digits: string; atMs: number }[];
    presses: { key: string; atMs: number }[];
}

function run(settings: DTMFConfig, keys: readonly (readonly [string, number])[]): Run {
    const clock = new FakeClock();
    const result: Run = { entries: [], presses: [] };
    const service = new DTMFService({ clock, onFault: fail, config: settings });
    service.on('entry', (digits) => result.entries.push({ digits, atMs: clock.nowMs() }));
    for (const [pressed, waitMs] of keys) {
        clock.advance(waitMs);
        result.presses.push({ key: pressed, atMs: clock.nowMs() });
        service.processDigit(pressed);
    }
    clock.advance(settings.totalMs);
    expect(clock.pendingCount).toBe(0);
    service.close();
    return result;
}

function fail(fault: unknown): never {
    throw fault;
}

describe('for all keys, pauses and settings', () => {
    it('free entries, one after the other, are the keys without the terminators, and none is empty or too long', () => {
        fc.assert(
            fc.property(config, fc.array(fc.tuple(key, pauseMs), { maxLength: 40 }), (settings, keys) => {
                const { entries } = run(settings, keys);
                const pressed = keys.map(([digit]) => digit).filter((digit) => digit !== TERMINATOR);
                expect(entries.map(({ digits }) => digits).join('')).toBe(pressed.join(''));
                for (const { digits } of entries) {
                    expect(digits.length).toBeGreaterThan(0);
                    expect(digits.length).toBeLessThanOrEqual(settings.maxDigits);
                }
            }),
        );
    });

    it('no entry lasts longer than the total time, or waits longer than the time between two keys', () => {
        fc.assert(
            fc.property(config, fc.array(fc.tuple(key, pauseMs), { maxLength: 40 }), (settings, keys) => {
                const { entries, presses } = run(settings, keys);
                const digitPresses = presses.filter((press) => press.key !== TERMINATOR);
                let from = 0;
                for (const { digits, atMs } of entries) {
                    const own = digitPresses.slice(from, from + digits.length);
                    from += digits.length;
                    expect(atMs - (own[0]?.atMs ?? NaN)).toBeLessThanOrEqual(settings.totalMs);
                    expect(atMs - (own.at(-1)?.atMs ?? NaN)).toBeLessThanOrEqual(settings.interDigitMs);
                    for (const [i, press] of own.entries()) {
                        expect(press.atMs - (own[i - 1] ?? press).atMs).toBeLessThanOrEqual(settings.interDigitMs);
                    }
                }
            }),
        );
    });

    it('every request is answered exactly once, and no key reaches two of them', () => {
        const step = fc.oneof(
            fc.record({ kind: fc.constant('key' as const), key, waitMs: pauseMs }),
            fc.record({
                kind: fc.constant('collect' as const),
                maxDigits: fc.integer({ min: 1, max: 6 }),
                terminator: fc.constantFrom(undefined, '', '*'),
            }),
        );
        fc.assert(
            fc.property(config, fc.array(step, { maxLength: 50 }), (settings, steps) => {
                const clock = new FakeClock();
                const service = new DTMFService({ clock, onFault: fail, config: settings });
                const results: DigitResult[][] = [];
                let delivered = '';
                service.on('entry', (digits) => (delivered += digits));
                for (const one of steps) {
                    if (one.kind === 'key') {
                        clock.advance(one.waitMs);
                        service.processDigit(one.key);
                        continue;
                    }
                    const own: DigitResult[] = [];
                    results.push(own);
                    const done = (result: DigitResult): void => {
                        own.push(result);
                        delivered += result.digits;
                    };
                    const { maxDigits, terminator } = one;
                    const request = { name: 'number', maxDigits, secure: true, done };
                    service.collect(terminator === undefined ? request : { ...request, terminator });
                }
                service.close();
                expect(results.map((own) => own.length)).toEqual(results.map(() => 1));
                expect(clock.pendingCount).toBe(0);
                const pressed = steps.flatMap((one) => (one.kind === 'key' ? [one.key] : []));
                expect(isSubsequence(delivered, pressed)).toBe(true);
            }),
        );
    });
});

/** Whether `short` comes from `long` by leaving keys out: nothing doubled, nothing reordered. */
function isSubsequence(short: string, long: readonly string[]): boolean {
    let found = 0;
    for (const pressed of long) if (pressed === short[found]) found += 1;
    return found === short.length;
}
