import { inspect } from 'node:util';
import type { DTMFConfig } from '../../src/common/environment-variables';
import {
    DTMFService,
    isTelephoneKey,
    maskDigits,
    type DigitRequest,
    type DigitResult,
} from '../../src/services/dtmf-service';
import { FakeClock } from '../support/fake-clock';

const CONFIG: DTMFConfig = { terminator: '#', singleKeys: '', maxDigits: 6, interDigitMs: 3000, totalMs: 10_000 };

function bench(changes: Partial<DTMFConfig> = {}) {
    const clock = new FakeClock();
    const faults: unknown[] = [];
    const entries: string[] = [];
    const service = new DTMFService({
        clock,
        onFault: (fault) => faults.push(fault),
        config: { ...CONFIG, ...changes },
    });
    service.on('entry', (digits) => entries.push(digits));
    const press = (keys: string): void => {
        for (const key of keys) service.processDigit(key);
    };
    const collect = (request: Partial<DigitRequest> = {}): DigitResult[] => {
        const results: DigitResult[] = [];
        const done = (result: DigitResult) => results.push(result);
        service.collect({ name: 'account', maxDigits: 8, secure: false, done, ...request });
        return results;
    };
    return { clock, faults, entries, service, press, collect };
}

function refuse(): never {
    throw new Error('the listener failed');
}

describe('a free entry', () => {
    it('G52: ends with the terminator, which is no part of it', () => {
        const { entries, press, clock } = bench();
        press('40*2#');
        expect(entries).toEqual(['40*2']);
        expect(clock.pendingCount).toBe(0);
    });

    it('G52: ends when no key came for the time between two keys', () => {
        const { entries, press, clock } = bench();
        press('4');
        clock.advance(2999);
        press('2');
        clock.advance(2999);
        expect(entries).toEqual([]);
        clock.advance(1);
        expect(entries).toEqual(['42']);
        expect(clock.pendingCount).toBe(0);
    });

    it('ends at its total time, counted from the first key, however busily keys are pressed', () => {
        const { entries, press, clock } = bench({ maxDigits: 64 });
        clock.advance(60_000);
        for (let i = 0; i < 10; i++) {
            press('1');
            clock.advance(999);
        }
        expect(entries).toEqual([]);
        clock.advance(10);
        expect(entries).toEqual(['1111111111']);
        press('2#');
        expect(entries).toEqual(['1111111111', '2']);
    });

    it('is complete at its greatest length, and the next key begins another one', () => {
        const { entries, press } = bench({ maxDigits: 3 });
        press('1234#');
        expect(entries).toEqual(['123', '4']);
    });

    it('emits nothing for a terminator alone', () => {
        const { entries, press, clock } = bench();
        press('###');
        clock.advance(20_000);
        expect(entries).toEqual([]);
    });

    it('has no terminator when none is configured', () => {
        const { entries, press, clock } = bench({ terminator: '' });
        press('1#');
        clock.advance(3000);
        expect(entries).toEqual(['1#']);
    });

    it('is a key of the menu by itself, but only when that is pressed first', () => {
        const { entries, press, clock } = bench({ singleKeys: '1*' });
        press('1*21#');
        expect(entries).toEqual(['1', '*', '21']);
        expect(clock.pendingCount).toBe(0);
    });

    it('may be the terminator by itself, when the menu has that key', () => {
        const { entries, press } = bench({ singleKeys: '#' });
        press('#2#');
        expect(entries).toEqual(['#', '2']);
    });

    it('takes 20 digits, #, 3 s and 30 s when nothing is configured', () => {
        const clock = new FakeClock();
        const entries: string[] = [];
        const service = new DTMFService({ clock, onFault: refuse });
        service.on('entry', (digits) => entries.push(digits));
        for (const key of `${'7'.repeat(20)}12#3`) service.processDigit(key);
        clock.advance(3000);
        expect(entries).toEqual(['7'.repeat(20), '12', '3']);
    });

    it.each(['A', 'd', '10', '', ' ', '٣', 'constructor'])('G52: ignores %p, which no telephone has', (key) => {
        const { entries, service, clock } = bench();
        expect(isTelephoneKey(key)).toBe(false);
        service.processDigit(key);
        expect(clock.pendingCount).toBe(0);
        service.processDigit('#');
        expect(entries).toEqual([]);
    });

    it('ends with the call, which takes no key any more', () => {
        const { entries, press, service, clock } = bench();
        press('12');
        service.close();
        press('86420#');
        clock.advance(20_000);
        expect(entries).toEqual([]);
        press('8642');
        expect(inspect(service, { depth: Infinity, showHidden: true })).not.toContain('8642');
    });

    it('reports a listener that throws, and goes on', () => {
        const { service, faults, entries, press, clock } = bench();
        service.prependOnceListener('entry', refuse);
        press('1#');
        expect(faults).toEqual([new Error('the listener failed')]);
        press('2');
        clock.advance(3000);
        expect(entries).toEqual(['2']);
    });
});

describe('a requested entry', () => {
    it('goes to whoever asked, and is not a free entry', () => {
        const { collect, press, entries, service, clock } = bench();
        const results = collect();
        expect(service.collecting).toEqual({ name: 'account', secure: false });
        press('4711#');
        expect(results).toEqual([{ digits: '4711', by: 'terminator' }]);
        expect(service.collecting).toBeUndefined();
        press('9#');
        expect(entries).toEqual(['9']);
        expect(results).toHaveLength(1);
        expect(clock.pendingCount).toBe(0);
    });

    it('has a length and a terminator of its own', () => {
        const { collect, press } = bench();
        const byLength = collect({ maxDigits: 8 });
        press('12345678');
        expect(byLength).toEqual([{ digits: '12345678', by: 'length' }]);
        const byStar = collect({ terminator: '*' });
        press('1#2*');
        expect(byStar).toEqual([{ digits: '1#2', by: 'terminator' }]);
        const byNone = collect({ terminator: '', maxDigits: 3 });
        press('#*#');
        expect(byNone).toEqual([{ digits: '#*#', by: 'length' }]);
    });

    it('is empty when only the terminator is pressed', () => {
        const { collect, press } = bench();
        const results = collect();
        press('#');
        expect(results).toEqual([{ digits: '', by: 'terminator' }]);
    });

    it('waits for its first key until the total time is over, counted from the request', () => {
        const { collect, clock } = bench();
        const results = collect();
        clock.advance(9999);
        expect(results).toEqual([]);
        clock.advance(1);
        expect(results).toEqual([{ digits: '', by: 'timeout' }]);
        expect(clock.pendingCount).toBe(0);
    });

    it('ends with what has come when a key is long in coming, or the total time is over', () => {
        const { collect, press, clock } = bench();
        const slow = collect();
        clock.advance(5000);
        press('1');
        clock.advance(3000);
        expect(slow).toEqual([{ digits: '1', by: 'timeout' }]);
        const late = collect();
        clock.advance(8000);
        press('12');
        clock.advance(2000);
        expect(late).toEqual([{ digits: '12', by: 'timeout' }]);
        expect(clock.pendingCount).toBe(0);
    });

    it('knows no menu: its first key may be any', () => {
        const { collect, press, entries } = bench({ singleKeys: '1' });
        const results = collect({ maxDigits: 4 });
        press('1234');
        expect(results).toEqual([{ digits: '1234', by: 'length' }]);
        expect(entries).toEqual([]);
    });

    it('drops the free entry in progress, which was not pressed in answer to it', () => {
        const { collect, press, entries, clock } = bench();
        press('99');
        const results = collect({ maxDigits: 4, secure: true });
        press('12#');
        clock.advance(20_000);
        expect(results).toEqual([{ digits: '12', by: 'terminator' }]);
        expect(entries).toEqual([]);
    });

    it('does not begin with the terminator that was pressed out of habit behind the last one', () => {
        const { collect, press, clock } = bench();
        collect({ maxDigits: 4 });
        press('1234');
        const second = collect({ maxDigits: 4 });
        clock.advance(2999);
        press('#56#');
        expect(second).toEqual([{ digits: '56', by: 'terminator' }]);
        collect({ maxDigits: 1 });
        press('1');
        const third = collect();
        clock.advance(3000);
        press('#');
        expect(third).toEqual([{ digits: '', by: 'terminator' }]);
    });

    it('is cancelled by the next one, without its digits', () => {
        const { collect, press, service } = bench();
        const first = collect({ name: 'card', secure: true });
        press('12');
        const second = collect({ name: 'pin' });
        expect(first).toEqual([{ digits: '', by: 'cancelled' }]);
        expect(service.collecting).toEqual({ name: 'pin', secure: false });
        press('3#');
        expect(second).toEqual([{ digits: '3', by: 'terminator' }]);
        expect(first).toHaveLength(1);
    });

    it('is cancelled by the end of the call, and after it at once', () => {
        const { collect, press, service, clock } = bench();
        const open = collect();
        press('12');
        service.close();
        service.close();
        const late = collect();
        press('3#');
        clock.advance(20_000);
        expect(open).toEqual([{ digits: '', by: 'cancelled' }]);
        expect(late).toEqual([{ digits: '', by: 'cancelled' }]);
        expect(service.collecting).toBeUndefined();
        expect(clock.pendingCount).toBe(0);
    });

    it('may be followed by another one that its own end asks for', () => {
        const { service, press, collect } = bench();
        let next: DigitResult[] = [];
        const done = () => {
            next = collect({ name: 'pin' });
        };
        service.collect({ name: 'card', maxDigits: 3, secure: true, done });
        press('12345#');
        expect(next).toEqual([{ digits: '45', by: 'terminator' }]);
    });

    it('leaves the last word to a request that the cancelled one makes', () => {
        const { service, press, collect } = bench();
        let inner: DigitResult[] = [];
        const done = () => {
            inner = collect({ name: 'inner' });
        };
        service.collect({ name: 'first', maxDigits: 3, secure: false, done });
        const outer = collect({ name: 'outer' });
        expect(outer).toEqual([{ digits: '', by: 'cancelled' }]);
        press('7#');
        expect(inner).toEqual([{ digits: '7', by: 'terminator' }]);
        expect(outer).toHaveLength(1);
    });

    it.each(['terminator', 'timeout', 'cancelled'])('reports a done that throws at its end by %s', (by) => {
        const { service, press, faults, clock, entries } = bench();
        service.collect({ name: 'pin', maxDigits: 4, secure: true, done: refuse });
        if (by === 'terminator') press('1#');
        else if (by === 'timeout') clock.advance(10_000);
        else service.collect({ name: 'next', maxDigits: 1, secure: false, done: () => undefined });
        expect(faults).toEqual([new Error('the listener failed')]);
        press('5');
        clock.advance(10_000);
        expect(entries).toEqual(by === 'cancelled' ? [] : ['5']);
    });
});

describe('secrecy', () => {
    it('keeps no digit of an entry that is over, or of a call that is', () => {
        const { service, collect, press } = bench();
        collect({ maxDigits: 4, secure: true });
        press('8642');
        expect(inspect(service, { depth: Infinity, showHidden: true })).not.toContain('8642');
        press('8642');
        expect(inspect(service, { depth: Infinity, showHidden: true })).toContain('8642');
        service.close();
        expect(inspect(service, { depth: Infinity, showHidden: true })).not.toContain('8642');
    });

    it.each([
        ['', ''],
        ['1', '*'],
        ['1234', '****'],
        ['12345678901', '***********'],
        ['123456789012', '********9012'],
        ['4111111111111234', '************1234'],
    ])('shows %p as %p', (digits, masked) => {
        expect(maskDigits(digits)).toBe(masked);
    });
});
