import type { Clock } from '../../support/clock';
import { faultFields } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import type { FunctionCall } from '../realtime/events';
import type { CallContext, Tool, ToolRecord, ToolResult } from './tool';
import { failureOf, resultOf, type ToolOutcome } from './tool-outcome';
import type { SessionTool, Toolbox } from './toolbox';

export { MAX_OUTPUT_CHARS, type ToolOutcome } from './tool-outcome';

/** A tool that takes longer has failed, unless it sets a limit of its own: the caller hears nothing meanwhile. */
export const TOOL_LIMIT_MS = 8000;
/** A tool that takes longer needs a word to the caller. */
export const FILLER_AFTER_MS = 1500;
/** Calls of one answer that are run; the model is told to ask for the others again. */
export const MAX_CALLS_AT_ONCE = 8;
/** Calls in one telephone call; a model that wants more goes round in a circle. */
export const MAX_CALLS = 200;
const MAX_ARGUMENT_CHARS = 16_384;
const MAX_KNOWN_CALLS = 256;
const MAX_NAME_CHARS = 64;

export interface ToolRunnerDeps {
    clock: Clock;
    call: CallContext;
    /** Hears of every call of a tool, once, when it is over. */
    onRecord?: ((record: ToolRecord) => void) | undefined;
}

/** A tool at work. */
interface Run {
    call: FunctionCall;
    tool: Tool;
    abort: AbortController;
    startedMs: number;
}

/** Runs what the model calls: only finished calls, each once, within a time limit; every fault becomes an output. */
export class ToolRunner {
    private readonly timers: TimerSet;
    private readonly known = new Set<string>();
    private readonly running = new Set<Run>();
    private batches = 0;
    private started = 0;
    private closed = false;

    constructor(
        private readonly toolbox: Toolbox,
        private readonly deps: ToolRunnerDeps,
    ) {
        this.timers = new TimerSet(deps.clock, (fault) => {
            deps.call.logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A timer of a tool failed.');
        });
    }

    /** The tools as the session is told of them (sheet, section D.3). */
    get definitions(): SessionTool[] {
        return this.toolbox.definitions;
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

    /**
     * Runs accepted calls side by side. Resolves when all have an outcome, in the order of the calls; never rejects.
     *
     * @param onSlow called with the words of the first tool that is still at work after `FILLER_AFTER_MS`; what it returns are the
     *   milliseconds after which it wants to be asked again, because the caller still hears something; 0: never
     */
    async run(calls: readonly FunctionCall[], onSlow?: (words: string | undefined) => number): Promise<ToolOutcome[]> {
        const timer = `batch ${++this.batches}`;
        const pending = calls.map((call, index) => this.runOne(call, index));
        if (onSlow !== undefined && this.slowest(calls) !== undefined) {
            const look = (): void => {
                const run = this.slowest(calls);
                if (run === undefined) return;
                const againMs = onSlow(run.tool.filler === false ? undefined : run.tool.filler);
                if (againMs > 0) this.timers.set(timer, againMs, look);
            };
            this.timers.set(timer, FILLER_AFTER_MS, look);
        }
        const outcomes = await Promise.all(pending);
        this.timers.cancel(timer);
        return outcomes;
    }

    /** Writes down a call that was made elsewhere, by an MCP server: one line, and the record. */
    readonly record = (record: ToolRecord): void => {
        const { name, callId, ms, outcome } = record;
        this.deps.call.logger.info({ tool: name, callId, ms, outcome }, 'A tool was called.');
        try {
            this.deps.onRecord?.(record);
        } catch (fault) {
            this.deps.call.logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A tool was not recorded.');
        }
    };

    /** The call has ended: aborts what runs. Outcomes that still come are the owner's to drop. */
    close(): void {
        this.closed = true;
        this.timers.clear();
        for (const run of [...this.running]) {
            this.end(run, 'aborted');
            run.abort.abort();
        }
    }

    /** A tool is running. */
    get isAtWork(): boolean {
        return this.running.size > 0;
    }

    private slowest(calls: readonly FunctionCall[]): Run | undefined {
        for (const run of this.running) if (calls.includes(run.call) && run.tool.filler !== false) return run;
        return undefined;
    }

    private async runOne(call: FunctionCall, index: number): Promise<ToolOutcome> {
        const startedMs = this.deps.clock.nowMs();
        const ready = this.prepare(call, index);
        if ('outcome' in ready) {
            this.write(call, startedMs, ready.outcome);
            return ready;
        }
        const run = { call, tool: ready.tool, abort: new AbortController(), startedMs };
        this.running.add(run);
        const outcome = await this.outcomeOf(run, ready.args);
        this.timers.cancel(`limit ${call.callId}`);
        this.end(run, outcome.outcome);
        return outcome;
    }

    /** The tool and its arguments, or why it is not run. */
    private prepare(call: FunctionCall, index: number): { tool: Tool; args: unknown } | ToolOutcome {
        const refused = (why: string): ToolOutcome => failureOf(call, 'refused', why);
        if (index >= MAX_CALLS_AT_ONCE) return refused('Too many calls at once; make this one again.');
        if (this.closed || ++this.started > MAX_CALLS) return refused('Too many calls; go on without functions.');
        const tool = this.toolbox.find(call.name);
        if (tool === undefined) return refused('There is no such function.');
        const args = parseArguments(call.argumentsJson);
        if (args === undefined) return refused('The arguments are not valid JSON.');
        const problem = this.check(tool, args.value);
        return problem === undefined ? { tool, args: args.value } : refused(problem);
    }

    private check(tool: Tool, args: unknown): string | undefined {
        try {
            return this.toolbox.problemWith(tool, args);
        } catch (fault) {
            this.deps.call.logger.error({ tool: tool.name, ...faultFields(fault) }, 'A tool cannot be used.');
            return 'The function cannot be used.';
        }
    }

    private async outcomeOf(run: Run, args: unknown): Promise<ToolOutcome> {
        const { call, tool, abort } = run;
        const limitMs = tool.limitMs ?? TOOL_LIMIT_MS;
        try {
            return resultOf(call, await this.within(run, limitMs, tool.run(args, this.deps.call, abort.signal)));
        } catch (fault) {
            if (this.closed) return failureOf(call, 'aborted', 'The call has ended.');
            if (abort.signal.aborted)
                return failureOf(call, 'timeout', `The function gave no result within ${limitMs / 1000} seconds.`);
            this.deps.call.logger.warn({ tool: tool.name, ...faultFields(fault) }, 'A tool failed.');
            return failureOf(call, 'error', 'The function failed.');
        }
    }

    private within({ call, abort }: Run, limitMs: number, result: Promise<ToolResult>): Promise<ToolResult> {
        return new Promise((resolve, reject) => {
            abort.signal.addEventListener('abort', () => {
                reject(new Error('aborted'));
            });
            this.timers.set(`limit ${call.callId}`, limitMs, () => {
                abort.abort();
            });
            result.then(resolve, reject);
        });
    }

    private end(run: Run, outcome: ToolRecord['outcome']): void {
        if (this.running.delete(run)) this.write(run.call, run.startedMs, outcome);
    }

    private write({ name, callId }: FunctionCall, startedMs: number, outcome: ToolRecord['outcome']): void {
        const ms = Math.round(this.deps.clock.nowMs() - startedMs);
        // The model made both up: what is no name of ours may be anything.
        const known = this.toolbox.find(name) === undefined ? 'unknown' : name;
        this.record({ name: known, callId: callId.slice(0, MAX_NAME_CHARS), ms, outcome });
    }
}

/** An empty text stands for no arguments: models write both. */
function parseArguments(json: string): { value: unknown } | undefined {
    if (json.length > MAX_ARGUMENT_CHARS) return undefined;
    try {
        return { value: json.trim() === '' ? {} : JSON.parse(json) };
    } catch {
        return undefined;
    }
}
