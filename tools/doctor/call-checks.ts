import { NULL_UUID } from '../../src/protocol/core';
import type { CallSummary } from '../caller/call-record';
import type { CallerOptions } from '../caller/caller-options';
import type { Violation } from '../caller/check-catalogue';
import type { Caller } from '../caller/client';
import { MAX_MESSAGE_BYTES } from '../caller/media';
import { fail, ok, plain, warn, type Outcome } from './finding';
import { callerWith, closeCode, openedAfterMs, signedHeaders, type Answer } from './knock';
import { withinLimit } from './time-limit';
import type { Target } from './target';

/** `opened` later than this is told of, ms: a machine under load would pass the limit. */
const SLOW_OPENED_MS = 1000;
const SLOW_PONG_MS = 1000;
const LOST_PONG_MS = 5000;

/** The time to `opened`, of a call that was accepted. */
export function judgeOpened(answer: Answer, { limits }: Target): Outcome {
    const limit = `${limits.openedMs / 1000} s`;
    if (answer.kind === 'opened') {
        const found = `${Math.round(answer.openedAfterMs)} ms after open`;
        if (answer.openedAfterMs >= limits.openedMs) return tooLate(found, limit);
        if (answer.openedAfterMs < SLOW_OPENED_MS) return ok(found);
        return warn(
            found,
            `Genesys waits ${limit}, and under load this grows.`,
            'Answer open before anything slow is done: a model, a database or a CRM is asked after opened.',
        );
    }
    if (answer.kind === 'disconnected') return disconnected(answer.reason, answer.info);
    const code = answer.kind === 'unopened' ? answer.code : undefined;
    if (code !== undefined)
        return fail(
            `the connection was closed (${code}) before opened`,
            'The server, or something before it, ends the connection after the upgrade.',
            'Look at the log of the server: it names a code. No line there: a proxy ends WebSockets; look at its log and limits.',
        );
    return tooLate(`no opened within ${limit}`, limit);
}

function tooLate(found: string, limit: string): Outcome {
    return fail(
        found,
        `opened comes later than Genesys waits (${limit} after open): the integration cannot be activated, and calls take the failure path.`,
        'Answer open before anything slow is done; look whether the machine is overloaded, or a proxy holds messages back (response buffering: nginx proxy_buffering off).',
    );
}

function disconnected(reason: string, info: string | undefined): Outcome {
    const said = info === undefined ? '' : `: ${plain(info)}`;
    if (reason === 'unauthorized')
        return fail(
            `disconnect unauthorized${said}`,
            'The server accepts the connection, and then refuses key, signature or organization.',
            'Compare API Key and Client Secret, and AUDIOHOOK_ORGANIZATIONS: this command calls with an organization id of its own, which such a list refuses. For this test, empty it.',
        );
    return fail(
        `disconnect ${plain(reason)}${said}`,
        'The server accepts the connection, and ends the call itself.',
        'Its log names the code, and docs/ERRORS.md the cure. ERR_BOT_UNKNOWN: the Connector ID in the path names no bot.',
    );
}

/** Rules of the protocol that a call was found to break. */
export function judgeProtocol({ protocol, outcome }: CallSummary): Outcome {
    const { checked, broken, warned } = protocol;
    const found = `${checked.length} rules checked`;
    const rules = rulesOf(broken);
    if (outcome === 'cut')
        return fail(
            `${found}; cut before closed`,
            'The line went dead before close was answered with closed.',
            'Look at the log of the server, and whether a proxy cuts connections.',
        );
    if (rules !== '')
        return fail(
            found,
            `The server breaks rules of the protocol. Expected: it ${rules}.`,
            'See docs/PROTOCOL.md, and the log of the server.',
        );
    if (warned.length === 0) return ok(found);
    return warn(
        found,
        `Genesys copes with it, but the server should not do it. Expected: it ${rulesOf(warned)}.`,
        'See docs/PROTOCOL.md.',
    );
}

function rulesOf(violations: readonly Violation[]): string {
    return [...new Set(violations.map(({ check }) => check.rule))].join('; it ');
}

/** A connection probe that stays: no bot is asked, and no model. */
const QUIET: Partial<CallerOptions> = {
    conversationId: NULL_UUID,
    participant: { id: NULL_UUID, ani: '', aniName: '', dnis: '' },
};

/** Pong times, and whether a quiet call is left alone for `limits.quietMs`. */
export interface QuietCall {
    pong: Outcome;
    hold: Outcome;
}

/** Holds a paused call without sound, with the pings of Genesys, and hangs up. Never rejects. */
export async function holdQuietCall(target: Target): Promise<QuietCall> {
    const { quietMs } = target.limits;
    const caller = callerWith(target, signedHeaders(target), { ...QUIET, startPaused: true });
    const summary = await place(caller, target, quietMs);
    const heldMs = summary === undefined ? quietMs : summary.durationMs;
    const early = summary?.outcome !== 'completed' || heldMs < quietMs;
    return { pong: judgePongs(summary), hold: early ? cutShort(summary, caller, quietMs) : held(quietMs) };
}

function held(quietMs: number): Outcome {
    return ok(`a quiet call stood for ${seconds(quietMs)}`);
}

function cutShort(summary: CallSummary | undefined, caller: Caller, quietMs: number): Outcome {
    if (summary === undefined || openedAfterMs(caller) === undefined)
        return fail(
            'the call did not come about',
            'The call was refused, or not opened, although one before it was.',
            'Look at the log of the server: a limit of connections, or one of several servers behind the proxy that differs from the others.',
        );
    const after = seconds(summary.durationMs);
    const code = closeCode(caller);
    const ending = code === undefined || code === 1006 ? 'without a close frame' : `with close code ${code}`;
    if (summary.disconnect !== undefined)
        return fail(
            `disconnect ${plain(summary.disconnect.reason)} after ${after}`,
            'The server ends a quiet call.',
            'Its log names the code, and docs/ERRORS.md the cure.',
        );
    return fail(
        `cut after ${after} of ${seconds(quietMs)}, ${ending}`,
        'Something between ends the connection after an idle time, or after a whole time that is shorter than a call, although pings come each 5 s.',
        'Raise that limit above the longest call: nginx proxy_read_timeout and proxy_send_timeout, AWS load balancer idle timeout, Kubernetes ingress proxy-read-timeout, Cloud Run and Azure request timeout (these count the whole call), HAProxy timeout tunnel.',
    );
}

function judgePongs(summary: CallSummary | undefined): Outcome {
    const rtts = summary?.rttsMs ?? [];
    if (rtts.length === 0)
        return fail(
            'no pong',
            'A ping was not answered: Genesys ends the call after 5 s.',
            'Let the server answer each ping at once with pong, its clientseq the seq of the ping. Where it does, something between holds messages back.',
        );
    const worst = Math.max(...rtts);
    const found = `${rtts.length} pongs, the slowest after ${Math.ceil(worst)} ms`;
    if (worst < SLOW_PONG_MS) return ok(found);
    const change =
        'Look whether the machine of the server is overloaded, and how far it is from the region of the organization.';
    if (worst < LOST_PONG_MS) return warn(found, 'The way there and back is slow; Genesys gives up at 5 s.', change);
    return fail(found, 'Genesys gives up at 5 s without a pong.', change);
}

/** Sends an `open` of almost 64,000 bytes, which is the largest message of the protocol. Never rejects. */
export async function sendLargeMessage(target: Target): Promise<Outcome> {
    const padding = 'x'.repeat(MAX_MESSAGE_BYTES - ENVELOPE_BYTES);
    const caller = callerWith(target, signedHeaders(target), { ...QUIET, customConfig: { padding } });
    const summary = await place(caller, target, 0);
    const sent = caller.events.find((event) => event.kind === 'sent' && event.type === 'open');
    const bytes = sent?.kind === 'sent' ? Buffer.byteLength(sent.text) : 0;
    const found = `open of ${bytes.toLocaleString('en')} bytes`;
    if (summary !== undefined && openedAfterMs(caller) !== undefined) return ok(`${found} was taken`);
    const code = closeCode(caller);
    return fail(
        `${found} was not answered${code === undefined ? '' : ` (closed with ${code})`}`,
        'The server, or something before it, does not take messages as large as Genesys may send (64,000 bytes).',
        'Raise the limit of a WebSocket message to 65,536 bytes at least: in the server (ws: maxPayload), in a firewall that inspects WebSockets, in the gateway (AWS API Gateway takes 32 KB only).',
    );
}

/** Room for the rest of `open`. */
const ENVELOPE_BYTES = 800;

/** What a short call to the bot shows. */
export interface ShortCall {
    call: Outcome;
    rate: Outcome;
}

/** Calls the bot as a caller who says nothing, listens for `limits.callMs`, and hangs up. Never rejects. */
export async function callBot(target: Target): Promise<ShortCall> {
    const caller = callerWith(target, signedHeaders(target), {});
    const summary = await place(caller, target, target.limits.callMs);
    if (summary === undefined)
        return {
            call: fail('the call did not end', 'close was not answered with closed.', 'Look at the log of the server.'),
            rate: { verdict: 'skip', found: 'no call' },
        };
    return { call: judgeCall(summary, target), rate: judgeRate(caller, summary) };
}

function judgeCall(summary: CallSummary, target: Target): Outcome {
    const { refusal, disconnect, firstAudioAfterMs } = summary;
    if (refusal !== undefined)
        return fail(
            refusal.status === undefined ? plain(refusal.why) : `${refusal.status}`,
            'A call is refused, although the probe before it was accepted.',
            'Look at the log of the server: a limit of calls, or one of several servers behind the proxy that differs from the others.',
        );
    if (disconnect !== undefined && disconnect.reason !== 'completed')
        return disconnected(disconnect.reason, disconnect.info);
    const protocol = judgeProtocol(summary);
    if (protocol.verdict !== 'ok') return protocol;
    if (firstAudioAfterMs !== undefined) return ok(`first sound ${Math.round(firstAudioAfterMs)} ms after opened`);
    return warn(
        `no sound within ${seconds(target.limits.callMs)}`,
        'The bot says nothing: it may wait for the caller, its model may be slow or refuse, or the path names the bot silent.',
        'Look at the log of the server for ERR_OPENAI… and ERR_FALLBACK_STEP, and try npm run call.',
    );
}

const MS = 1000;

function judgeRate({ events }: Caller, { protocol }: CallSummary): Outcome {
    const counts = { audio: 0, text: 0 };
    for (const { kind } of events) {
        if (kind === 'audioReceived') counts.audio += 1;
        if (kind === 'received') counts.text += 1;
    }
    const found = `${counts.audio} sound and ${counts.text} text messages`;
    const over = protocol.broken.some(({ check }) => check.name === 'audioRate' || check.name === 'textRate');
    if (!over) return ok(`${found}, within 25 + 5 per second`);
    return fail(
        found,
        'The server sends more messages than Genesys takes (5 a second each, bursts of 25): Genesys answers 429, and drops the connection.',
        'Send sound in pieces of 240 ms or more (at most 64,000 bytes), and gather events.',
    );
}

/** Dials, stays for `stayMs` after opened, hangs up. undefined: the call did not come to an end. */
async function place(caller: Caller, { limits }: Target, stayMs: number): Promise<CallSummary | undefined> {
    let timer: NodeJS.Timeout | undefined;
    caller.once('opened', () => {
        timer = setTimeout(() => {
            caller.hangUp();
        }, stayMs);
    });
    const { answerMs, openedMs, closeMs } = limits;
    try {
        await withinLimit(answerMs, 'no answer', caller.dial());
        return await withinLimit(openedMs + stayMs + closeMs, 'no end', caller.ended);
    } catch {
        return undefined;
    } finally {
        clearTimeout(timer);
        caller.cut();
    }
}

function seconds(ms: number): string {
    return `${(ms / MS).toFixed(ms < 10 * MS ? 1 : 0)} s`;
}
