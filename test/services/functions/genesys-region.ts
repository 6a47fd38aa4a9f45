import type { ServerResponse } from 'node:http';
import { GenesysDataActions } from '../../../src/services/functions/genesys-data-actions';
import { createHttpClient } from '../../../src/services/functions/http/client';
import { FakeClock } from '../../support/fake-clock';
import { json, TestServer, type Seen } from './tool-bench';

export const CLIENT = { clientId: 'client-1', clientSecret: '5ecret5ecret', region: 'mypurecloud.de' };
export const LOGIN = '/oauth/token';
export const EXECUTE = '/api/v2/integrations/actions/custom_-_1/execute';
export const DAY_SECONDS = 86_399;

/** Login and API of a region on one server of this machine. */
export class Region {
    readonly clock = new FakeClock();
    readonly actions: GenesysDataActions;
    tokens = 0;
    /** How the API answers; by default with the number of its requests. */
    api: (response: ServerResponse, seen: Seen, index: number) => void = (response, _seen, index) => {
        json(response, { run: index });
    };
    login: (response: ServerResponse) => void = (response) => {
        json(response, { access_token: `token-${++this.tokens}`, token_type: 'bearer', expires_in: DAY_SECONDS });
    };

    private constructor(readonly server: TestServer) {
        const hosts = { login: `http://${server.host}`, api: `http://${server.host}` };
        this.actions = new GenesysDataActions(CLIENT, { clock: this.clock, http: createHttpClient(), hosts });
    }

    static async start(): Promise<Region> {
        let region: Region | undefined = undefined;
        const server = await TestServer.start((seen, response) => {
            if (region !== undefined) answer(region, seen, response);
        });
        region = new Region(server);
        return region;
    }

    seen(path: string): Seen[] {
        return this.server.seen.filter((each) => each.url === path);
    }

    get bearers(): unknown[] {
        return this.seen(EXECUTE).map((each) => each.headers.authorization);
    }

    run(untilMs = 8000, signal = new AbortController().signal) {
        return this.actions.execute('custom_-_1', { id: 7 }, untilMs, signal);
    }
}

function answer(region: Region, seen: Seen, response: ServerResponse): void {
    if (seen.url === LOGIN) region.login(response);
    else region.api(response, seen, region.seen(EXECUTE).length);
}

/** Lets sockets and promises run. */
export function turns(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1));
}

/** The action was asked for this often, and the answer has come back and is waited upon. */
export async function asked(region: Region, times: number): Promise<void> {
    while (region.bearers.length < times || region.clock.pendingCount === 0) await turns();
}
