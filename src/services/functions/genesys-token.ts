import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { TimerSet } from '../../support/timer-set';
import { finiteIn, isFields, textIn, type Fields } from '../../support/json';
import { HostList } from './http/address-guard';
import type { HttpClient } from './http/client';
import { isSuccess } from './service-response';

/** The OAuth client that Data Actions are run with. Holds a secret: never log it. */
export interface GenesysClient {
    /** GENESYS_CLIENT_ID. */
    readonly clientId: string;
    /** GENESYS_CLIENT_SECRET. */
    readonly clientSecret: string;
    /** GENESYS_REGION: the domain of the organization's region, such as `mypurecloud.de` or `usw2.pure.cloud`. */
    readonly region: string;
}

/** Where a region's services are, without a slash at the end. */
export interface GenesysHosts {
    login: string;
    api: string;
}

export interface GenesysDeps {
    clock: Clock;
    http: HttpClient;
    /** For tests: other places than those of the region. */
    hosts?: GenesysHosts;
}

const OLDER_REGIONS: ReadonlySet<string> = new Set([
    'mypurecloud.com',
    'mypurecloud.ie',
    'mypurecloud.de',
    'mypurecloud.com.au',
    'mypurecloud.jp',
    'use2.us-gov-pure.cloud',
]);
/** All newer regions are named so, under a domain of Genesys. */
const NEWER_REGION = /^[a-z]{2,5}[1-9]\.pure\.cloud$/;

/** A token that expires within this time is not used any more. */
const MARGIN_MS = 60_000;
const LOGIN_LIMIT_MS = 5000;
/** After a refusal no token is asked for during this time: many calls must not lock the client out. */
const PAUSE_MS = 10_000;

/**
 * The services of a region.
 *
 * @throws CodedError `ERR_TOOL` for a domain that is not one of Genesys Cloud's
 */
export function hostsOf(region: string): GenesysHosts {
    if (!OLDER_REGIONS.has(region) && !NEWER_REGION.test(region))
        throw new CodedError(
            'ERR_TOOL',
            `GENESYS_REGION: ${JSON.stringify(region.slice(0, 80))} is no Genesys domain.`,
        );
    return { login: `https://login.${region}`, api: `https://api.${region}` };
}

/** The access token of an OAuth client: one for all calls, fetched when it is needed, by one request at a time. */
export class GenesysToken {
    private readonly timers: TimerSet;
    private readonly hosts: GenesysHosts;
    private token: { text: string; untilMs: number } | undefined;
    private pending: Promise<string> | undefined;
    private refused: { fault: unknown; untilMs: number } | undefined;

    constructor(
        private readonly client: GenesysClient,
        private readonly deps: GenesysDeps,
    ) {
        this.hosts = deps.hosts ?? hostsOf(client.region);
        this.timers = new TimerSet(deps.clock, () => undefined);
    }

    /** A token that is still valid. Rejects with `ERR_TOOL_GENESYS`. */
    get(): Promise<string> {
        const nowMs = this.deps.clock.nowMs();
        if (this.token !== undefined && nowMs < this.token.untilMs) return Promise.resolve(this.token.text);
        if (this.refused !== undefined && nowMs < this.refused.untilMs)
            return Promise.reject(asError(this.refused.fault));
        this.pending ??= this.fetch().finally(() => {
            this.pending = undefined;
        });
        return this.pending;
    }

    /** Genesys did not accept this token: the next `get` fetches another one, unless another call has done that already. */
    drop(text: string): void {
        if (this.token?.text === text) this.token = undefined;
    }

    /** Frees the timers. */
    close(): void {
        this.timers.clear();
    }

    private async fetch(): Promise<string> {
        try {
            const { text, livesMs } = await this.login();
            this.token = { text, untilMs: this.deps.clock.nowMs() + Math.max(0, livesMs - MARGIN_MS) };
            this.refused = undefined;
            return text;
        } catch (fault) {
            this.refused = { fault, untilMs: this.deps.clock.nowMs() + PAUSE_MS };
            throw fault;
        }
    }

    /** Has a time limit of its own: several calls may wait for it, and the one that began it may hang up. */
    private async login(): Promise<{ text: string; livesMs: number }> {
        const { clientId, clientSecret } = this.client;
        const url = new URL(`${this.hosts.login}/oauth/token`);
        const abort = new AbortController();
        this.timers.set('login', LOGIN_LIMIT_MS, () => {
            abort.abort();
        });
        const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
        const headers = { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' };
        const request = { method: 'POST', url, headers, body: 'grant_type=client_credentials', signal: abort.signal };
        try {
            const response = await this.deps.http({ ...request, hosts: new HostList([url.host]) });
            if (!isSuccess(response)) throw new CodedError('ERR_TOOL_GENESYS', `Status ${response.status}.`);
            return readToken(response.text);
        } catch (fault) {
            throw fault instanceof CodedError ? fault : new CodedError('ERR_TOOL_GENESYS', 'It cannot be reached.');
        } finally {
            this.timers.cancel('login');
        }
    }
}

/** The response's text holds the token: no part of it is in the error. */
function readToken(text: string): { text: string; livesMs: number } {
    const fields = parse(text);
    const token = textIn(fields, 'access_token') ?? '';
    const livesMs = (finiteIn(fields, 'expires_in') ?? 0) * 1000;
    if (!/^[\x21-\x7e]{1,4096}$/.test(token)) throw new CodedError('ERR_TOOL_GENESYS', 'The answer holds no token.');
    return { text: token, livesMs };
}

function parse(text: string): Fields {
    try {
        const value: unknown = JSON.parse(text);
        return isFields(value) ? value : {};
    } catch {
        return {};
    }
}

function asError(fault: unknown): Error {
    return fault instanceof Error ? fault : new CodedError('ERR_TOOL_GENESYS');
}
