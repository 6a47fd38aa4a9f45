import type { CallPage, CallQuery, CallReader, StoredCall } from '../../../src/call-records/call-store';
import type { CallDocument } from '../../../src/call-records/document';
import { storedCallOf } from '../../../src/call-records/stores/stored-call';

/** Records in memory, and files beside them by `session id/name`. */
export class MemoryReader implements CallReader {
    isClosed = false;
    /** Rejects with it instead of answering. */
    fault: Error | undefined;
    private readonly listed: readonly StoredCall[];

    constructor(
        private readonly calls: readonly CallDocument[],
        private readonly files: ReadonlyMap<string, Uint8Array> = new Map(),
    ) {
        this.listed = calls.map(storedCallOf);
    }

    list(query: CallQuery): Promise<CallPage> {
        if (this.fault !== undefined) return Promise.reject(this.fault);
        const found = this.listed.filter((call) => isAskedFor(call, query)).sort(orderOf(query));
        const { offset = 0, limit } = query;
        return Promise.resolve({ calls: found.slice(offset, offset + limit), total: found.length });
    }

    get(id: string): Promise<CallDocument | undefined> {
        if (this.fault !== undefined) return Promise.reject(this.fault);
        return Promise.resolve(
            this.calls.find(({ sessionId, conversationId }) => sessionId === id || conversationId === id),
        );
    }

    file(sessionId: string, name: string): Promise<Uint8Array | undefined> {
        return Promise.resolve(this.files.get(`${sessionId}/${name}`));
    }

    close(): Promise<void> {
        this.isClosed = true;
        return Promise.resolve();
    }
}

function isAskedFor(call: StoredCall, query: CallQuery): boolean {
    const {
        id = '',
        bot,
        endReason,
        withFallback,
        withFaults,
        minWorstTurnMs = 0,
        minCostUsd = 0,
        from = '',
        until,
    } = query;
    return (
        (call.conversationId.startsWith(id) || call.sessionId.startsWith(id)) &&
        (bot === undefined || call.bot === bot) &&
        (endReason === undefined || call.endReason === endReason) &&
        (withFallback !== true || call.fallbackUsed !== '') &&
        (withFaults !== true || call.faults > 0) &&
        (call.worstTurnMs ?? 0) >= minWorstTurnMs &&
        (call.costUsd ?? 0) >= minCostUsd &&
        call.startedAt >= from &&
        (until === undefined || call.startedAt < until)
    );
}

function orderOf({ sort }: CallQuery): (a: StoredCall, b: StoredCall) => number {
    if (sort === 'worst') return (a, b) => (b.worstTurnMs ?? -1) - (a.worstTurnMs ?? -1);
    if (sort === 'costliest') return (a, b) => (b.costUsd ?? -1) - (a.costUsd ?? -1);
    return (a, b) => b.startedAt.localeCompare(a.startedAt);
}
