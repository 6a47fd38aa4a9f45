import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import type { ConversationEnd } from '../conversation';
import type { ToolEnd } from '../functions/tool';
import type { ToolOutcome, ToolRunner } from '../functions/tool-runner';
import type { FunctionCall, ResponseEnd, ServerEvent } from './events';
import { McpWatch } from './mcp-watch';
import type { Purpose } from './response-sequencer';
import { SparseSet } from '../../support/sparse';

/**
 * A goodbye that was requested and does not come within this time: the call ends without it. An active response may end first. Shorter
 * than a fallback ladder waits for a busy bot (`workMs`), because the next bot would know nothing of a transfer.
 */
const FAREWELL_LIMIT_MS = 8000;
const MAX_FAREWELL_LIMITS = 3;
const NOT_ENDED = JSON.stringify({ error: 'The caller spoke; the call goes on.' });

/** The model has hung up, or has said the goodbye that was requested. */
const HUNG_UP: ConversationEnd = {
    reason: 'completed',
    info: 'conversation finished',
    outputVariables: { end_reason: 'bot_ended' },
};

/** What function calls need of the conversation. */
export interface FunctionCallsPort {
    /** Tells the model the output of a call that was made in `session`. */
    tellOutput(call: FunctionCall, output: string, session: number): void;
    /** Requests a response. */
    ask(purpose: Purpose): void;
    /** A response is active that is not the goodbye. */
    isResponding(): boolean;
    /** The conversation ends once everything has been heard; if the caller interrupts it, it goes on. */
    hangUp(end: ConversationEnd): void;
    /** The conversation ends once everything has been heard, or was interrupted. */
    end(end: ConversationEnd): void;
    /**
     * A function runs for long: the caller should hear something, once for all calls of a response.
     *
     * @returns milliseconds after which to ask again, because the caller still hears something; 0: not again
     */
    filler(words: string | undefined): number;
}

/** Under which circumstances calls were made. */
interface Made {
    /** The caller heard something of the response. */
    spoke: boolean;
    /** The caller interrupted the response, or what they heard while the calls ran. */
    interrupted: boolean;
    session: number;
}

/**
 * The function calls of the model's responses (docs/REALTIME.md, 6.1) and the tools of MCP servers (6.2). Calls run when their response
 * is done, and all outputs are sent before one new response is requested. Also the goodbye, when a function hangs up.
 */
export class FunctionCalls {
    private readonly mcp: McpWatch;
    private readonly timers: TimerSet;
    private noted: FunctionCall[] = [];
    /** Calls that run, by response. */
    private readonly running = new SparseSet<Made>();
    /** How the call ends after the goodbye that was requested; undefined: plainly. */
    private pendingEnd: ToolEnd | undefined;
    /** Nothing is requested any more but the goodbye. */
    private isSayingGoodbye = false;
    /** The bot has hung up, and the caller may still hear the last of it. */
    private isHangingUp = false;
    /** What the model is told if the call goes on after all. */
    private untold: { outcomes: readonly ToolOutcome[]; session: number } | undefined;
    private isClosed = false;

    constructor(
        private readonly runner: ToolRunner,
        clock: Clock,
        private readonly logger: Logger,
        private readonly port: FunctionCallsPort,
    ) {
        this.timers = new TimerSet(clock, (fault) => {
            logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'The goodbye’s time limit failed.');
        });
        const ask = (): void => {
            port.ask('turn');
        };
        const filler = (): void => {
            port.filler(undefined);
        };
        this.mcp = new McpWatch({ ask, filler, record: runner.record }, clock, logger);
    }

    /** The goodbye that is requested hands the caller to a person. */
    get handsOver(): boolean {
        return this.pendingEnd !== undefined;
    }

    /** The end is settled: a session that is lost before the goodbye was said is not replaced. */
    get isEnding(): boolean {
        return this.isSayingGoodbye || this.isHangingUp || this.handsOver;
    }

    /** How the conversation would end now: plainly, or with what a function asked for. */
    get end(): ConversationEnd {
        if (this.pendingEnd === undefined) return HUNG_UP;
        const { reason, info, outputVariables } = this.pendingEnd;
        return { reason: 'completed', info, outputVariables: { ...outputVariables, end_reason: reason } };
    }

    /** Reads the events that tell of functions and tools; others are ignored. */
    read(event: ServerEvent): void {
        if (event.type === 'output-item-done' && event.item.call !== undefined) this.noted.push(event.item.call);
        this.mcp.read(event);
    }

    /**
     * A response is done. `spoke`: the caller heard something of it. `session` counts the sessions: a call of an earlier one is
     * unknown to the present one.
     *
     * @returns whether another response follows
     */
    responseDone(end: ResponseEnd, spoke: boolean, session: number): boolean {
        const isMcpRunning = this.mcp.responseDone(end);
        const calls = this.runner.accept([...this.noted, ...end.items.flatMap((item) => item.call ?? [])]);
        this.noted = [];
        if (calls.length === 0) return isMcpRunning;
        const made = { spoke, interrupted: end.status === 'cancelled', session };
        this.running.add(made);
        this.runner.run(calls, this.fill).then(
            (outcomes) => {
                this.running.delete(made);
                if (!this.isClosed) this.tell(outcomes, made);
            },
            (fault: unknown) => {
                const fields = { code: 'ERR_INTERNAL', ...faultFields(fault) };
                this.logger.error(fields, 'The outputs of functions could not be told.');
            },
        );
        return true;
    }

    /** The session is lost, and the calls of its unfinished response. Returns whether the caller waits for the result of a tool. */
    sessionLost(): boolean {
        this.noted = [];
        return this.mcp.sessionLost();
    }

    /** The call must end, even when the caller speaks: the goodbye, and then the end. May be called twice. */
    sayGoodbye(): void {
        if (this.isSayingGoodbye) return;
        this.isSayingGoodbye = true;
        if (!this.timers.isSet('farewell')) this.requestFarewell();
    }

    /** The goodbye that was requested is done; `again`: it failed and is requested once more. */
    saidFarewell(end: ResponseEnd, again: boolean): void {
        if (again) return;
        this.timers.cancel('farewell');
        // A caller who interrupts it has something to say.
        if (end.status !== 'cancelled' || this.isSayingGoodbye) this.hangUp();
        else this.pendingEnd = undefined;
    }

    /** The caller interrupted: a bot that has hung up, or is about to, goes on, unless the call must end. */
    interrupted(): void {
        for (const made of this.running) made.interrupted = true;
        if (!this.isHangingUp) return;
        const { untold } = this;
        this.isHangingUp = false;
        this.pendingEnd = undefined;
        this.untold = undefined;
        for (const { call, output, hangUp } of untold?.outcomes ?? [])
            this.port.tellOutput(call, hangUp ? NOT_ENDED : output, untold?.session ?? 0);
    }

    /** The goodbye will not come. */
    farewellRefused(): void {
        this.timers.cancel('farewell');
        this.hangUp();
    }

    /** Aborts what runs and frees everything. */
    close(): void {
        this.isClosed = true;
        this.runner.close();
        this.timers.clear();
        this.mcp.close();
    }

    private tell(outcomes: readonly ToolOutcome[], { spoke, interrupted, session }: Made): void {
        const hangUp = !interrupted && outcomes.some((outcome) => outcome.hangUp);
        if (hangUp) this.pendingEnd = outcomes.find((outcome) => outcome.end !== undefined)?.end;
        if (hangUp && spoke) {
            this.untold = { outcomes, session };
            this.hangUp();
            return;
        }
        for (const outcome of outcomes) {
            const output = outcome.hangUp && interrupted ? NOT_ENDED : outcome.output;
            this.port.tellOutput(outcome.call, output, session);
        }
        if (this.isSayingGoodbye) return;
        if (hangUp) this.requestFarewell();
        else this.port.ask('turn');
    }

    private requestFarewell(): void {
        this.awaitFarewell(MAX_FAREWELL_LIMITS);
        this.port.ask('farewell');
    }

    private awaitFarewell(limits: number): void {
        this.timers.set('farewell', FAREWELL_LIMIT_MS, () => {
            if (limits > 1 && this.port.isResponding()) this.awaitFarewell(limits - 1);
            else this.hangUp();
        });
    }

    private hangUp(): void {
        if (this.isSayingGoodbye) {
            this.port.end(this.end);
            return;
        }
        this.isHangingUp = true;
        this.port.hangUp(this.end);
    }

    private readonly fill = (words: string | undefined): number => {
        const isOver = this.isClosed || this.isSayingGoodbye;
        return isOver || this.port.isResponding() ? 0 : this.port.filler(words);
    };
}
