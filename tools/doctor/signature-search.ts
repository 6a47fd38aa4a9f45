import { knock, signedHeaders, type Answer } from './knock';
import { fail, type Outcome } from './finding';
import { pairsOf, variantsOf, type Variant } from './variants';
import type { Target } from './target';

/** Attempts at a time: a server delays each refusal by half a second. */
const AT_ONCE = 8;

const SECRET_IN_GENESYS = 'Admin → Integrations → Audio Connector → Configuration → Credentials';

/** What is known when the signature is refused. */
export interface SearchInput {
    target: Target;
    addresses: readonly string[];
    /** By the header Date; undefined: unknown. */
    clockAheadSeconds: number | undefined;
    /** Told now and then, for who waits. */
    progress: (text: string) => void;
}

/**
 * Explains a 401: signs the same request as a changed one would have to be signed, until one is accepted. What differs between the
 * two is what differs between Genesys and the server. An accepted attempt is a connection probe, which costs nothing.
 */
export async function explainRefusedSignature(input: SearchInput): Promise<Outcome> {
    const { target } = input;
    if (target.clientSecret === undefined) return unsignedRefused();
    const singles = variantsOf(target, input.addresses, input.clockAheadSeconds);
    const deadlineMs = performance.now() + target.limits.searchMs;
    const found = await firstAccepted(input, singles, deadlineMs);
    if (found.variant !== undefined) return explained(found.variant);
    const pairs = found.isStopped ? found : await firstAccepted(input, pairsOf(target, input.addresses), deadlineMs);
    if (pairs.variant !== undefined) return explained(pairs.variant);
    return unexplained(found.tried + (pairs === found ? 0 : pairs.tried), pairs.isStopped);
}

function explained({ component, cause, change }: Variant): Outcome {
    return fail(`401: ${component === 'clock' ? 'the clock differs' : `${component} differs`}`, cause, change);
}

interface Search {
    variant: Variant | undefined;
    tried: number;
    /** The server refuses further attempts, or time is up. */
    isStopped: boolean;
}

async function firstAccepted(input: SearchInput, variants: readonly Variant[], deadlineMs: number): Promise<Search> {
    const search: Search = { variant: undefined, tried: 0, isStopped: false };
    let next = 0;
    const work = async (): Promise<void> => {
        while (search.variant === undefined && !search.isStopped) {
            const variant = variants[next++];
            if (variant === undefined) return;
            const answer = await knock(input.target, signedHeaders(input.target, variant.as));
            search.tried += 1;
            input.progress(
                `the signature is refused: looking for what was changed (${search.tried} of ${variants.length})`,
            );
            if (isAccepted(answer)) search.variant ??= variant;
            search.isStopped ||= isRefusedForGood(answer) || performance.now() > deadlineMs;
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return search;
}

/** Whatever comes after a 101, the signature was right, unless it is taken back. */
export function isAccepted(answer: Answer): boolean {
    if (answer.kind === 'disconnected') return answer.reason !== 'unauthorized';
    return answer.kind === 'opened' || answer.kind === 'unopened';
}

/** Not by 429: the server counts refused requests of an address (MAX_FAILED_AUTH_PER_MINUTE), and accepts a good signature all the same. */
function isRefusedForGood(answer: Answer): boolean {
    return answer.kind === 'refused' && answer.status === 503;
}

function unsignedRefused(): Outcome {
    return fail(
        '401: the unsigned request is refused',
        'The server does not know the API key, or it knows a client secret for it and refuses requests that are not signed.',
        `Give --secret. In Genesys, enter API Key and Client Secret under ${SECRET_IN_GENESYS}, the same as in AUDIOHOOK_API_KEYS.`,
    );
}

function unexplained(tried: number, isStopped: boolean): Outcome {
    return fail(
        `401: refused as signed, and in ${tried} variants${isStopped ? ', not all of them' : ''}`,
        'The client secret or the API key is another one than that of the server: none of the usual changes of Host, port, path, query, scheme and clock explains it. Or a proxy writes a Host that cannot be guessed (nginx without proxy_set_header Host writes the address of its proxy_pass), or drops X-API-KEY, Signature or Signature-Input.',
        `Compare API Key and Client Secret under ${SECRET_IN_GENESYS} with AUDIOHOOK_API_KEYS, letter for letter and without blanks. The log of the server names the code: ERR_KEY_UNKNOWN, ERR_KEY_MISSING, ERR_SIGNATURE_MISMATCH. If it is the last one, name what the proxy forwards to with --backend HOST:PORT, or see what arrives with --listen.`,
    );
}
