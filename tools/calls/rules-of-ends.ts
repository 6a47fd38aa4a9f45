import { ERRORS } from '../../src/support/errors';
import { END_REASONS } from '../architect-kit/end-reasons';
import { eventsOf, placeAt, placeOf, type CallFacts } from './call-facts';
import { dollars, seconds } from './call-words';
import { finding, type Finding } from './finding';

/** Ends that are a fault; a code of docs/ERRORS.md is one too. Any other is the wish of the caller, or of the bot, which has names of its own. */
const BAD_ENDS: ReadonlySet<string> = new Set(['bot_failed', 'dead_air', 'error', 'client_error']);

/** What a limit is called in the configuration. */
const LIMITS_BY_REASON: Readonly<Record<string, string>> = {
    max_turns: 'the limit of responses, MAX_TURNS',
    max_cost: 'the limit of its cost, MAX_COST_USD',
    max_duration: 'the limit of its length, MAX_CALL_MINUTES',
    ERR_CALL_TOO_LONG: 'the limit of its length, MAX_CALL_MINUTES',
    no_input: 'the silence of the caller, who was asked again NO_INPUT_REPROMPTS times',
};

/** A code with its cause: `ERR_OPENAI_LOST: The connection … was lost.` A code that is not in the catalogue stands alone. */
export function causeOf(code: string): string {
    const cause = Object.hasOwn(ERRORS, code) ? ERRORS[code as keyof typeof ERRORS].cause : undefined;
    return cause === undefined ? code : `${code}: ${cause.replace(/\.$/, '')}`;
}

/** How the call ended, and what holds for the whole of it. */
export function endFindings(facts: CallFacts): Finding[] {
    return [...howItEnded(facts), ...goodbye(facts), ...lostAudio(facts), ...cost(facts)];
}

function howItEnded({ call }: CallFacts): Finding[] {
    const { endReason, durationMs, outputVariables } = call;
    const place = placeAt(call, durationMs);
    if (endReason === 'process_died')
        return [
            finding(
                'processDied',
                'The server process ended in the middle of the call: what is recorded is what its journal held.',
                place,
            ),
        ];
    if (endReason === 'socket_lost')
        return [finding('lineLost', 'The connection to Genesys was lost in the middle of the call.', place)];
    if (endReason === 'server_shutdown')
        return [finding('serverStopped', 'The server was being stopped, and the call was cut short.', place)];
    const limit = LIMITS_BY_REASON[endReason];
    if (limit !== undefined) return [finding('endedByLimit', `The call was ended by ${limit}.`, place)];
    if (!BAD_ENDS.has(endReason) && !endReason.startsWith('ERR_')) return [];
    const errorCode = outputVariables['error_code'];
    const because = errorCode === undefined || errorCode === null || errorCode === endReason ? '' : causeOf(errorCode);
    const what = (END_REASONS[endReason]?.meaning ?? causeOf(endReason))
        .replace(/\.$/, '')
        .replace(/; error_code .*/, '');
    const sentence = `The call was ended by a fault. ${what}${because === '' ? '' : `, because of ${because}`}.`;
    return [finding('endedByFault', sentence, place)];
}

/** The bot hung up, and the caller had not heard all of its last words. */
function goodbye({ call, limits }: CallFacts): Finding[] {
    const isOfBot = call.endReason !== 'client_end' && Object.hasOwn(END_REASONS, call.endReason);
    const last = call.turns.findLast(({ audioMs }) => audioMs > 0);
    if (!isOfBot || last === undefined || last !== call.turns.at(-1) || last.interrupted) return [];
    if (last.audioMs - last.heardMs < limits.goodbyeCutMs) return [];
    const heard = `the caller heard ${seconds(last.heardMs)} of ${seconds(last.audioMs)}`;
    return [finding('goodbyeCut', `The goodbye was cut: ${heard}.`, placeOf(last, call.durationMs))];
}

function lostAudio({ call, limits }: CallFacts): Finding[] {
    const { lostCallerAudioMs } = call.figures;
    if (lostCallerAudioMs < limits.lostAudioMs) return [];
    const sentence = `${seconds(lostCallerAudioMs)} of the caller’s voice never reached the server: the client left it out.`;
    return [finding('lostAudio', sentence)];
}

function cost({ call, limits }: CallFacts): Finding[] {
    const { costUsd } = call.figures;
    if (costUsd === undefined || costUsd < limits.costUsd) return [];
    const dearest = call.turns.reduce<(typeof call.turns)[number] | undefined>(
        (most, turn) => ((turn.costUsd ?? 0) > (most?.costUsd ?? 0) ? turn : most),
        undefined,
    );
    const most = dearest === undefined ? '' : `, ${dollars(dearest.costUsd ?? 0)} of it this turn, more than any other`;
    const sentence = `The call cost ${dollars(costUsd)}${most}.`;
    return [finding('cost', sentence, dearest === undefined ? {} : placeOf(dearest))];
}

/** Warnings and errors that no other sentence names, by code. */
export function otherFaults({ call }: CallFacts, others: readonly Finding[]): Finding[] {
    const told = others.map(({ sentence }) => sentence).join(' ');
    const codes = new Map<string, { atMs: number; times: number }>();
    for (const { code, atMs } of eventsOf(call, 'fault')) {
        if (told.split(/[^A-Za-z0-9_]+/).includes(code)) continue;
        const known = codes.get(code);
        if (known === undefined) codes.set(code, { atMs, times: 1 });
        else known.times += 1;
    }
    return [...codes].map(([code, { atMs, times }]) =>
        finding(
            'otherFault',
            `The log has ${causeOf(code)}${times === 1 ? '' : `; ${times} times, first here`}.`,
            placeAt(call, atMs),
        ),
    );
}
