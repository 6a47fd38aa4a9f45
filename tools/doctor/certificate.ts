import { isIP } from 'node:net';
import { checkServerIdentity, connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { isFields, textIn } from '../../src/support/json';
import { fail, ok, plain, skip, systemError, warn, type Outcome } from './finding';
import { bareHost, portOf, type Target } from './target';

/** What the TLS handshake shows. `isTrusted`: the API key may be sent there. */
export interface CertificateCheck {
    isTrusted: boolean;
    handshake: Outcome;
    /** Undefined: there was no handshake. */
    chain?: Outcome;
    name?: Outcome;
    dates?: Outcome;
}

const DAY_MS = 86_400_000;
const WARNED_DAYS = 14;
const PUBLIC_CERTIFICATE =
    'Install a certificate of a public authority (such as Let’s Encrypt), with the whole chain, in the proxy that ends TLS; Genesys takes no other, and has no setting for one.';

/** Shakes hands without trusting the certificate, and judges it afterwards: chain, host name and dates are told apart. Never rejects. */
export async function checkCertificate(target: Target): Promise<CertificateCheck> {
    let socket: TLSSocket;
    const startedMs = performance.now();
    try {
        socket = await shakeHands(target);
    } catch (fault) {
        return { isTrusted: false, handshake: noHandshake(target, fault) };
    }
    const tookMs = Math.ceil(performance.now() - startedMs);
    const certificate = socket.getPeerCertificate(true);
    const version = socket.getProtocol() ?? 'unknown version';
    const problem = errorOf(socket);
    socket.destroy();
    const host = bareHost(target.url);
    const parts = {
        chain: judgeChain(certificate, problem, target.ca !== undefined),
        name: judgeName(host, certificate),
        dates: judgeDates(certificate, problem, target.clock.epochMs()),
    };
    // What is not judged under its own heading must not pass either: a name error is told by `name`, as Node has one error only.
    const isTrusted = Object.values(parts).every(({ verdict }) => verdict === 'ok' || verdict === 'warn');
    return { isTrusted, handshake: ok(`${version}, in ${tookMs} ms`), ...parts };
}

function shakeHands({ url, ca, limits }: Target): Promise<TLSSocket> {
    const host = bareHost(url);
    return new Promise((resolve, reject) => {
        const socket = connect({
            host,
            port: portOf(url),
            ...(isIP(host) === 0 && { servername: host }),
            ...(ca !== undefined && { ca: [...ca] }),
            ALPNProtocols: ['http/1.1'],
            rejectUnauthorized: false,
        });
        socket.setTimeout(limits.tlsMs, () => {
            socket.destroy(new Error('no answer'));
        });
        socket.once('secureConnect', () => {
            socket.setTimeout(0);
            resolve(socket);
        });
        socket.on('error', reject);
        socket.once('close', () => {
            reject(new Error('the connection was closed'));
        });
    });
}

function errorOf({ authorized, authorizationError }: TLSSocket): string | undefined {
    if (authorized) return undefined;
    return systemError(authorizationError);
}

function noHandshake({ url, limits }: Target, fault: unknown): Outcome {
    const why = systemError(fault);
    const words = `${why} ${isFields(fault) ? (textIn(fault, 'message') ?? '') : ''}`;
    if (/WRONG_VERSION_NUMBER|http request|PACKET_LENGTH_TOO_LONG|RECORD_OVERFLOW/i.test(words))
        return fail(
            'the port does not speak TLS',
            'A plain port answers where TLS is expected: wss:// leads straight to the server, which does not end TLS itself.',
            'Put something in front that ends TLS (load balancer, nginx, Caddy, a tunnel), and let it forward plain HTTP to PORT. To look at the plain port itself, call this command with ws://.',
        );
    if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|NO_SHARED_CIPHER|HANDSHAKE_FAILURE/i.test(words))
        return fail(
            `no handshake (${why})`,
            'TLS fails: nothing older than TLS 1.2 is offered there, or the proxy has no certificate for this host name.',
            'Enable TLS 1.2 and 1.3 in the proxy that ends TLS, and give it a certificate for this host name (SNI).',
        );
    return fail(
        `no handshake (${why})`,
        `The port is open, but no TLS handshake came about within ${limits.tlsMs / 1000} s.`,
        `Look at the log of what listens at ${url.host}; a certificate or key that cannot be read, and a port of another service, look like this.`,
    );
}

const OF_DATES = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const OF_NAME = new Set(['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH']);

function judgeChain(certificate: DetailedPeerCertificate, problem: string | undefined, isPrivate: boolean): Outcome {
    const issuer = nameOf(certificate.issuer);
    const count = chainLength(certificate);
    const found = `issued by ${issuer}, ${count === 1 ? '1 certificate' : `${count} certificates`}`;
    if (problem === undefined || OF_NAME.has(problem)) return isPrivate ? trustedHereOnly(found) : ok(found);
    if (OF_DATES.has(problem)) return isSelfSigned(certificate) ? selfSigned(found) : ok(found);
    if (problem === 'DEPTH_ZERO_SELF_SIGNED_CERT') return selfSigned(found);
    if (problem === 'SELF_SIGNED_CERT_IN_CHAIN')
        return fail(
            found,
            'The chain ends at an authority that is not public, such as one of a company.',
            PUBLIC_CERTIFICATE,
        );
    if (problem.startsWith('UNABLE_TO_'))
        return fail(
            found,
            count === 1
                ? 'The server sends only its own certificate, without those between it and the root; or its authority is not a public one.'
                : 'The chain is incomplete, or ends at an authority that is not public.',
            'Install the certificate with its whole chain (in nginx ssl_certificate is fullchain.pem, not cert.pem). Browsers fetch what is missing, Genesys does not. It must come from a public authority.',
        );
    return fail(`${found} (${problem})`, 'The certificate is not trusted.', PUBLIC_CERTIFICATE);
}

function trustedHereOnly(found: string): Outcome {
    return warn(
        found,
        'It is trusted because of --ca; whether a public authority stands behind it was not checked.',
        'For Genesys, run this command once more without --ca.',
    );
}

function selfSigned(found: string): Outcome {
    return fail(found, 'The certificate is self-signed: no authority stands behind it.', PUBLIC_CERTIFICATE);
}

function judgeName(host: string, certificate: DetailedPeerCertificate): Outcome {
    const names = plain(certificate.subjectaltname ?? nameOf(certificate.subject), 120).replace(
        /DNS:|IP Address:/g,
        '',
    );
    if (checkServerIdentity(host, certificate) === undefined) return ok(`made for ${names}`);
    return fail(
        `made for ${names}, not for ${host}`,
        'The certificate is for another host name.',
        `Get a certificate that names ${host}, or enter a host name that the certificate has in the Base Connection URI. Where one proxy serves several names, it chose the wrong certificate: look at its server_name or listener rule.`,
    );
}

function judgeDates(certificate: DetailedPeerCertificate, problem: string | undefined, epochMs: number): Outcome {
    const from = Date.parse(certificate.valid_from);
    const to = Date.parse(certificate.valid_to);
    if (Number.isNaN(from) || Number.isNaN(to)) return skip('no dates');
    const day = new Date(to).toISOString().slice(0, 10);
    const renew = 'Renew it, and let the proxy load the new one (nginx -s reload); see why the renewal did not run.';
    if (epochMs > to) return fail(`expired on ${day}`, 'The certificate has expired.', renew);
    if (epochMs < from)
        return fail(
            `valid from ${new Date(from).toISOString().slice(0, 10)}`,
            'The certificate is not valid yet, or the clock of this machine is slow.',
            'Compare the clocks (NTP), or wait until the certificate is valid.',
        );
    if (problem !== undefined && OF_DATES.has(problem))
        return fail(
            `valid to ${day}`,
            'A certificate further up in the chain has expired, or is not valid yet.',
            'Install the present chain of the authority beside the certificate.',
        );
    const leftDays = Math.floor((to - epochMs) / DAY_MS);
    if (leftDays >= WARNED_DAYS) return ok(`valid to ${day}, ${leftDays} more days`);
    return warn(`valid to ${day}, ${leftDays} more days`, 'The certificate expires soon.', renew);
}

function isSelfSigned({ issuerCertificate, fingerprint256 }: Partial<DetailedPeerCertificate>): boolean {
    return issuerCertificate !== undefined && issuerCertificate.fingerprint256 === fingerprint256;
}

/** What was sent, and the root where it is known: the last one names itself as its issuer, or none. */
function chainLength(leaf: DetailedPeerCertificate): number {
    const seen = new Set<string>();
    let each: Partial<DetailedPeerCertificate> | undefined = leaf;
    while (each?.fingerprint256 !== undefined && !seen.has(each.fingerprint256)) {
        seen.add(each.fingerprint256);
        each = each.issuerCertificate;
    }
    return seen.size;
}

function nameOf(name: DetailedPeerCertificate['subject'] | undefined): string {
    const text: unknown = name?.CN ?? name?.O;
    return plain(Array.isArray(text) ? text.join(', ') : typeof text === 'string' ? text : 'an unnamed party', 100);
}
