import { CodedError } from '../../support/errors';
import { TimerSet } from '../../support/timer-set';
import type { DataActionToolSpec } from '../profiles/tool-schema';
import { HostList } from './http/address-guard';
import { GenesysToken, hostsOf, type GenesysClient, type GenesysDeps, type GenesysHosts } from './genesys-token';
import type { HttpResponse } from './http/client';
import { askService, serviceTool } from './service-tool';
import type { CallContext, Tool } from './tool';

export type { GenesysClient } from './genesys-token';

/** Waits after a 429, for one run of an action. */
const MAX_WAITS = 2;
const DEFAULT_WAIT_MS = 1000;

/** Runs Genesys Data Actions (Platform API, `POST /api/v2/integrations/actions/{id}/execute`). One for all calls. */
export class GenesysDataActions {
    private readonly token: GenesysToken;
    private readonly hosts: GenesysHosts;
    private readonly timers: TimerSet;
    private waits = 0;

    /** @throws CodedError `ERR_TOOL` for a region that is not one of Genesys Cloud's */
    constructor(
        client: GenesysClient,
        private readonly deps: GenesysDeps,
    ) {
        this.hosts = deps.hosts ?? hostsOf(client.region);
        this.token = new GenesysToken(client, deps);
        this.timers = new TimerSet(deps.clock, () => undefined);
    }

    /** Where actions are run, for logs. */
    get host(): string {
        return new URL(this.hosts.api).host;
    }

    /**
     * Runs an action. After a 401 the token is fetched again, once. After a 429 it waits for as long as `Retry-After` says and tries
     * again, if that is before `untilMs` of the clock.
     *
     * Rejects with `ERR_TOOL_GENESYS` without a token, with `ERR_TOOL_FAILED` after an abort, and as `HttpClient` does.
     */
    async execute(actionId: string, input: unknown, untilMs: number, signal: AbortSignal): Promise<HttpResponse> {
        let refreshed = false;
        for (let waits = 0; ;) {
            const token = await this.token.get();
            const response = await this.post(actionId, input, token, signal);
            const waitMs = waitAfter(response);
            if (response.status === 401 && !refreshed) {
                refreshed = true;
                this.token.drop(token);
            } else if (waitMs !== undefined && waits < MAX_WAITS && this.deps.clock.nowMs() + waitMs < untilMs) {
                waits += 1;
                await this.pause(waitMs, signal);
            } else return response;
        }
    }

    /** Frees the timers. */
    close(): void {
        this.token.close();
        this.timers.clear();
    }

    private post(actionId: string, input: unknown, token: string, signal: AbortSignal): Promise<HttpResponse> {
        const url = new URL(`${this.hosts.api}/api/v2/integrations/actions/${encodeURIComponent(actionId)}/execute`);
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        const hosts = new HostList([url.host]);
        return this.deps.http({ method: 'POST', url, headers, body: JSON.stringify(input ?? {}), hosts, signal });
    }

    private pause(ms: number, signal: AbortSignal): Promise<void> {
        const name = `wait ${++this.waits}`;
        return new Promise((resolve, reject) => {
            const stop = (): void => {
                this.timers.cancel(name);
                reject(new CodedError('ERR_TOOL_FAILED'));
            };
            signal.addEventListener('abort', stop, { once: true });
            this.timers.set(name, ms, () => {
                signal.removeEventListener('abort', stop);
                resolve();
            });
        });
    }
}

/** A tool that runs one Data Action, at most `maxCallsPerCall` times in a telephone call. */
export function dataActionTool(
    spec: DataActionToolSpec,
    actions: GenesysDataActions,
    clock: GenesysDeps['clock'],
): Tool {
    const used = new WeakMap<CallContext, number>();
    return serviceTool(spec, async (args, call, signal) => {
        const count = (used.get(call) ?? 0) + 1;
        if (count > spec.maxCallsPerCall) return { output: { error: USED_UP }, failure: 'refused' };
        used.set(call, count);
        const untilMs = clock.nowMs() + spec.timeoutMs;
        const send = () => actions.execute(spec.actionId, args, untilMs, signal);
        return askService({ host: actions.host, signal, send }, call, spec);
    });
}

const USED_UP = 'This function was used as often as one call may; go on without it.';

/** Milliseconds that a 429 asks to wait; undefined: it is another status. */
function waitAfter({ status, headers }: HttpResponse): number | undefined {
    if (status !== 429) return undefined;
    const seconds = Number(headers['retry-after']);
    return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : DEFAULT_WAIT_MS;
}
