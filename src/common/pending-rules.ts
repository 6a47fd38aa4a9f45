import {
    FILLER_EVERY_MS,
    SILENCE_RULES,
    type Setting,
    type SilenceAction,
    type SilenceRule,
    type SilenceSettings,
} from './silence-rules';

const NEVER = Infinity;

/** A rule at work in one call. Times are by the call's clock, ms. */
export interface PendingRule {
    readonly rule: SilenceRule;
    readonly afterMs: number;
    readonly everyMs: number | undefined;
    readonly atMost: number;
    /** Infinity: it is not pending. */
    dueMs: number;
    /** What `dueMs` was counted with. */
    gapMs: number;
    /** When it became pending. */
    begunMs: number;
    count: number;
}

/** Which rules about silence are pending in one call, and when each of them is due. It knows no call and sets no timer. */
export class PendingRules {
    private readonly all: readonly PendingRule[];

    constructor(settings: SilenceSettings) {
        const valueOf = (setting: Setting): number => (typeof setting === 'number' ? setting : setting(settings));
        this.all = SILENCE_RULES.map((rule) => ({
            rule,
            afterMs: valueOf(rule.afterMs),
            everyMs: rule.everyMs === undefined ? undefined : valueOf(rule.everyMs),
            atMost: rule.atMost === undefined ? NEVER : valueOf(rule.atMost),
            dueMs: NEVER,
            gapMs: 0,
            begunMs: 0,
            count: 0,
        }));
    }

    /** When the next rule is due; Infinity: none is pending. */
    get nextDueMs(): number {
        let nextMs = NEVER;
        for (const { dueMs } of this.all) nextMs = Math.min(nextMs, dueMs);
        return nextMs;
    }

    [Symbol.iterator](): Iterator<PendingRule> {
        return this.all[Symbol.iterator]();
    }

    /** Makes a rule pending that counts from `atMs`. One with fallback options replaces the pending one of the same action. */
    begin(each: PendingRule, atMs: number, nowMs: number): void {
        const { rule } = each;
        if (rule.needsFallback === true) {
            this.end((other) => other.needsFallback === true && other.action === rule.action);
        }
        if (rule.waitsFor === 'bot') each.count = 0;
        each.begunMs = nowMs;
        each.gapMs = each.afterMs;
        // A setting of 0 switches its rules off.
        each.dueMs = each.afterMs === 0 ? NEVER : atMs + each.afterMs;
    }

    /** Gives pending rules of an action more time, until `untilMs`. */
    extend(action: SilenceAction, untilMs: number, nowMs: number): void {
        for (const each of this.all) {
            if (each.rule.action !== action || each.dueMs === NEVER || each.dueMs >= untilMs) continue;
            each.dueMs = untilMs;
            each.gapMs = untilMs - nowMs;
        }
    }

    end(isMeant: (rule: SilenceRule) => boolean): void {
        for (const each of this.all) if (isMeant(each.rule)) each.dueMs = NEVER;
    }

    has(isMeant: (rule: SilenceRule) => boolean): boolean {
        return this.all.some((each) => each.dueMs !== NEVER && isMeant(each.rule));
    }

    isPending(action: SilenceAction): boolean {
        return this.has((rule) => rule.action === action);
    }

    /** The caller hears nothing since `nowMs`, which may be earlier than was computed. */
    soundEnded(nowMs: number): void {
        for (const each of this.all) {
            if (each.rule.counts === undefined && each.dueMs !== NEVER)
                each.dueMs = Math.min(each.dueMs, nowMs + each.gapMs);
        }
    }

    /** A filler plays until `quietAtMs`: the next one comes 5 s later, and only before a takeover. */
    fillerPlays(quietAtMs: number): void {
        if (!this.isPending('takeover')) return;
        for (const each of this.all) {
            if (each.rule.action !== 'filler' || each.dueMs === NEVER) continue;
            each.gapMs = FILLER_EVERY_MS;
            each.dueMs = quietAtMs + FILLER_EVERY_MS;
        }
    }

    /** Nothing counted from `pausedAtMs` to `nowMs`: the bot gets that much more time, and the caller's time begins anew. */
    resume(pausedAtMs: number, nowMs: number): void {
        for (const each of this.all) {
            if (each.dueMs === NEVER) continue;
            if (each.rule.waitsFor === 'caller') {
                each.count = 0;
                each.dueMs = nowMs + each.afterMs;
                continue;
            }
            // What counts from the end of sound may not have counted yet when the pause began, or when it ends.
            const countsFromMs = Math.max(pausedAtMs, each.begunMs, each.dueMs - each.gapMs);
            each.dueMs += Math.max(0, nowMs - countsFromMs);
        }
    }

    /**
     * Counts a rule that is due, and sets when it is due again.
     *
     * @returns the rule to act by: itself, or the one that follows when it was done as often as it may be; undefined: none
     */
    take(each: PendingRule, nowMs: number): SilenceRule | undefined {
        const { rule, everyMs } = each;
        each.dueMs = NEVER;
        if (each.count >= each.atMost)
            return SILENCE_RULES.find((other) => other.state === rule.state && other.following === rule.action);
        each.count += 1;
        if (everyMs === undefined || (rule.action === 'filler' && !this.isPending('takeover'))) return rule;
        each.gapMs = everyMs;
        each.dueMs = nowMs + everyMs;
        return rule;
    }
}
