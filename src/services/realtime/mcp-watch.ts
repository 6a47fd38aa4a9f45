import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import type { ToolRecord } from '../functions/tool';
import { FILLER_AFTER_MS } from '../functions/tool-runner';
import type { ItemInfo, ResponseEnd, ServerEvent } from './events';
import { SparseMap, SparseSet } from '../../support/sparse';

/** How long an MCP server may take after the response that called it is done. */
export const MCP_LIMIT_MS = 15_000;
const MAX_KNOWN = 256;

/** What the watch needs of the conversation. */
export interface McpPort {
    /** Requests a response that tells what the tools gave. */
    ask(): void;
    /** The caller should hear something meanwhile. */
    filler(): void;
    record(record: ToolRecord): void;
}

/** A call that OpenAI makes of a tool of an MCP server. */
interface McpRun {
    name: string;
    startedMs: number;
    isOver: boolean;
}

/**
 * The calls of MCP servers (docs/REALTIME.md, 6.2). OpenAI makes them itself. The server records them, asks for the response that
 * OpenAI does not create afterwards, and goes on when an MCP server fails.
 */
export class McpWatch {
    private readonly timers: TimerSet;
    private readonly runs = new SparseMap<string, McpRun>();
    /** The server of each item that lists tools. */
    private readonly lists = new SparseMap<string, string>();
    /** Running calls of responses that are done: the next response is asked for when all of them are over. */
    private readonly awaited = new SparseSet<string>();

    constructor(
        private readonly port: McpPort,
        private readonly clock: Clock,
        private readonly logger: Logger,
    ) {
        this.timers = new TimerSet(clock, (fault) => {
            logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A timer of an MCP call failed.');
        });
    }

    /** Handles the events about MCP; others do nothing. */
    read(event: ServerEvent): void {
        switch (event.type) {
            case 'item-added':
            case 'output-item-added':
                this.meet(event.item);
                return;
            case 'output-item-done':
                if (event.item.mcp?.kind === 'call') this.over(event.item.id, event.item.mcp.failed ? 'error' : 'ok');
                return;
            case 'mcp-call':
                this.over(event.itemId, event.failed ? 'error' : 'ok');
                return;
            case 'mcp-list':
                this.listed(event.itemId, event.failed);
                return;
            default:
        }
    }

    /**
     * A response is done. Returns whether it ends with a call whose result the caller has not been told of; another response is then
     * asked for, now or when the call is over.
     */
    responseDone(end: ResponseEnd): boolean {
        const last = end.items.at(-1);
        if (end.status !== 'completed' || last?.mcp?.kind !== 'call') return false;
        const calls = end.items.filter((item) => item.mcp?.kind === 'call').map((item) => item.id);
        this.awaited.clear();
        for (const id of calls) if (this.runs.get(id)?.isOver === false) this.awaited.add(id);
        if (this.awaited.size === 0) this.port.ask();
        else this.timers.set('limit', MCP_LIMIT_MS, this.giveUp);
        return true;
    }

    /** The session is lost, and its calls with it. Returns whether the caller waits for a response. */
    sessionLost(): boolean {
        const waits = this.awaited.size > 0;
        this.awaited.clear();
        for (const id of this.runs.keys()) this.over(id, 'aborted');
        this.runs.clear();
        this.lists.clear();
        this.timers.cancel('limit');
        return waits;
    }

    /** The call has ended. */
    close(): void {
        this.sessionLost();
        this.timers.clear();
    }

    private meet({ id, mcp }: ItemInfo): void {
        if (mcp?.kind === 'list') remember(this.lists, id, mcp.server);
        if (mcp?.kind !== 'call' || this.runs.has(id)) return;
        remember(this.runs, id, { name: `${mcp.server}.${mcp.name}`, startedMs: this.clock.nowMs(), isOver: false });
        if (this.timers.isSet('filler')) return;
        this.timers.set('filler', FILLER_AFTER_MS, () => {
            this.port.filler();
        });
    }

    private over(id: string, outcome: ToolRecord['outcome']): void {
        const run = this.runs.get(id);
        if (run === undefined || run.isOver) return;
        run.isOver = true;
        const { name, startedMs } = run;
        this.port.record({ name, callId: id, ms: Math.round(this.clock.nowMs() - startedMs), outcome });
        if (outcome === 'error' || outcome === 'timeout')
            this.logger.warn({ code: 'ERR_TOOL_MCP', tool: name, outcome }, 'A tool of an MCP server failed.');
        if (![...this.runs.values()].some((each) => !each.isOver)) this.timers.cancel('filler');
        if (!this.awaited.delete(id) || this.awaited.size > 0) return;
        this.timers.cancel('limit');
        this.port.ask();
    }

    private readonly giveUp = (): void => {
        for (const id of [...this.awaited]) this.over(id, 'timeout');
    };

    private listed(id: string, failed: boolean): void {
        const server = this.lists.get(id) ?? 'unknown';
        if (!failed) this.logger.info({ server }, 'The tools of an MCP server are known.');
        else
            this.logger.warn(
                { code: 'ERR_TOOL_MCP', server },
                'An MCP server does not tell its tools; the call goes on.',
            );
    }
}

function remember<T>(map: SparseMap<string, T>, id: string, value: T): void {
    map.set(id, value);
    if (map.size > MAX_KNOWN) map.delete(map.keys().next().value ?? id);
}
