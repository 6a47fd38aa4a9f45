import type { Clock } from '../../src/support/clock';
import { MANNERS, type Manner, type MannerName, type Severity, type Violation } from './manner-catalogue';

/** What a call was checked for, and what was found. */
export interface MannersReport {
    /** Manners that had an occasion to be kept or broken, by number. */
    checked: Manner[];
    /** Breaches that put a call at risk. */
    broken: Violation[];
    /** Breaches that a client copes with. */
    warned: Violation[];
}

/** Keeps the score: which manners were looked at, and every breach. */
export class Judge {
    private readonly looked = new Set<MannerName>();
    private readonly violations: Violation[] = [];

    /** `startedAtMs` is the zero of `atMs` in violations, on the clock's monotonic scale. */
    constructor(
        private readonly clock: Clock,
        private readonly startedAtMs: number,
        private readonly onViolation: (violation: Violation) => void,
    ) {}

    /** Notes that `name` was looked at; a breach unless it `holds`. Returns `holds`. */
    check(name: MannerName, holds: boolean, detail: string, severity: Severity = 'fail'): boolean {
        this.looked.add(name);
        if (holds) return true;
        const violation = { manner: MANNERS[name], severity, atMs: this.clock.nowMs() - this.startedAtMs, detail };
        this.violations.push(violation);
        this.onViolation(violation);
        return false;
    }

    report(): MannersReport {
        const checked = [...this.looked].map((name) => MANNERS[name]).sort((a, b) => a.number - b.number);
        return {
            checked,
            broken: this.violations.filter(({ severity }) => severity === 'fail'),
            warned: this.violations.filter(({ severity }) => severity === 'warn'),
        };
    }
}
