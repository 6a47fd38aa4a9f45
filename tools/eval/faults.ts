import type { ConnectionPlan, FakeOpenAI } from '../fake-openai';
import type { FaultOfCase } from './case-schema';
import type { ScriptedCaller } from './scripted-caller';

/** After the answer began to be heard, ms, unless the case says another time. */
const LOST_AFTER_MS = 500;
/** Longer than any call. */
const NEVER_MS = 3_600_000;

/** What is wrong with the model from the start. */
export function plansOf(faults: readonly FaultOfCase[]): ConnectionPlan {
    return Object.assign({}, ...faults.map(planOf)) as ConnectionPlan;
}

function planOf(fault: FaultOfCase): ConnectionPlan {
    if (!('openai' in fault)) return {};
    switch (fault.openai) {
        case 'refuses_key':
            return { refuse: 'invalid_api_key' };
        case 'no_quota':
            return { refuse: 'insufficient_quota' };
        case 'hangs':
            return { hangUpgrade: true };
        case 'unreachable':
            return {};
    }
}

/** Lets the model be lost when its time has come. */
export function arm(faults: readonly FaultOfCase[], fake: FakeOpenAI, caller: ScriptedCaller): void {
    for (const fault of faults) {
        if (!('lose_openai' in fault)) continue;
        const { turn, after_ms: afterMs = LOST_AFTER_MS } = fault;
        const isTime = (): boolean =>
            caller.answers > turn || (caller.answers === turn && caller.heardOfAnswerMs >= afterMs);
        void caller.until(isTime, NEVER_MS).then((isReached) => {
            if (!isReached) return;
            const isCut = fault.lose_openai === 'cut';
            if (fault.comes_back !== true) caller.isPatient = true;
            if (fault.comes_back !== true) fake.plan(isCut ? { httpStatus: 503 } : { hangUpgrade: true }, 'every');
            for (const session of fake.sessions.filter(({ closed }) => closed === undefined))
                if (isCut) session.cut();
                else session.freeze();
        });
    }
}
