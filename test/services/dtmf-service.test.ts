import { inspect } from 'node:util';
import { DTMFService, isTelephoneKey, maskDigits } from '../../src/services/dtmf-service';
import { FakeClock } from '../support/fake-clock';
import { bench, refuse } from './dtmf-bench';

describe('a free entry', () => {
    it('ends with the terminator, which is no part of it', () => {
        const { entries, press, clock } = bench();
        press('40*2#');
        expect(entries).toEqual(['40*2']);
        expect(clock.pendingCount).toBe(0);
    });

    it('ends when no key came for the time between two keys', () => {
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

    it('is a key of the menu alone, but only when that is pressed first', () => {
        const { entries, press, clock } = bench({ singleKeys: '1*' });
        press('1*21#');
        expect(entries).toEqual(['1', '*', '21']);
        expect(clock.pendingCount).toBe(0);
    });

    it('may be the terminator alone, when the menu has that key', () => {
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

    it.each(['A', 'd', '10', '', ' ', '٣', 'constructor'])('ignores %p, which no telephone has', (key) => {
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
