import type { DTMFConfig } from '../../src/config/config';
import { DTMFService, type DigitRequest, type DigitResult } from '../../src/services/dtmf-service';
import { FakeClock } from '../support/fake-clock';

const CONFIG: DTMFConfig = { terminator: '#', singleKeys: '', maxDigits: 6, interDigitMs: 3000, totalMs: 10_000 };

/** A service, and what comes out of it. */
export function bench(changes: Partial<DTMFConfig> = {}) {
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

/** A listener that fails. */
export function refuse(): never {
    throw new Error('the listener failed');
}
