import type { CallDocument, RecordTurn } from '../../src/call-records/document';
import { eventsOf } from './call-facts';
import {
    clockTime,
    dollars,
    momentTime,
    PART_NAMES,
    seconds,
    unheardWords,
    waitOf,
    waitParts,
    wasNeverHeard,
} from './call-words';
import { MARKS, type Finding } from './finding';

/** A part of a wait that is shorter is not told. */
const SHOWN_MS = 50;

/** One call for a terminal: what it was, what went wrong, every turn, functions, variables, and figures. */
export function callText(call: CallDocument, findings: readonly Finding[]): string {
    return [
        head(call),
        section('What went wrong', findings.map(findingLine)),
        section(
            'Turns; ~~words~~ were never heard',
            call.turns.flatMap((turn) => turnLines(call, turn, findings)),
        ),
        section('Variables', [
            ...variables('given', call.inputVariables),
            ...variables('returned', call.outputVariables),
        ]),
        section('Figures', figures(call)),
    ]
        .filter((text) => text !== '')
        .join('\n\n');
}

function section(title: string, lines: readonly string[]): string {
    return lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function head(call: CallDocument): string {
    const {
        conversationId,
        sessionId,
        startedAt,
        durationMs,
        bot,
        endReason,
        language,
        server,
        mode,
        recording,
        flight,
    } = call;
    const files = [
        ...(recording === undefined ? [] : [recording.name]),
        ...(flight === undefined ? [] : [flight.name]),
    ];
    return [
        `Conversation  ${clean(conversationId)}`,
        `Session       ${sessionId}`,
        `Begun         ${startedAt}, ${clockTime(durationMs)} long, ended by ${clean(endReason)}`,
        `Bot           ${clean(bot?.name ?? 'none')}${language === undefined ? '' : `, ${clean(language)}`}, server ${server}`,
        ...(files.length === 0 ? [] : [`Files         ${files.join(', ')}`]),
        ...(mode === 'metadata' ? ['Words         none are kept: CALL_RECORD=metadata'] : []),
    ].join('\n');
}

function findingLine({ grade, turn, atMs, sentence }: Finding): string {
    const place = [
        ...(turn === undefined ? [] : [`turn ${turn}`]),
        ...(atMs === undefined ? [] : [momentTime(atMs)]),
    ].join(', ');
    return `${MARKS[grade]} ${place === '' ? '' : `${place}: `}${clean(sentence)}`;
}

function turnLines(call: CallDocument, turn: RecordTurn, findings: readonly Finding[]): string[] {
    const { number, begunBy, startMs, said, interrupted, audioMs, heardMs, faults, costUsd } = turn;
    const waitMs = waitOf(turn);
    const parts = waitParts(turn)
        .filter(({ ms }) => ms >= SHOWN_MS)
        .map(({ name, ms }) => `${PART_NAMES[name]} ${seconds(ms)}`);
    const facts = [
        `begun by the ${begunBy}`,
        ...(waitMs === undefined
            ? []
            : wasNeverHeard(turn, findings)
              ? [`never heard: its audio came after ${seconds(turn.toAudioMs ?? waitMs)}`]
              : [`wait ${seconds(waitMs)}${parts.length > 1 ? ` = ${parts.join(' + ')}` : ''}`]),
        ...(audioMs === 0 ? ['no answer'] : []),
        ...(interrupted ? [`interrupted: ${seconds(heardMs)} of ${seconds(audioMs)} heard`] : []),
        ...(costUsd === undefined ? [] : [dollars(costUsd)]),
        ...faults.map((code) => `✗ ${code}`),
    ];
    return [
        `${String(number).padStart(3)}  ${momentTime(startMs)}  ${facts.join(' · ')}`,
        ...(said === undefined || said === '' ? [] : [`           caller  ${clean(said)}`]),
        ...toolsOf(call, turn),
        ...botWords(turn),
    ];
}

/** What was heard, and between two marks what was generated and never heard. */
function botWords(turn: RecordTurn): string[] {
    const unheard = unheardWords(turn);
    const heard = turn.heard ?? (turn.generated ?? '').slice(0, (turn.generated ?? '').length - unheard.length).trim();
    const text = [heard, unheard === '' ? '' : `~~${unheard}~~`].filter((part) => part !== '').join(' ');
    return text === '' ? [] : [`           bot     ${clean(text)}`];
}

function toolsOf(call: CallDocument, { number, startMs }: RecordTurn): string[] {
    const next = call.turns.find((turn) => turn.number === number + 1)?.startMs ?? Infinity;
    return eventsOf(call, 'tool')
        .filter(({ atMs, ms }) => atMs - ms >= startMs && atMs - ms < next)
        .map(({ name, ms, outcome, argumentsJson, output }) => {
            const given = argumentsJson === undefined ? '' : ` ${argumentsJson}`;
            return `           function ${clean(`${name}${given} → ${outcome} after ${seconds(ms)}${output === undefined ? '' : ` ${output}`}`)}`;
        });
}

function variables(what: string, values: CallDocument['inputVariables']): string[] {
    return Object.entries(values).map(
        ([name, value]) => `${what.padEnd(8)}  ${clean(name)}${value === null ? '' : ` = ${clean(value)}`}`,
    );
}

function figures({ figures: known }: CallDocument): string[] {
    const { turns, bargeIns, takenBack, digits, toolCalls, firstAudioMs, medianTurnMs, worstTurnMs } = known;
    const { callerAudioMs, lostCallerAudioMs, costUsd, inputTokens, outputTokens, pricesAsOf } = known;
    const time = (ms: number | undefined): string => (ms === undefined ? 'not known' : seconds(ms));
    return [
        `turns ${turns}, interruptions ${bargeIns}, taken back ${takenBack}, keys ${digits}, functions ${toolCalls}`,
        `first sound ${time(firstAudioMs)}, waits: median ${time(medianTurnMs)}, longest ${time(worstTurnMs)}`,
        `caller audio ${seconds(callerAudioMs)}, lost ${seconds(lostCallerAudioMs)}`,
        `cost ${costUsd === undefined ? 'not known' : dollars(costUsd)} (prices of ${pricesAsOf}), tokens ${inputTokens} in, ${outputTokens} out`,
    ];
}

/** What came over the wire must not be able to steer a terminal. */
function clean(text: string): string {
    return text.replace(/\p{Cc}+/gu, ' ');
}
