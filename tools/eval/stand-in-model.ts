import type { Clock } from '../../src/support/clock';
import { isFields } from '../../src/support/json';
import { startFakeOpenAI, type FakeOpenAI } from '../fake-openai';
import type { EvalCase, FaultOfCase } from './case-schema';
import { arm, plansOf } from './faults';
import type { ModelScript } from './model-script';
import type { ModelSide, Truncation } from './model-side';
import type { Failure } from './result';
import type { ScriptedCaller } from './scripted-caller';
import type { Sound } from './voice';

const KEY = 'sk-the-stand-in';
const NOWHERE = 'ws://127.0.0.1:9/v1/realtime';

export interface StandInOptions {
    readonly clock: Clock;
    readonly seed: number;
    readonly evalCase: EvalCase;
    readonly script: ModelScript;
    /** What the caller has said since this was asked last. */
    readonly callerWords: () => string;
}

/** The stand-in for OpenAI's Realtime API: it does what the case says. */
export class StandInModel implements ModelSide {
    private faultsThatNeverCame: () => string[] = () => [];

    private constructor(
        private readonly fake: FakeOpenAI,
        private readonly script: ModelScript,
        private readonly evalCase: EvalCase,
    ) {}

    static async start({ clock, seed, evalCase, script, callerWords }: StandInOptions): Promise<StandInModel> {
        const fake = await startFakeOpenAI({
            clock,
            seed,
            response: (request) => script.respond(request),
            callerTranscript: { texts: callerWords },
            plan: plansOf(evalCase.faults ?? []),
        });
        return new StandInModel(fake, script, evalCase);
    }

    get settings(): Record<string, string> {
        const { openai = true, faults = [] } = this.evalCase;
        const isUnreachable = faults.some((fault) => 'openai' in fault && fault.openai === 'unreachable');
        return openai ? { OPENAI_API_KEY: KEY, OPENAI_REALTIME_URL: isUnreachable ? NOWHERE : this.fake.url } : {};
    }

    get isBusy(): boolean {
        return this.fake.sessions.some(
            ({ closed, activeResponseId }) => closed === undefined && activeResponseId !== undefined,
        );
    }

    get said(): readonly Sound[] {
        return this.script.said;
    }

    get wrongFrames(): string[] {
        return this.fake.faults.filter(({ benign }) => !benign).map(({ code, message }) => `${code}: ${message}`);
    }

    get missing(): Failure[] {
        const { missing, unused } = this.script;
        return [
            ...(missing === undefined ? [] : [{ of: 'model', why: missing }]),
            ...(unused === undefined ? [] : [{ of: 'model', why: unused }]),
            ...this.faultsThatNeverCame().map((why) => ({ of: 'faults', why })),
        ];
    }

    get truncations(): Truncation[] {
        return this.fake.sessions.flatMap((session) =>
            session.truncations.map(({ item_id: id, audio_end_ms: toldMs }, index) => {
                const text = session.items.find(({ itemId }) => itemId === id)?.text ?? '';
                const same = session.items.filter((each) => each.text === text);
                return { text, toldMs, index, nth: same.findIndex(({ itemId }) => itemId === id) };
            }),
        );
    }

    get given(): string {
        return this.fake.sessions
            .flatMap(({ frames }) => frames)
            .filter(({ type }) => type !== 'input_audio_buffer.append')
            .map((frame) => JSON.stringify(frame))
            .join('\n');
    }

    get argumentsById(): Map<string, string> {
        const sent = this.fake.sessions.flatMap((session) => session.sent);
        return new Map(
            sent.flatMap(({ event }) => {
                const item = event.type === 'response.output_item.done' ? event['item'] : undefined;
                if (!isFields(item) || item['type'] !== 'function_call') return [];
                return [[String(item['call_id']), String(item['arguments'])] as const];
            }),
        );
    }

    get language(): string | undefined {
        return this.fake.sessions[0]?.effective.audio.input.transcription?.language;
    }

    begin(faults: readonly FaultOfCase[], caller: ScriptedCaller): void {
        this.faultsThatNeverCame = arm(faults, this.fake, caller);
    }

    close(): Promise<void> {
        return this.fake.close();
    }
}
