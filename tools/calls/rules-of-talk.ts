import { compareWords } from '../../src/common/overlap/word-list';
import type { RecordTurn } from '../../src/call-records/document';
import { eventsOf, placeAt, placeOf, type CallFacts } from './call-facts';
import { quoted, seconds, unheardWords } from './call-words';
import { finding, type Finding } from './finding';

/** How the two talked with each other: who spoke over whom, what was not understood, and what was never heard. */
export function talkFindings(facts: CallFacts): Finding[] {
    return [
        ...turnIgnored(facts),
        ...botOverCaller(facts),
        ...callerRepeated(facts),
        ...askedAgain(facts),
        ...backchannelTurns(facts),
        ...questionsUnheard(facts),
        ...interruptions(facts),
    ];
}

/** Words over the bot that were more than a sign of listening, and no turn. */
function turnIgnored({ call, limits, phrases }: CallFacts): Finding[] {
    const words = eventsOf(call, 'words').flatMap(({ ignored, text, atMs }) => {
        if (ignored !== true || text === undefined || compareWords(text, phrases) === 'backchannel') return [];
        if (text.split(/\s+/).filter((word) => word !== '').length < limits.ignoredWords) return [];
        const sentence = `The caller spoke over the bot, and it was taken for no turn: ${quoted(text)}.`;
        return [finding('turnIgnored', sentence, placeAt(call, atMs))];
    });
    if (words.length > 0 || call.mode === 'full') return words;
    return eventsOf(call, 'overlap').flatMap(({ verdict, voicedMs, atMs, afterMs }) => {
        if ((verdict !== 'ignored' && verdict !== 'resumed') || voicedMs < limits.ignoredVoiceMs) return [];
        const sentence = `The caller spoke over the bot for ${seconds(voicedMs)}, and it was taken for no turn.`;
        return [finding('turnIgnored', sentence, placeAt(call, Math.max(0, atMs - afterMs)))];
    });
}

/** The bot began while the caller was talking, and they went on. */
function botOverCaller({ call, limits, talking, playing }: CallFacts): Finding[] {
    return playing.flatMap(({ fromMs, toMs }) => {
        const span = talking.find((each) => each.fromMs < fromMs && each.toMs > fromMs);
        const overMs = span === undefined ? 0 : Math.min(span.toMs, toMs) - fromMs;
        if (overMs < limits.botOverCallerMs) return [];
        const sentence = `The bot began to speak while the caller was talking, and both spoke for ${seconds(overMs)}.`;
        return [finding('botOverCaller', sentence, placeAt(call, fromMs))];
    });
}

/** Two turns of the caller, one after the other, in nearly the same words. */
function callerRepeated({ call, limits }: CallFacts): Finding[] {
    const spoken = call.turns.filter(({ said }) => said !== undefined && said !== '');
    return spoken.flatMap((turn, index) => {
        const before = spoken[index - 1];
        if (before === undefined || sharedWords(before, turn, limits.repeatedWords) < limits.repeatedShare) return [];
        const sentence = `The caller said again what they had said in turn ${before.number}: ${quoted(turn.said ?? '')}.`;
        return [finding('callerRepeated', sentence, placeOf(turn))];
    });
}

/** Of all different words of two turns, the share that both have; 0 where one has too few. */
function sharedWords(one: RecordTurn, other: RecordTurn, least: number): number {
    const [first, second] = [one, other].map(({ said = '' }) => new Set(said.toLowerCase().match(/[\p{L}\p{N}']+/gu)));
    if (first === undefined || second === undefined || first.size < least || second.size < least) return 0;
    const shared = [...first].filter((word) => second.has(word)).length;
    return shared / (first.size + second.size - shared);
}

/** The bot had to ask again: the caller said nothing, or was not understood. */
function askedAgain({ call }: CallFacts): Finding[] {
    const turns = eventsOf(call, 'turn');
    const sound = eventsOf(call, 'audio');
    const told = (disposition: string, kind: 'askedAgain' | 'notUnderstood', sentence: string): Finding[] => {
        const [first, ...others] = turns.filter((turn) => turn.disposition === disposition);
        if (first === undefined) return [];
        const times = others.length === 0 ? '' : `, ${others.length + 1} times in this call`;
        // An interrupted turn is reported when the next one has begun.
        const began = sound.find(({ responseId }) => responseId === first.responseId);
        return [finding(kind, `${sentence}${times}.`, placeAt(call, (began ?? first).atMs))];
    };
    return [
        ...told('no_input', 'askedAgain', 'The bot heard nothing of the caller and asked again'),
        ...told('no_match', 'notUnderstood', 'The bot did not understand the caller'),
    ];
}

/** “mhm” that stopped the bot and became a turn. */
function backchannelTurns({ call, phrases }: CallFacts): Finding[] {
    const stops = eventsOf(call, 'bargeIn');
    return call.turns.flatMap((turn) => {
        const { said = '', begunBy, startMs, endMs } = turn;
        if (begunBy !== 'caller' || compareWords(said, phrases) !== 'backchannel') return [];
        const stop = stops.find(({ atMs }) => atMs >= startMs - NEAR_MS && atMs <= Math.min(endMs, startMs + NEAR_MS));
        if (stop === undefined) return [];
        return [
            finding('backchannelTurn', `${quoted(said)} stopped the bot, and was taken for a turn.`, placeOf(turn)),
        ];
    });
}

/** An interruption belongs to the turn that begins with it, ms. */
const NEAR_MS = 2000;

function questionsUnheard({ call }: CallFacts): Finding[] {
    return call.turns.flatMap((turn) => {
        const question = turn.interrupted ? unheardQuestion(turn) : undefined;
        if (question === undefined) return [];
        const sentence = `The caller never heard a question of the bot: ${quoted(question)}. They had interrupted it before.`;
        return [finding('questionUnheard', sentence, placeOf(turn, turn.endMs))];
    });
}

/** The first question whose end was not heard, as a whole. */
function unheardQuestion(turn: RecordTurn): string | undefined {
    const unheard = unheardWords(turn);
    const end = /[?？]/u.exec(unheard);
    if (end === null) return undefined;
    const { generated = '' } = turn;
    const untilEnd = generated.slice(0, generated.length - unheard.length + end.index + 1);
    return /[^.!?？…]*.$/su.exec(untilEnd)?.[0].trim();
}

function interruptions({ call, limits }: CallFacts): Finding[] {
    const stops = eventsOf(call, 'bargeIn');
    const [first] = stops;
    const { turns, takenBack } = call.figures;
    const many = stops.length >= limits.interruptions && stops.length >= limits.interruptionsPerTurn * turns;
    const interrupted = call.turns.find((turn) => turn.interrupted);
    const held = eventsOf(call, 'overlap').find(({ verdict }) => verdict === 'resumed');
    return [
        ...(many && first !== undefined
            ? [
                  finding(
                      'manyInterruptions',
                      `The caller interrupted the bot ${stops.length} times in ${turns} turns, first here.`,
                      interrupted === undefined ? placeAt(call, first.atMs) : placeOf(interrupted, first.atMs),
                  ),
              ]
            : []),
        ...(takenBack >= limits.takenBack
            ? [
                  finding(
                      'takenBack',
                      `The bot was stopped ${takenBack} times for sounds that were no turn${held === undefined ? '' : ', first here'}.`,
                      held === undefined ? {} : placeAt(call, held.atMs),
                  ),
              ]
            : []),
    ];
}
