import {
    FILLER_EVERY_MS,
    SILENCE_RULES,
    type Setting,
    type SilenceAction,
    type SilenceRule,
    type SilenceSettings,
} from './silence-rules';

const NEVER = Infinity;

/** A rule that is pending in one call. Times are by the call's clock, ms. */
export interface PendingRule {
    rule: SilenceRule;
    /** Infinity: it is not pending any more. */
    dueMs: number;
    /** What `dueMs` was counted with. */
    gapMs: number;
    /** When it became pending. */
    begunMs: number;
    count: number;
}

/** Which rules about silence are pending in one call, and when each of them is due. It knows no call and sets no timer. */
export class PendingRules {
    /** In no order. An object serves another rule when its own is not pending any more: most calls need four or five of them. */
    private readonly all: PendingRule[] = [];

    constructor(private readonly settings: SilenceSettings) {}

    /** When the next rule is due; Infinity: none is pending. */
    get nextDueMs(): number {
        let nextMs = NEVER;
        for (const { dueMs } of this.all) nextMs = Math.min(nextMs, dueMs);
        return nextMs;
    }

    /** undefined: the rule is not pending. */
    pending(rule: SilenceRule): PendingRule | undefined {
        const each = this.objectOf(rule);
        return each?.dueMs === NEVER ? undefined : each;
    }

    /** `afterMs` of the rule, ms. */
    afterMs({ afterMs }: SilenceRule): number {
        return this.valueOf(afterMs);
    }

    /** Makes a rule pending that counts from `atMs`. One with fallback options replaces the pending one of the same action. */
    begin(rule: SilenceRule, atMs: number, nowMs: number): void {
        if (rule.needsFallback === true) {
            this.end((other) => other.needsFallback === true && other.action === rule.action);
        }
        const afterMs = this.afterMs(rule);
        const each = this.objectFor(rule);
        if (rule.waitsFor === 'bot') each.count = 0;
        each.begunMs = nowMs;
        each.gapMs = afterMs;
        // A setting of 0 switches its rules off.
        each.dueMs = afterMs === 0 ? NEVER : atMs + afterMs;
    }

    /** A rule is due at `dueMs`, whenever it began; Infinity: it is not pending. */
    setDue(rule: SilenceRule, dueMs: number): void {
        const each = dueMs === NEVER ? this.objectOf(rule) : this.objectFor(rule);
        if (each !== undefined) each.dueMs = dueMs;
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

    /** The caller is active: what is done about their silence counts anew. */
    forgetCounts(): void {
        for (const each of this.all) if (each.rule.waitsFor === 'caller') each.count = 0;
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
                each.dueMs = nowMs + this.afterMs(each.rule);
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
        const { rule } = each;
        const { everyMs, atMost = NEVER } = rule;
        each.dueMs = NEVER;
        if (each.count >= this.valueOf(atMost))
            return SILENCE_RULES.find((other) => other.state === rule.state && other.following === rule.action);
        each.count += 1;
        if (everyMs === undefined || (rule.action === 'filler' && !this.isPending('takeover'))) return rule;
        each.gapMs = this.valueOf(everyMs);
        each.dueMs = nowMs + each.gapMs;
        return rule;
    }

    private objectOf(rule: SilenceRule): PendingRule | undefined {
        for (const each of this.all) if (each.rule === rule) return each;
        return undefined;
    }

    private objectFor(rule: SilenceRule): PendingRule {
        const own = this.objectOf(rule);
        if (own !== undefined) return own;
        const free = this.all.find(isFree);
        if (free === undefined) {
            const made = { rule, dueMs: NEVER, gapMs: 0, begunMs: 0, count: 0 };
            this.all.push(made);
            return made;
        }
        free.rule = rule;
        free.gapMs = 0;
        free.begunMs = 0;
        free.count = 0;
        return free;
    }

    private valueOf(setting: Setting): number {
        return typeof setting === 'number' ? setting : setting(this.settings);
    }
}

/** Only the caller's rules are counted beyond the time in which they are pending. */
function isFree({ rule, dueMs, count }: PendingRule): boolean {
    return dueMs === NEVER && (rule.waitsFor === 'bot' || count === 0);
}
