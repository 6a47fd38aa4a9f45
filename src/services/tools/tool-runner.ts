import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import type { FunctionCall } from '../openai/realtime-events';
import type { Tool, ToolResult } from './tool';

/** A tool that takes longer has failed, unless it sets a limit of its own: the caller hears nothing meanwhile. */
export const TOOL_LIMIT_MS = 8000;
/** What the model is told of one call, at most. */
export const MAX_OUTPUT_CHARS = 16_384;
const MAX_KNOWN_CALLS = 256;

/** What is to be told to the model about one call. */
export interface ToolOutcome {
    call: FunctionCall;
    /** JSON text, at most `MAX_OUTPUT_CHARS` characters. */
    output: string;
    hangUp: boolean;
}

export interface ToolRunnerDeps {
    clock: Clock;
    logger: Logger;
}

/** Runs what the model calls: only finished calls, each once, within a time limit; every fault becomes an output. */
export class ToolRunner {
    private readonly tools: ReadonlyMap<string, Tool>;
    private readonly timers: TimerSet;
    private readonly known = new Set<string>();
    private readonly running = new Set<AbortController>();

    constructor(
        tools: readonly Tool[],
        private readonly deps: ToolRunnerDeps,
    ) {
        this.tools = new Map(tools.map((tool) => [tool.name, tool]));
        this.timers = new TimerSet(deps.clock, (fault) => {
            deps.logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A tool’s time limit failed.');
        });
    }

    /** The tools as the session is told of them (sheet, section D.3). */
    get definitions(): { type: 'function'; name: string; description: string; parameters: unknown }[] {
        return [...this.tools.values()].map(({ name, description, parameters }) => {
            return { type: 'function', name, description, parameters };
        });
    }

    /** Takes the calls that are finished and new; each `call_id` is given out once. */
    accept(calls: readonly FunctionCall[]): FunctionCall[] {
        return calls.filter((call) => {
            if (!call.completed || this.known.has(call.callId)) return false;
            this.known.add(call.callId);
            if (this.known.size > MAX_KNOWN_CALLS) this.known.delete(this.known.values().next().value ?? '');
            return true;
        });
    }

    /** Runs accepted calls side by side. Resolves when all have an outcome, in the order of the calls; never rejects. */
    run(calls: readonly FunctionCall[]): Promise<ToolOutcome[]> {
        return Promise.all(calls.map((call) => this.runOne(call)));
    }

    /** The call has ended: aborts what runs. Outcomes that still come are the owner's to drop. */
    close(): void {
        this.timers.clear();
        for (const abort of this.running) abort.abort();
        this.running.clear();
    }

    private async runOne(call: FunctionCall): Promise<ToolOutcome> {
        const tool = this.tools.get(call.name);
        if (tool === undefined) return failure(call, 'There is no such function.');
        const args = parseArguments(call.argumentsJson);
        if (args === undefined) return failure(call, 'The arguments are not valid JSON.');
        const abort = new AbortController();
        const limitMs = tool.limitMs ?? TOOL_LIMIT_MS;
        this.running.add(abort);
        try {
            return succeed(call, await this.within(call.callId, limitMs, abort, tool.run(args.value, abort.signal)));
        } catch (fault) {
            return this.explain(call, limitMs, abort, fault);
        } finally {
            this.running.delete(abort);
            this.timers.cancel(call.callId);
        }
    }

    private within(
        name: string,
        limitMs: number,
        abort: AbortController,
        result: Promise<ToolResult>,
    ): Promise<ToolResult> {
        return new Promise((resolve, reject) => {
            abort.signal.addEventListener('abort', () => {
                reject(new Error('aborted'));
            });
            this.timers.set(name, limitMs, () => {
                abort.abort();
            });
            result.then(resolve, reject);
        });
    }

    private explain(call: FunctionCall, limitMs: number, abort: AbortController, fault: unknown): ToolOutcome {
        if (abort.signal.aborted) return failure(call, `The function gave no result within ${limitMs / 1000} seconds.`);
        this.deps.logger.warn({ tool: call.name, ...faultFields(fault) }, 'A tool failed.');
        return failure(call, 'The function failed.');
    }
}

/** An empty text stands for no arguments: models write both. */
function parseArguments(json: string): { value: unknown } | undefined {
    try {
        return { value: json.trim() === '' ? {} : JSON.parse(json) };
    } catch {
        return undefined;
    }
}

function succeed(call: FunctionCall, result: ToolResult): ToolOutcome {
    const text = JSON.stringify(result.output ?? null);
    const hangUp = result.hangUp === true;
    if (text.length <= MAX_OUTPUT_CHARS) return { call, output: text, hangUp };
    const beginning = text.slice(0, MAX_OUTPUT_CHARS / 4);
    return {
        call,
        output: JSON.stringify({ error: 'The result is too long; this is its beginning.', beginning }),
        hangUp,
    };
}

function failure(call: FunctionCall, error: string): ToolOutcome {
    return { call, output: JSON.stringify({ error }), hangUp: false };
}
