import { PendingRules } from '../../src/common/pending-rules';
import { SILENCE_RULES, type SilenceState } from '../../src/common/silence-rules';

describe('the pending rules of a call', () => {
    const settings = { noInputMs: 7000, maxReprompts: 2, deadAirMs: 4000 };

    function begin(rules: PendingRules, state: SilenceState): void {
        for (const rule of SILENCE_RULES)
            if (rule.state === state && rule.needsNoFallback !== true && rule.following === undefined)
                rules.begin(rule, 0, 0);
    }

    it('need memory only for as many rules as are pending at once', () => {
        const rules = new PendingRules(settings);
        const objects = (): number => (Object.values(rules) as unknown[]).flat().length - 1;
        const before = objects();
        for (const state of ['first_audio', 'response', 'rest_of_response', 'voice_ended', 'response'] as const) {
            rules.end(() => true);
            begin(rules, state);
        }
        expect([before, objects()]).toEqual([0, 3]);
    });

    it('keep how often the caller was asked, while the rule is not pending', () => {
        const rules = new PendingRules(settings);
        const asked: (string | undefined)[] = [];
        for (let round = 0; round < 3; round++) {
            begin(rules, 'response');
            rules.end(() => true);
            begin(rules, 'caller_turn');
            for (const rule of SILENCE_RULES) {
                const each = rules.pending(rule);
                if (each !== undefined) asked.push(rules.take(each, 7000)?.action);
            }
        }
        expect(asked).toEqual(['ask_again', 'ask_again', 'goodbye']);
    });
});
