import { randomBytes } from 'node:crypto';
import { fail, ok, skip, warn, type Outcome } from './finding';
import { knock, signedHeaders, type Answer } from './knock';
import { isAccepted } from './signature-search';
import type { Target } from './target';

/** Requests that are not from Genesys, which a server must refuse. */
export interface Refusals {
    unsigned: Outcome;
    expired: Outcome;
    replayed: Outcome;
    unknownKey: Outcome;
}

/** A signature of this age is refused by any server, in seconds: it lived for 10 s. */
const EXPIRED_SECONDS = 60;
const WHY_SIGNED = 'The API key travels with every call, and anyone who has seen it could call.';

/** Calls with four kinds of wrong credentials, `accepted` being the headers of a call that was accepted. Never rejects. */
export async function checkRefusals(target: Target, accepted: Record<string, string>): Promise<Refusals> {
    if (target.clientSecret === undefined) return checkUnsignedKey(target);
    const [unsigned, expired, replayed, unknownKey] = await Promise.all([
        knock(target, signedHeaders(target, { isUnsigned: true })),
        knock(target, signedHeaders(target, { shiftSeconds: -EXPIRED_SECONDS })),
        knock(target, accepted),
        knock(target, signedHeaders(target, { apiKey: randomKey() })),
    ]);
    return {
        unsigned: judge(
            unsigned,
            `A request without a signature is accepted. ${WHY_SIGNED}`,
            'Let the server refuse unsigned requests of a key that has a secret. With this server: no empty secret in AUDIOHOOK_API_KEYS.',
        ),
        expired: judge(
            expired,
            'A signature that is a minute old is accepted: who has recorded one can use it for long.',
            'Let the server compare created and expires with its clock (10 s, with 3 s of tolerance).',
        ),
        replayed: judgeReplay(replayed),
        unknownKey: judge(
            unknownKey,
            'An API key that the server cannot know is accepted: it verifies nothing.',
            'Switch the verification of key and signature on.',
        ),
    };
}

async function checkUnsignedKey(target: Target): Promise<Refusals> {
    const none = skip('this key has no secret');
    const unknownKey = await knock(target, signedHeaders(target, { apiKey: randomKey() }));
    return {
        unsigned: none,
        expired: none,
        replayed: none,
        unknownKey: judge(unknownKey, 'Any API key is accepted.', 'Let the server refuse keys that it does not know.'),
    };
}

function randomKey(): string {
    return randomBytes(16).toString('hex');
}

function judge(answer: Answer, cause: string, change: string): Outcome {
    return isAccepted(answer) ? fail('accepted', cause, change) : judgeRefusal(answer);
}

/** The reference of Genesys does not look for repeated nonces, and the seconds for which one counts are few. */
function judgeReplay(answer: Answer): Outcome {
    if (!isAccepted(answer)) return judgeRefusal(answer);
    return warn(
        'accepted',
        'The same signature is accepted a second time within its 10 s; several servers behind one address do not know of each other’s nonces.',
        'Let the server remember nonces until their signature has expired. With several servers of this project, set REPLAY_STORE (docs/SHARED-STATE.md).',
    );
}

function judgeRefusal(answer: Answer): Outcome {
    // 429: more than MAX_FAILED_AUTH_PER_MINUTE requests of this address were refused before.
    if (answer.kind === 'refused' && (answer.status === 401 || answer.status === 429))
        return ok(`refused with ${answer.status}`);
    if (answer.kind === 'disconnected') return ok('refused with disconnect unauthorized');
    if (answer.kind === 'refused')
        return warn(
            `refused with ${answer.status}`,
            'It is refused, but not with 401: something before the server may answer.',
            'Let the server answer 401, without a word of why.',
        );
    return warn(
        'not answered',
        'The connection was dropped without an HTTP answer.',
        'Let the server answer 401: otherwise Genesys cannot tell a wrong key from a dead server.',
    );
}
