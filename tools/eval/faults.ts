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

type Loss = Extract<FaultOfCase, { lose_openai: unknown }>;

/** Lets the model be lost when its time has come. Returned is what tells, after the call, which losses never came: each in a sentence. */
export function arm(
    faults: readonly FaultOfCase[],
    fake: Pick<FakeOpenAI, 'plan' | 'sessions'>,
    caller: Pick<ScriptedCaller, 'answers' | 'heardOfAnswerMs' | 'until' | 'isPatient'>,
): () => string[] {
    const pending = new Map<Loss, string | undefined>();
    for (const fault of faults) {
        if (!('lose_openai' in fault)) continue;
        pending.set(fault, undefined);
        const { turn, after_ms: afterMs = LOST_AFTER_MS } = fault;
        const isTime = (): boolean =>
            caller.answers > turn || (caller.answers === turn && caller.heardOfAnswerMs >= afterMs);
        void caller.until(isTime, NEVER_MS).then((isReached) => {
            if (!isReached) return;
            const isCut = fault.lose_openai === 'cut';
            if (fault.comes_back !== true) caller.isPatient = true;
            if (fault.comes_back !== true) fake.plan(isCut ? { httpStatus: 503 } : { hangUpgrade: true }, 'every');
            const open = fake.sessions.filter(({ closed }) => closed === undefined);
            if (open.length > 0) pending.delete(fault);
            else pending.set(fault, 'at its time there was no connection to the model');
            for (const session of open)
                if (isCut) session.cut();
                else session.freeze();
        });
    }
    return () =>
        [...pending].map(
            ([fault, why]) => `${named(fault)} never came: ${why ?? whyNotReached(fault, caller.answers)}.`,
        );
}

function named({ lose_openai: how, turn }: Loss): string {
    return `\`lose_openai: ${how}\` with \`turn: ${turn}\``;
}

function whyNotReached({ turn, after_ms: afterMs = LOST_AFTER_MS }: Loss, answers: number): string {
    if (answers >= turn) return `answer ${turn} was heard for less than ${afterMs} ms (\`after_ms\`)`;
    return `the call had ${answers} ${answers === 1 ? 'turn' : 'turns'}, the greeting included`;
}
