import type { Clock } from '../../support/clock';
import type { Logger } from '../../support/logger';
import type { ConversationEnd } from '../conversation';
import type { ToolRunner } from '../functions/tool-runner';
import { RealtimeCalls, type CallsPort } from './function-calls';
import { McpWatch } from './mcp-watch';
import type { ResponseEnd, ServerEvent } from './events';
import { endOf, type RealtimeConversationPort } from './conversation-port';

/** What the tools need of the talk. */
export interface TalkToolsPort extends Pick<CallsPort, 'tellOutput' | 'ask' | 'isAnswering'> {
    isCallerSpeaking(): boolean;
}

export interface TalkToolsDeps {
    clock: Clock;
    logger: Logger;
    /** The call. */
    port: Pick<RealtimeConversationPort, 'ended' | 'toolIsSlow'>;
}

/** All that the model does in a talk beside talking: functions of ours, and tools of MCP servers. */
export class TalkTools {
    readonly calls: RealtimeCalls;
    private readonly mcp: McpWatch;

    constructor(
        tools: ToolRunner,
        private readonly talk: TalkToolsPort,
        private readonly deps: TalkToolsDeps,
    ) {
        const { clock, logger } = deps;
        this.calls = new RealtimeCalls(tools, this.callsPort(), clock, logger);
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

    /** An answer is done; see `RealtimeCalls.answered`. Returns whether another answer follows by itself. */
    answered(end: ResponseEnd, spoke: boolean, session: number): boolean {
        const waits = this.mcp.answered(end);
        return this.calls.answered(end, spoke, session) || waits;
    }

    /** The session is lost. Returns whether the caller waits for what a tool gives. */
    leave(): boolean {
        return this.mcp.leave();
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
