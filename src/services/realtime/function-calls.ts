import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import type { FunctionCall, ResponseEnd, ServerEvent } from './events';
import type { Purpose } from './response-sequencer';
import type { ToolEnd } from '../functions/tool';
import type { ToolOutcome, ToolRunner } from '../functions/tool-runner';
import type { ConversationEnd } from '../conversation';
import { McpWatch } from './mcp-watch';
import { endOf, type RealtimeConversationPort } from './conversation-port';

/**
 * A goodbye that is asked for and does not come: the call ends without it. An answer that is being given may end first. Shorter than
 * a ladder waits for a busy bot (`workMs`): the next one would know nothing of a transfer.
 */
const FAREWELL_LIMIT_MS = 8000;
const MAX_FAREWELL_LIMITS = 3;
const NOT_ENDED = JSON.stringify({ error: 'The caller spoke; the call goes on.' });

/** What function calls need of the talk. */
interface CallsPort {
    /** Tells the model what a call gave that was made in `session`. */
    tellOutput(call: FunctionCall, output: string, session: number): void;
    /** Asks for an answer. */
    ask(purpose: Purpose): void;
    /** Is an answer being given that is not the goodbye? */
    isAnswering(): boolean;
    /** Ends the call once everything has been heard; `end` undefined: plainly. */
    hangUp(end: ToolEnd | undefined): void;
    /**
     * A tool runs for long: the caller should hear something, once for all calls of a response. Returns the milliseconds after
     * which to ask again, because the caller still hears something; 0: it is done.
     */
    filler(words: string | undefined): number;
}

/** Under which circumstances calls were made. */
interface Made {
    spoke: boolean;
    interrupted: boolean;
    session: number;
}

/**
 * The function calls of the model's responses (docs/REALTIME.md, 6.1): they run when their response is done, and all outputs are
 * sent before one new response is asked for. Also the goodbye, when one of them hangs up.
 */
class FunctionCallRounds {
    private readonly timers: TimerSet;
    private noted: FunctionCall[] = [];
    /** How the call ends after the goodbye that was asked for. */
    private end: ToolEnd | undefined;
    private leaving = false;
    private closed = false;

    constructor(
        private readonly tools: ToolRunner,
        private readonly port: CallsPort,
        clock: Clock,
        private readonly logger: Logger,
    ) {
        this.timers = new TimerSet(clock, (fault) => {
            logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'The goodbye’s time limit failed.');
        });
    }

    /** A call was finished while its answer goes on. */
    note(call: FunctionCall | undefined): void {
        if (call !== undefined) this.noted.push(call);
    }

    /**
     * An answer is done. `spoke`: the caller heard something of it. `session` counts the sessions: a call of an earlier one is
     * unknown to the present one. Returns whether the answer called anything.
     */
    answered(end: ResponseEnd, spoke: boolean, session: number): boolean {
        const calls = this.tools.accept([...this.noted, ...end.items.flatMap((item) => item.call ?? [])]);
        this.noted = [];
        if (calls.length === 0) return false;
        const made = { spoke, interrupted: end.status === 'cancelled', session };
        this.tools.run(calls, this.fill).then(
            (outcomes) => {
                if (!this.closed) this.tell(outcomes, made);
            },
            (fault: unknown) => {
                this.logger.error(
                    { code: 'ERR_INTERNAL', ...faultFields(fault) },
                    'The results of tools could not be told.',
                );
            },
        );
        return true;
    }

    /** The call must end, whatever the caller says: the goodbye, and then the end. May be called twice. */
    sayGoodbye(): void {
        if (this.leaving) return;
        this.leaving = true;
        if (!this.timers.isSet('farewell')) this.askFarewell();
    }

    /** Nothing is asked for any more but the goodbye. */
    get isLeaving(): boolean {
        return this.leaving;
    }

    /** How the call ends after the goodbye that is asked for; undefined: plainly. */
    get pendingEnd(): ToolEnd | undefined {
        return this.end;
    }

    /** The goodbye that was asked for is done; `again`: it failed and is asked for once more. */
    saidFarewell(end: ResponseEnd, again: boolean): void {
        if (again) return;
        this.timers.cancel('farewell');
        // Interrupted: the caller has something to say.
        if (end.status !== 'cancelled' || this.leaving) this.port.hangUp(this.end);
        else this.end = undefined;
    }

    /** The goodbye will not come. */
    farewellRefused(): void {
        this.timers.cancel('farewell');
        this.port.hangUp(this.end);
    }

    /** Aborts what runs and frees everything. */
    close(): void {
        this.closed = true;
        this.tools.close();
        this.timers.clear();
    }

    private tell(outcomes: readonly ToolOutcome[], { spoke, interrupted, session }: Made): void {
        const hangUp = !interrupted && outcomes.some((outcome) => outcome.hangUp);
        if (hangUp) this.end = outcomes.find((outcome) => outcome.end !== undefined)?.end;
        if (hangUp && spoke) {
            this.port.hangUp(this.end);
            return;
        }
        for (const outcome of outcomes) {
            this.port.tellOutput(outcome.call, outcome.hangUp && interrupted ? NOT_ENDED : outcome.output, session);
        }
        if (this.leaving) return;
        if (hangUp) this.askFarewell();
        else this.port.ask('turn');
    }

    private askFarewell(): void {
        this.awaitFarewell(MAX_FAREWELL_LIMITS);
        this.port.ask('farewell');
    }

    private awaitFarewell(limits: number): void {
        this.timers.set('farewell', FAREWELL_LIMIT_MS, () => {
            if (limits > 1 && this.port.isAnswering()) this.awaitFarewell(limits - 1);
            else this.port.hangUp(this.end);
        });
    }

    private readonly fill = (words: string | undefined): number => {
        return this.closed || this.leaving || this.port.isAnswering() ? 0 : this.port.filler(words);
    };
}

/** What the tools need of the talk. */
export interface FunctionCallsPort extends Pick<CallsPort, 'tellOutput' | 'ask' | 'isAnswering'> {
    isCallerSpeaking(): boolean;
}

interface FunctionCallsDeps {
    clock: Clock;
    logger: Logger;
    /** The call. */
    port: Pick<RealtimeConversationPort, 'ended' | 'toolIsSlow'>;
}

/** All that the model does in a talk beside talking: functions of ours, and tools of MCP servers. */
export class FunctionCalls {
    readonly calls: FunctionCallRounds;
    private readonly mcp: McpWatch;

    constructor(
        tools: ToolRunner,
        private readonly talk: FunctionCallsPort,
        private readonly deps: FunctionCallsDeps,
    ) {
        const { clock, logger } = deps;
        this.calls = new FunctionCallRounds(tools, this.callsPort(), clock, logger);
        const ask = (): void => {
            talk.ask('turn');
        };
        const filler = (): void => {
            this.fill(undefined);
        };
        this.mcp = new McpWatch({ ask, filler, record: tools.record }, clock, logger);
    }

    /** The goodbye that is asked for hands the caller to a person. */
    get handsOver(): boolean {
        return this.calls.pendingEnd !== undefined;
    }

    /** The end is settled: a session that is lost before the goodbye was said is not replaced. */
    get isLeaving(): boolean {
        return this.calls.isLeaving || this.handsOver;
    }

    /** The call as it ends by now: plainly, or with what a tool asked for. */
    get end(): ConversationEnd {
        return endOf(this.calls.pendingEnd);
    }

    /** Takes the events that tell of tools; others are left alone. */
    take(event: ServerEvent): void {
        if (event.type === 'output-item-done') this.calls.note(event.item.call);
        this.mcp.take(event);
    }

    /** An answer is done; see `FunctionCallRounds.answered`. Returns whether another answer follows by itself. */
    answered(end: ResponseEnd, spoke: boolean, session: number): boolean {
        const waits = this.mcp.answered(end);
        return this.calls.answered(end, spoke, session) || waits;
    }

    /** The session is lost. Returns whether the caller waits for what a tool gives. */
    sessionLost(): boolean {
        return this.mcp.sessionLost();
    }

    /** Aborts what runs and frees everything. */
    close(): void {
        this.calls.close();
        this.mcp.close();
    }

    /** Nobody talks into the caller's words. */
    private fill(words: string | undefined): number {
        return this.talk.isCallerSpeaking() ? 0 : this.deps.port.toolIsSlow(words);
    }

    private callsPort(): CallsPort {
        const { talk, deps } = this;
        return {
            tellOutput: (call, output, session) => {
                talk.tellOutput(call, output, session);
            },
            ask: (purpose) => {
                talk.ask(purpose);
            },
            isAnswering: () => talk.isAnswering(),
            hangUp: (end) => {
                deps.port.ended(endOf(end));
            },
            filler: (words) => this.fill(words),
        };
    }
}
