import type { HttpClient, HttpRequest, HttpResponse } from '../../src/services/functions/http/client';
import { toolNameOf, type ToolSpec } from '../../src/services/profiles/tool-schema';
import type { Tool } from '../../src/services/functions/tool';
import type { Clock } from '../../src/support/clock';
import { TimerSet } from '../../src/support/timer-set';
import type { EvalCase, Mock } from './case-schema';

type Mocks = NonNullable<EvalCase['mocks']>;

/** A request that a function made. */
export interface Asked {
    readonly name: string;
    readonly url: string;
    readonly body: string | undefined;
}

/** In place of the services of a bot's functions: what the case says they answer. Nothing leaves this process. */
export class ServiceMocks {
    readonly asked: Asked[] = [];
    /** What was asked and has no mock, each in a sentence. */
    readonly missing: string[] = [];
    private readonly used = new Map<string, number>();
    private readonly timers: TimerSet;
    private waiting = 0;
    private waits = 0;

    constructor(
        private readonly tools: readonly ToolSpec[],
        private readonly mocks: Mocks,
        clock: Clock,
    ) {
        this.timers = new TimerSet(clock, () => undefined);
    }

    /** A service is being asked. */
    get isBusy(): boolean {
        return this.waiting > 0;
    }

    /** Instead of the network. */
    readonly http: HttpClient = async (request) => {
        if (isTokenRequest(request))
            return jsonResponse({ access_token: 'token', token_type: 'bearer', expires_in: 86_400 });
        const name = this.nameOf(request);
        this.asked.push({ name: name ?? '', url: request.url.href, body: request.body });
        const mock = name === undefined ? undefined : this.next(name);
        if (mock === undefined) return this.notMocked(name, request);
        await this.wait(mock.after_ms ?? 0, request.signal, mock.fails === 'timeout');
        if (mock.fails === 'unreachable')
            throw new Error('connect ECONNREFUSED: this service is mocked as unreachable');
        return responseOf(mock);
    };

    /** Functions in code that have a mock: it answers instead of them. Those without are named in `missing` when they are called. */
    codeFunctions(): Tool[] {
        return this.tools.flatMap((spec): Tool[] => {
            if (spec.kind !== 'code') return [];
            const { name } = spec;
            return [
                {
                    name,
                    description: name,
                    parameters: { type: 'object', properties: {} },
                    run: async (_args, _call, signal) => {
                        const mock = this.next(name);
                        if (mock === undefined) {
                            this.missing.push(`The function ${name} was called, and the case has no mock for it.`);
                            return { output: { error: 'It is not mocked.' }, failure: 'error' };
                        }
                        await this.wait(mock.after_ms ?? 0, signal, mock.fails === 'timeout');
                        if (mock.fails !== undefined) return { output: { error: 'It failed.' }, failure: 'error' };
                        return { output: mock.json ?? mock.text ?? null };
                    },
                },
            ];
        });
    }

    /** The slow and the failing answers of these functions that were never given, each in a sentence. */
    neverGiven(names: readonly string[]): string[] {
        return names.flatMap((name) => {
            const given = Object.hasOwn(this.mocks, name) ? this.mocks[name] : undefined;
            const list = given === undefined ? [] : Array.isArray(given) ? given : [given];
            const used = this.used.get(name) ?? 0;
            const at = list.findIndex((mock, index) => index >= used && isTrouble(mock));
            if (at < 0) return [];
            const which = list.length === 1 ? 'answer' : `answer ${at + 1}`;
            const how = used === 0 ? 'was not called' : `was called ${used === 1 ? 'once' : `${used} times`}`;
            return [`The slow or failing ${which} of ${name} never came: the function ${how}.`];
        });
    }

    close(): void {
        this.timers.clear();
    }

    private nameOf(request: HttpRequest): string | undefined {
        return this.tools
            .map((spec) => (isAskedBy(spec, request) ? toolNameOf(spec) : undefined))
            .find((name) => name !== undefined);
    }

    private next(name: string): Mock | undefined {
        const given = Object.hasOwn(this.mocks, name) ? this.mocks[name] : undefined;
        if (given === undefined) return undefined;
        const list = Array.isArray(given) ? given : [given];
        const at = this.used.get(name) ?? 0;
        this.used.set(name, at + 1);
        return list[Math.min(at, list.length - 1)];
    }

    private notMocked(name: string | undefined, { method, url }: HttpRequest): HttpResponse {
        const what = name === undefined ? `${method} ${url.origin}${url.pathname}` : `The service of ${name}`;
        this.missing.push(`${what} was asked, and the case has no mock for it.`);
        return { status: 501, headers: {}, text: 'This service is not mocked.' };
    }

    private wait(ms: number, signal: AbortSignal, forever: boolean): Promise<void> {
        signal.throwIfAborted();
        if (ms === 0 && !forever) return Promise.resolve();
        this.waiting += 1;
        const name = `service ${++this.waits}`;
        return new Promise<void>((resolve, reject) => {
            const aborted = (): void => {
                this.timers.cancel(name);
                reject(signal.reason as Error);
            };
            signal.addEventListener('abort', aborted, { once: true });
            if (forever) return;
            this.timers.set(name, ms, () => {
                signal.removeEventListener('abort', aborted);
                resolve();
            });
        }).finally(() => {
            this.waiting -= 1;
        });
    }
}

/** The service takes its time, or does not do what it is asked for. */
function isTrouble({ fails, status = 200, after_ms: afterMs = 0 }: Mock): boolean {
    return fails !== undefined || status >= 400 || afterMs > 0;
}

function isTokenRequest({ url }: HttpRequest): boolean {
    return url.hostname.startsWith('login.') && url.pathname === '/oauth/token';
}

function isAskedBy(spec: ToolSpec, { method, url }: HttpRequest): boolean {
    if (spec.kind === 'data_action') return url.pathname.includes(`/actions/${encodeURIComponent(spec.actionId)}/`);
    if (spec.kind !== 'http' || spec.method !== method) return false;
    const [path = ''] = spec.url.split('?');
    const parts = path.split(/\{\{[^}]*\}\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('[^/?]*')}$`).test(`${url.origin}${url.pathname}`);
}

function responseOf({ status = 200, json, text = '' }: Mock): HttpResponse {
    if (json === undefined) return { status, headers: { 'content-type': 'text/plain' }, text };
    return { ...jsonResponse(json), status };
}

function jsonResponse(value: unknown): HttpResponse {
    return { status: 200, headers: { 'content-type': 'application/json' }, text: JSON.stringify(value) };
}
