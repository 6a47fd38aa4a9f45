import type { DigitResult } from '../../src/services/dtmf-service';
import { bench, refuse } from './dtmf-bench';

describe('a requested entry', () => {
    it('goes to the request, and is not a free entry', () => {
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

    it('is cancelled when its bot is gone, and keys are free again', () => {
        const { collect, press, entries, clock } = bench();
        const asker = new AbortController();
        const results = collect({ signal: asker.signal });
        press('47');
        asker.abort();
        expect(results).toEqual([{ digits: '', by: 'cancelled' }]);
        press('9#');
        expect(entries).toEqual(['9']);
        expect(collect({ signal: asker.signal })).toEqual([{ digits: '', by: 'cancelled' }]);
        expect(clock.pendingCount).toBe(0);
    });

    it('is left alone by the end of one that had asked before', () => {
        const { collect, press } = bench();
        const former = new AbortController();
        collect({ signal: former.signal });
        const results = collect();
        former.abort();
        press('1#');
        expect(results).toEqual([{ digits: '1', by: 'terminator' }]);
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
