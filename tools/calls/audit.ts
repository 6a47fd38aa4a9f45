import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../src/support/clock';
import { TokenBucket } from '../../src/support/token-bucket';

export type View = 'list' | 'findings' | 'call' | 'record' | 'recording' | 'login' | 'logout' | 'refused';

/** One look at the page: a line of its log. No token stands in it. */
export interface Audit {
    /** ISO 8601, UTC. */
    readonly at: string;
    /** Address of the client, or of the proxy before the page. */
    readonly from: string;
    /** What a proxy says about the client: not verified. */
    readonly forwardedFor?: string;
    readonly view: View;
    /** The id of the call, or what was searched for. */
    readonly what?: string;
    /** Session ids of the calls of a list whose gravest findings were shown. */
    readonly calls?: readonly string[];
    /** HTTP status; 200: it was shown, 303: let in. */
    readonly status: number;
    /** Lines about refusals that were left out before this one, because there were too many. */
    readonly leftOut?: number;
}

/** Of what a request says, so much is logged. */
const LOGGED_CHARACTERS = 200;
/** Lines about refusals, so that a stranger cannot fill the disk. */
const REFUSAL_LINES = { capacity: 50, refillPerSecond: 1 };

/** Who has looked at what. */
export class AuditTrail {
    private readonly refusalLines: TokenBucket;
    private leftOut = 0;

    constructor(
        private readonly clock: Clock,
        private readonly write: (audit: Audit) => void,
    ) {
        this.refusalLines = new TokenBucket(clock, REFUSAL_LINES);
    }

    /** Writes a line about a request; a refusal only where there were not too many. */
    note(
        { socket, headers }: IncomingMessage,
        { view, what, status, calls }: Pick<Audit, 'view' | 'status'> & { what?: string; calls?: readonly string[] },
    ): void {
        if (status === 401 || status === 403) {
            if (this.refusalLines.level < 1) {
                this.leftOut += 1;
                return;
            }
            this.refusalLines.spend();
        }
        const { leftOut } = this;
        this.leftOut = 0;
        const forwarded = [headers['x-forwarded-for'] ?? ''].flat().join(', ');
        this.write({
            at: new Date(this.clock.epochMs()).toISOString(),
            from: (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, ''),
            ...(forwarded !== '' && { forwardedFor: forwarded.slice(0, LOGGED_CHARACTERS) }),
            view,
            ...(what !== undefined && { what: what.slice(0, LOGGED_CHARACTERS) }),
            ...(calls !== undefined && { calls }),
            status,
            ...(leftOut > 0 && { leftOut }),
        });
    }
}
