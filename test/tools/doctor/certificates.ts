import { generate, type GenerateResult } from 'selfsigned';

/** A private key and the chain that a server shows, in PEM. */
export interface TlsPair {
    key: string;
    cert: string;
}

const DAY_MS = 86_400_000;

export interface CertificateOptions {
    /** The host name that it is made for. Default: localhost. */
    host?: string;
    /** Days from now; negative: it has expired. Default: 100. */
    days?: number;
    /** Default: it signs itself. */
    authority?: GenerateResult;
}

/** An authority of the test's own: a root, unless another one signs it. */
export function makeAuthority(name = 'Test authority', parent?: GenerateResult): Promise<GenerateResult> {
    return generate([{ name: 'commonName', value: name }], {
        ...COMMON,
        notAfterDate: new Date(Date.now() + 1000 * DAY_MS),
        notBeforeDate: new Date(Date.now() - 900 * DAY_MS),
        extensions: [
            { name: 'basicConstraints', cA: true, critical: true },
            { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
        ],
        ...(parent !== undefined && { ca: { key: parent.private, cert: parent.cert } }),
    });
}

/** A certificate for a server. */
export async function makeCertificate({
    host = 'localhost',
    days = 100,
    authority,
}: CertificateOptions = {}): Promise<TlsPair> {
    const made = await generate([{ name: 'commonName', value: host }], {
        ...COMMON,
        notBeforeDate: new Date(Date.now() - 800 * DAY_MS),
        notAfterDate: new Date(Date.now() + days * DAY_MS),
        extensions: [
            { name: 'basicConstraints', cA: false },
            { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
        ],
        ...(authority !== undefined && { ca: { key: authority.private, cert: authority.cert } }),
    });
    return { key: made.private, cert: made.cert };
}

const COMMON = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
