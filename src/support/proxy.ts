import type { Agent, ClientRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createRequire } from 'node:module';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import type { ProxyAgent } from 'undici';
import { CodedError, type FaultFacts } from './errors';
import { isFields, textIn } from './json';

/** `ERR_PROXY`: the proxy of HTTPS_PROXY did not let a connection through. The message names its address, without user and password. */
export class ProxyFault extends CodedError {
    /** `status`: with which it answered CONNECT; `systemError`: why it cannot be reached. */
    constructor(proxy: URL, why: string, facts: Pick<FaultFacts, 'status' | 'systemError'> = {}) {
        const address = `${proxy.protocol}//${proxy.host}`;
        super('ERR_PROXY', `${address}: ${why}.`, { proxy: address, ...facts });
    }

    /** The proxy forbids it or wants another password: another attempt would end the same way. */
    get isFinal(): boolean {
        const { status } = this.facts;
        return status !== undefined && status < 500;
    }
}

/** The ProxyFault that led to this fault; undefined: no proxy is to blame. */
export function proxyFaultIn(fault: unknown): ProxyFault | undefined {
    if (fault instanceof ProxyFault) return fault;
    return isFields(fault) && fault['cause'] !== undefined ? proxyFaultIn(fault['cause']) : undefined;
}

/**
 * The proxy for this address as the environment of the process names it: HTTPS_PROXY, else ALL_PROXY, unless NO_PROXY lists the
 * host. undefined: none. Unencrypted addresses lead to this machine alone and never go through a proxy, nor does a loopback one.
 *
 * @throws CodedError `ERR_PROXY` when the environment holds no `http://` or `https://` address
 */
export function proxyFor(address: string | URL): URL | undefined {
    const { protocol, hostname, host } = new URL(address);
    const isEncrypted = protocol === 'https:' || protocol === 'wss:';
    if (!isEncrypted || LOOPBACK.test(hostname)) return undefined;
    const named = getProxyForUrl(`https://${host}`);
    if (named === '') return undefined;
    const proxy = URL.canParse(named) ? new URL(named) : undefined;
    if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy;
    throw new CodedError('ERR_PROXY', 'HTTPS_PROXY holds no http:// or https:// address.');
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** A proxy that has not answered CONNECT by then counts as out of reach. */
const ANSWER_WITHIN_MS = 5000;

/** The agent for one request of `node:http` or one WebSocket to this address; undefined: no proxy is in between. Throws as `proxyFor`. */
export function proxyAgentFor(address: string | URL, answerWithinMs = ANSWER_WITHIN_MS): Agent | undefined {
    const proxy = proxyFor(address);
    return proxy === undefined ? undefined : new TunnelAgent(proxy, answerWithinMs);
}

type ConnectOptions = Parameters<HttpsProxyAgent<string>['connect']>[1];

/** Without it a refusal of the proxy would look like a response of the server behind it. */
class TunnelAgent extends HttpsProxyAgent<string> {
    constructor(
        proxy: URL,
        private readonly answerWithinMs: number,
    ) {
        super(proxy);
    }

    override async connect(request: ClientRequest, options: ConnectOptions): Promise<Socket> {
        let status: number | undefined;
        request.once('proxyConnect', (answer: { statusCode: number }) => {
            status = answer.statusCode;
        });
        const socket = await this.tunnel(request, options);
        if (status === 200) return socket;
        socket.destroy();
        throw new ProxyFault(this.proxy, `answered CONNECT with ${status ?? 'nothing'}`, { status });
    }

    /** A request that is given up before it has a socket tells nothing of it: the limit ends the connection to the proxy. */
    private async tunnel(request: ClientRequest, options: ConnectOptions): Promise<Socket> {
        const limit = new AbortController();
        const timer = setTimeout(() => {
            limit.abort();
        }, this.answerWithinMs);
        const { host = '', port } = this.connectOpts;
        if (this.proxy.protocol === 'https:') this.connectOpts.socket = connect({ host, port, signal: limit.signal });
        else this.connectOpts.signal = limit.signal;
        try {
            return await super.connect(request, options);
        } catch (fault) {
            throw limit.signal.aborted ? new ProxyFault(this.proxy, 'gave no answer') : unreachable(this.proxy, fault);
        } finally {
            clearTimeout(timer);
        }
    }
}

/** `fetch` through the proxy for this address; undefined: none is in between. Throws as `proxyFor`. */
export function proxiedFetchFor(address: string | URL): typeof fetch | undefined {
    const proxy = proxyFor(address);
    if (proxy === undefined) return undefined;
    // Loaded where it is needed: it takes a sixth of a second.
    const undici = createRequire(__filename)('undici') as { ProxyAgent: typeof ProxyAgent };
    const dispatcher = new undici.ProxyAgent(proxy.href);
    return async (input, init) => {
        try {
            return await fetch(input, withDispatcher(init, dispatcher));
        } catch (fault) {
            throw tunnelFault(proxy, fault) ?? fault;
        }
    };
}

/** The types of the package and of Node's own fetch differ, what they do here does not. */
function withDispatcher(init: RequestInit | undefined, dispatcher: object): RequestInit {
    return Object.assign({}, init, { dispatcher });
}

/** Only the proxy is connected to from here: a system's fault of a connection is one with the proxy. `fetch` hides it among causes. */
function tunnelFault(proxy: URL, fault: unknown): ProxyFault | undefined {
    if (!isFields(fault)) return undefined;
    const answer = /^Proxy response \((\d{3})\)/.exec(textIn(fault, 'message') ?? '')?.[1];
    if (answer !== undefined) {
        return new ProxyFault(proxy, `answered CONNECT with ${answer}`, { status: Number(answer) });
    }
    const isOfConnecting = /^(?:connect|getaddrinfo)$/.test(textIn(fault, 'syscall') ?? '') || 'errors' in fault;
    return isOfConnecting ? unreachable(proxy, fault) : tunnelFault(proxy, fault['cause']);
}

/** With the system's name of the fault where there is one: its message is empty when several addresses failed. */
function unreachable(proxy: URL, fault: unknown): ProxyFault {
    const systemError = isFields(fault) ? textIn(fault, 'code') : undefined;
    return new ProxyFault(proxy, `cannot be reached (${systemError ?? 'no connection'})`, { systemError });
}
