import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { CodedError } from '../../../support/errors';
import { proxyAgentFor } from '../../../support/proxy';
import { mayLeadTo, type HostList } from './address-guard';

/** Longest body of a response; a longer one is given up while it is read. */
export const MAX_RESPONSE_BYTES = 256 * 1024;

export interface HttpRequest {
    method: string;
    url: URL;
    headers: Readonly<Record<string, string>>;
    /** JSON or form text; undefined: none. */
    body?: string | undefined;
    /** The only hosts that may be asked. */
    hosts: HostList;
    signal: AbortSignal;
}

export interface HttpResponse {
    status: number;
    /** Names in small letters; the first value of each. */
    headers: Readonly<Record<string, string>>;
    text: string;
}

/**
 * Asks a web service once. Never follows a redirect: a 3xx is a response like any other.
 *
 * Rejects with `ERR_TOOL_ADDRESS` where the address may not be asked, with `ERR_TOOL_ANSWER` for a response that is too long or in
 * an unknown encoding, with the network's error, or with the abort of `signal`.
 */
export type HttpClient = (request: HttpRequest) => Promise<HttpResponse>;

/** Finds the addresses of a name, as `dns.lookup` does with `all`. After a fault there is no list, although Node's types say so. */
export type ResolveName = (hostname: string, done: (fault: Error | null, found?: LookupAddress[]) => void) => void;

const systemResolve: ResolveName = (hostname, done) => {
    dnsLookup(hostname, { all: true }, done);
};

/**
 * Makes the client of the tools. It connects to the very address that was checked, so that a name cannot lead elsewhere between
 * the check and the connection. Through a proxy the host must be an allowed one all the same; its addresses are the proxy's matter.
 */
export function createHttpClient(resolveName: ResolveName = systemResolve): HttpClient {
    const lookup = checkedLookup(resolveName);
    return async (request) => {
        const problem = request.hosts.problemWith(request.url);
        if (problem !== undefined) throw new CodedError('ERR_TOOL_ADDRESS', problem);
        return readResponse(await send(request, lookup));
    };
}

/** Answers the socket with checked addresses only, in the shape that it asks for. */
function checkedLookup(resolveName: ResolveName): LookupFunction {
    return (hostname, options, callback) => {
        resolveName(hostname, (fault, found = []) => {
            const right = found.filter(({ address }) => mayLeadTo(hostname, address));
            const [first] = right;
            if (fault !== null) callback(fault, '');
            // One wrong address among right ones is a sign of DNS rebinding.
            else if (first === undefined || right.length < found.length) callback(misleading(), '');
            else if (options.all === true) callback(null, right);
            else callback(null, first.address, first.family);
        });
    };
}

function misleading(): CodedError {
    return new CodedError('ERR_TOOL_ADDRESS', 'Its name leads to an address that is not public.');
}

function send(request: HttpRequest, lookup: LookupFunction): Promise<IncomingMessage> {
    const { method, url, headers, body, signal } = request;
    const options: RequestOptions = {
        method,
        lookup,
        signal,
        // A connection of its own: it was checked for this request, and nothing of another call is on it. A proxy finds the
        // address of the name by itself.
        agent: proxyAgentFor(url) ?? false,
        headers: {
            accept: 'application/json, text/*;q=0.5',
            'accept-encoding': 'identity',
            ...headers,
            ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        },
    };
    return new Promise((resolve, reject) => {
        const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
        sent.on('response', resolve);
        sent.on('error', reject);
        // Without a listener the promise would never settle: neither a response nor an error follows.
        sent.on('upgrade', (_message, socket) => {
            socket.destroy();
            reject(new CodedError('ERR_TOOL_ANSWER', 'It changes the protocol.'));
        });
        sent.end(body);
    });
}

function readResponse(message: IncomingMessage): Promise<HttpResponse> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    return new Promise((resolve, reject) => {
        const refuse = (why: string): void => {
            reject(new CodedError('ERR_TOOL_ANSWER', why));
            message.destroy();
        };
        message.on('error', reject);
        if ((message.headers['content-encoding'] ?? 'identity') !== 'identity') {
            refuse('It is compressed although plain text was asked for.');
            return;
        }
        message.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > MAX_RESPONSE_BYTES) refuse(`It is longer than ${MAX_RESPONSE_BYTES} bytes.`);
            else chunks.push(chunk);
        });
        message.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: message.statusCode ?? 0, headers: firstHeaders(message), text });
        });
        message.on('close', () => {
            reject(new CodedError('ERR_TOOL_ANSWER', 'It broke off.'));
        });
    });
}

function firstHeaders(message: IncomingMessage): Record<string, string> {
    const entries = Object.entries(message.headersDistinct);
    return Object.fromEntries(entries.map(([name, values]): [string, string] => [name, values?.[0] ?? '']));
}
