import { fail, ok, plain, type Outcome } from './finding';
import type { HttpAnswer, ServedPath } from './http-answer';
import type { Answer } from './knock';
import type { Target } from './target';

const URI = 'Base Connection URI (Admin → Integrations → Audio Connector → Configuration → Properties)';

/** What is known of the answer beside itself. */
export interface Around {
    target: Target;
    /** The answer to a plain GET of the same path. */
    plainAnswer: HttpAnswer | undefined;
    /** After a 404: a path that is served. */
    served: ServedPath | undefined;
}

/** Whether the WebSocket upgrade came about. A 401 of the server is explained elsewhere: undefined. */
export function judgeUpgrade(answer: Answer, around: Around): Outcome | undefined {
    if (answer.kind === 'failed') return noAnswer(answer.why);
    if (answer.kind !== 'refused') return ok('101 Switching Protocols');
    return judgeStatus(answer.status, around);
}

function judgeStatus(status: number, around: Around): Outcome | undefined {
    const { plainAnswer } = around;
    if (status === 401) return plainAnswer?.wantsLogin === true ? loginWanted() : undefined;
    if (status === 403 || status === 407) return blocked(status);
    if (status === 404) return notFound(around);
    if (status === 426 || status === 200 || status === 405) return headersDropped(status, plainAnswer);
    if (status === 400) return malformed();
    if (status >= 300 && status < 400) return redirected(status, plainAnswer);
    if (status === 409) return conflict();
    if (status === 429) return tooMany();
    return status >= 500 ? unavailable(status) : unknown(status);
}

function loginWanted(): Outcome {
    return fail(
        '401 with WWW-Authenticate',
        'Something in front of the server wants a login of its own (basic authentication, an identity-aware proxy). Genesys cannot give one.',
        'Exempt the path of the server from that login; the server verifies the signature of Genesys itself.',
    );
}

function blocked(status: number): Outcome {
    return fail(
        `${status}`,
        'A firewall, an allow-list or a login in front of the server refuses the request; the server itself never answers 403.',
        'Let the path through. Where addresses are listed, add those of Genesys (Platform API, “public ip ranges”, service audiohook), and that of this machine for this test.',
    );
}

function notFound({ target, served }: Around): Outcome {
    const { pathname } = target.url;
    const found = `404 for ${pathname}`;
    if (served === undefined)
        return fail(
            found,
            'The server, or the proxy before it, does not serve this path.',
            `Make the path of the ${URI} equal to AUDIOHOOK_PATH, and look at the rules of the proxy. In the log of the server, ERR_UPGRADE_PATH shows as path what came; no such line: the proxy said 404.`,
        );
    if (served.isStripped)
        return fail(
            found,
            `The proxy strips the prefix of the path: ${served.path} is served, where the prefix is written twice, and ${pathname} is not.`,
            'Let the proxy pass the path on unchanged (nginx: proxy_pass http://server:8080; without a slash at its end; Kubernetes: no rewrite-target; Traefik: no StripPrefix). The path is signed: leaving it as it is, is the only cure.',
        );
    return fail(
        found,
        `The server does not serve this path, but it serves ${served.path}.`,
        `Enter ${target.url.protocol}//${target.url.host}${served.path.replace(/\/*$/, '/')} as ${URI}, or set AUDIOHOOK_PATH=${pathname.replace(/\/+$/, '')}.`,
    );
}

function headersDropped(status: number, plainAnswer: HttpAnswer | undefined): Outcome {
    const by = plainAnswer === undefined || plainAnswer.by === '' ? '' : ` (it names itself ${plainAnswer.by})`;
    if (status !== 426 && plainAnswer?.status !== status)
        return fail(
            `${status} instead of 101`,
            'What answered is no WebSocket server.',
            `Compare host and path of the ${URI} with where the server is.`,
        );
    return fail(
        `${status} instead of 101`,
        `The upgrade request arrives as a plain GET: a proxy${by} drops the headers Upgrade and Connection, or speaks HTTP/1.0 to the server.`,
        'Let it pass WebSockets. nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; Apache: mod_proxy_wstunnel; IIS: the feature WebSocket Protocol; Cloudflare: Network → WebSockets; AWS: an Application Load Balancer, no API Gateway.',
    );
}

function malformed(): Outcome {
    return fail(
        '400',
        'The request reaches the server without something that it needs: a Sec-WebSocket-… header, an Audiohook-… header, or HTTP/1.1. A proxy drops it; nginx drops headers whose names have an underscore, others those that they do not know.',
        'Let the proxy pass all request headers on. The log of the server names the code: ERR_UPGRADE_MALFORMED or ERR_IDENTITY_HEADERS.',
    );
}

function redirected(status: number, plainAnswer: HttpAnswer | undefined): Outcome {
    const to = plainAnswer?.location === undefined ? '' : ` to ${plainAnswer.location}`;
    return fail(
        `${status}${to}`,
        'The address redirects, and Genesys does not follow redirects.',
        `Enter the final address as ${URI}, with wss://, and look for a rule that adds or removes a slash, or www.`,
    );
}

function conflict(): Outcome {
    return fail(
        '409',
        'The server already has a call with this session id: something sends each request twice.',
        'Switch off retries and mirroring of requests in the proxy.',
    );
}

function tooMany(): Outcome {
    return fail(
        '429',
        'A rate limit in front of the server refuses the request: all calls of Genesys come from a few addresses. Or the server itself refuses the signature, after more than MAX_FAILED_AUTH_PER_MINUTE of this address in a minute.',
        'Exempt the path from limits per address in the proxy, and try again in a minute: then the server answers 401, and the signature is looked at.',
    );
}

function unavailable(status: number): Outcome {
    if (status === 503)
        return fail(
            '503',
            'The server is full, busy or shutting down, or the proxy has no healthy server behind it. Genesys does not try again: each such call takes the failure path.',
            'GET /ready of the server says which. Look at the health check of the load balancer (/health or /ready, plain HTTP), and at MAX_SESSIONS.',
        );
    return fail(
        `${status}`,
        'The proxy cannot reach the server: it does not run, listens at another port or only at 127.0.0.1 of its container, or speaks another protocol than the proxy expects.',
        'Start the server, and compare PORT and HOST with where the proxy forwards to (plain HTTP, in a container HOST=0.0.0.0). The log of the proxy names the address that it tried.',
    );
}

function unknown(status: number): Outcome {
    return fail(
        `${status} instead of 101`,
        'What answered is no AudioConnector server, or refuses for a reason of its own.',
        `Compare host and path of the ${URI} with where the server is.`,
    );
}

function noAnswer(why: string): Outcome {
    const told = plain(why);
    if (/subprotocol/i.test(told))
        return fail(
            told,
            'The server selects a sub-protocol, and Genesys offers none.',
            'Let the server select no sub-protocol where none is offered.',
        );
    return fail(
        `no answer (${told})`,
        'The connection stands, and the upgrade request is not answered, or the line is cut: a proxy that does not know WebSockets, a firewall that inspects traffic, or a server that hangs.',
        'Look at the log of the proxy and of the server at this moment; let the proxy pass WebSockets.',
    );
}
