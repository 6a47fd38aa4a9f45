import type { EndedCall } from '../../services/handover/handover';
import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { TokenBucket } from '../../support/token-bucket';
import type { CallReader } from '../call-store';
import type { CallDocument } from '../document';
import { CALL_PAGE_PATH, type CallLinks } from './call-link';
import { viewOfDocument, viewOfEnded, type CallView } from './call-view';
import { agentPage } from './page';

export interface AgentPagesDeps {
    readonly links: CallLinks;
    readonly store: Pick<CallReader, 'get'>;
    readonly clock: Clock;
    readonly logger: Logger;
}

/** Calls that have just ended are kept for so long: by then their record is stored. */
const KEPT_MS = 120_000;
/** Most of them; of more the oldest goes. */
const MAX_KEPT = 500;

/** Pages of all calls that are read from the store: an agent opens one, and no link may be used to wear the store out. */
const PAGES = { capacity: 100, refillPerSecond: 50 };

/** An HTTP response: a page, or that there are too many requests now. */
export type PageAnswer = { readonly status: 200; readonly html: string } | { readonly status: 503 };

/** The pages that agents open by the links of calls. */
export class AgentPages {
    private readonly ended = new Map<string, { readonly call: EndedCall; readonly atMs: number }>();

    private readonly rate: TokenBucket;

    constructor(private readonly deps: AgentPagesDeps) {
        this.rate = new TokenBucket(deps.clock, PAGES);
    }

    /** A link to the page of this call, which expires. */
    readonly linkTo = (sessionId: string): string => this.deps.links.linkTo(sessionId, this.deps.clock.epochMs());

    /** The call has ended: until its record is stored, its page is made of this. */
    readonly keep = (call: EndedCall): void => {
        const nowMs = this.deps.clock.nowMs();
        this.ended.set(call.sessionId.toLowerCase(), { call, atMs: nowMs });
        for (const [id, { atMs }] of this.ended) {
            if (this.ended.size <= MAX_KEPT && nowMs - atMs < KEPT_MS) break;
            this.ended.delete(id);
        }
    };

    /** The session id that a path names by a link of this server; undefined: none, whatever is wrong. */
    sessionIdIn(path: string): string | undefined {
        if (!path.startsWith(CALL_PAGE_PATH)) return undefined;
        return this.deps.links.sessionIdOf(path.slice(CALL_PAGE_PATH.length), this.deps.clock.epochMs());
    }

    /** undefined: nothing is known of the call, or the store cannot be read. Never rejects. */
    async page(sessionId: string): Promise<PageAnswer | undefined> {
        if (this.rate.waitMs() > 0) return { status: 503 };
        this.rate.spend();
        const view = await this.view(sessionId);
        return view === undefined ? undefined : { status: 200, html: agentPage(view) };
    }

    private async view(sessionId: string): Promise<CallView | undefined> {
        const document = await this.documentOf(sessionId);
        // In the mode `metadata` there is nothing to show.
        if (document !== undefined) return document.mode === 'full' ? viewOfDocument(document) : undefined;
        const kept = this.ended.get(sessionId);
        const isFresh = kept !== undefined && this.deps.clock.nowMs() - kept.atMs < KEPT_MS;
        return isFresh ? viewOfEnded(kept.call) : undefined;
    }

    private async documentOf(sessionId: string): Promise<CallDocument | undefined> {
        try {
            return await this.deps.store.get(sessionId);
        } catch (fault) {
            this.deps.logger.warn(faultFields(fault), 'a call that an agent has asked for cannot be read');
            return undefined;
        }
    }
}
