/** A recorded call as a case of `npm run eval`. */
import type { CallDocument, RecordEvent } from '../../src/call-records/document';
import { builtInTool } from '../../src/services/functions/built-in-tools';
import { isFields } from '../../src/support/json';
import type { EvalCase, Expectation, Mock, ModelStep } from '../eval/case-schema';
import { ofKind, scriptOf, type EventOf } from './script-of-call';

/** A record cannot be made a case; the message is a sentence that says why. */
export class UnusableRecord extends Error {
    override readonly name = 'UnusableRecord';
}

/** What of a response the function gives the model, and sets, by the bot's profile: places in the response by name. */
export interface PlacesOf {
    readonly pick?: Readonly<Record<string, string>> | undefined;
    readonly setVariables?: Readonly<Record<string, string>> | undefined;
}

export interface CallToConvert {
    readonly document: CallDocument;
    /** The keys in their order; undefined: they are not known. */
    readonly keys?: readonly string[] | undefined;
    /** The profile's mapping of a function; undefined: it has none. */
    readonly placesOf?: (name: string) => PlacesOf | undefined;
    /** Input variables that the bot takes; undefined: any. */
    readonly declared?: ReadonlySet<string> | undefined;
}

export interface CaseOfCall {
    readonly bot: string;
    readonly evalCase: EvalCase;
    /** What the reader must know, each in a sentence. */
    readonly notes: readonly string[];
}

/** Output variables that are another number in each call, or that `expect` has other keys for. */
const NOT_EXPECTED = new Set([
    'bot',
    'turns',
    'fallback_used',
    'worst_turn_ms',
    'cost_usd',
    'end_reason',
    'error_code',
]);
const TRANSFER = 'transfer_to_agent';
const FAILURES = ['server_error', 'rate_limited', 'content_filter', 'max_output_tokens'] as const;

/** @throws UnusableRecord for a record without words */
export function caseOfCall({ document, keys, placesOf = () => undefined, declared }: CallToConvert): CaseOfCall {
    const { bot, inputVariables, language, startedAt, fallbackUsed, mode } = document;
    if (mode !== 'full')
        throw new UnusableRecord('The record has the mode `metadata`: what was said is not in it (CALL_RECORD=full).');
    if (bot === undefined) throw new UnusableRecord('The call ended before its bot was found.');
    const given = Object.entries(inputVariables).filter((entry): entry is [string, string] => entry[1] !== null);
    // The server itself reads `bot`, and ignores what the bot does not take.
    const takes = (name: string): boolean => declared === undefined || name === 'bot' || declared.has(name);
    const input = given.filter(([name]) => takes(name));
    const ignored = given.flatMap(([name]) => (takes(name) ? [] : [name]));
    const mocks = mocksOf(document, placesOf);
    const { steps, notes } = scriptOf(document, keys);
    const evalCase: EvalCase = {
        name: `The call of ${startedAt}`,
        ...(language !== undefined && { language }),
        ...(input.length > 0 && { input: Object.fromEntries(input) }),
        ...(Object.keys(mocks).length > 0 && { mocks }),
        model: modelOf(document),
        script: [...steps],
        expect: expectationOf(document),
    };
    return {
        bot: bot.name,
        evalCase,
        notes: [...notes, ...ignoredNotes(ignored), ...fallbackNotes(fallbackUsed), ...cutNotes(document)],
    };
}

function ignoredNotes(names: readonly string[]): string[] {
    return names.length === 0 ? [] : [`The bot takes no input variable ${names.join(', ')}, and the case has none.`];
}

function fallbackNotes(used: readonly string[]): string[] {
    if (used.length === 0) return [];
    return [
        `A fallback answered (${used.join(', ')}): the case needs \`faults\` that bring it about, and its words are not in \`model\`.`,
    ];
}

function cutNotes({ cut }: CallDocument): string[] {
    return cut === 0 ? [] : [`The record has lost its last ${cut} events.`];
}

/** What the model said and called in each of its responses, in their order. One of which nothing was left is no step. */
function modelOf({ events, outputVariables }: CallDocument): ModelStep[] {
    const responses = ofKind(events, 'model')
        .filter(({ responseId }) => responseId !== undefined)
        .sort((left, right) => beganMs(left) - beganMs(right));
    const before = (atMs: number): string | undefined =>
        responses.findLast((response) => beganMs(response) <= atMs)?.responseId;
    const says = wordsByResponse(events, before);
    const calls = new Map<string, Record<string, unknown>[]>();
    for (const tool of ofKind(events, 'tool'))
        pushTo(calls, before(tool.atMs - tool.ms) ?? '', { [tool.name]: argumentsOf(tool, outputVariables) });
    return responses.flatMap((response): ModelStep[] => {
        const { responseId: id = '' } = response;
        const [said = [], called = []] = [says.get(id), calls.get(id)];
        const fails = failureOf(response);
        if (said.length === 0 && called.length === 0 && fails === undefined) return [];
        const [only = ''] = said;
        if (said.length === 1 && called.length === 0 && fails === undefined) return [only];
        return [
            {
                ...(said.length > 0 && { says: said.length === 1 ? only : said }),
                ...(called.length > 0 && { calls: called.length === 1 ? called[0] : called }),
                // The record names so what the bot does not have.
                ...(called.some((each) => Object.hasOwn(each, 'unknown')) && { unknown_calls: true as const }),
                ...(fails !== undefined && { fails }),
            },
        ];
    });
}

/** The last words of each item of the bot. What the server said itself while a function ran is none of the model's. */
function wordsByResponse(
    events: readonly RecordEvent[],
    before: (atMs: number) => string | undefined,
): Map<string, string[]> {
    const asides = new Set(ofKind(events, 'audio').flatMap(({ itemId, aside }) => (aside === true ? [itemId] : [])));
    const known = new Map(ofKind(events, 'audio').map(({ itemId, responseId }) => [itemId, responseId]));
    const items = new Map<string, { text: string; response: string }>();
    for (const { speaker, itemId, text = '', atMs, sinceMs = atMs } of ofKind(events, 'words')) {
        if (speaker !== 'bot' || asides.has(itemId)) continue;
        const response = items.get(itemId)?.response ?? known.get(itemId) ?? before(sinceMs) ?? '';
        items.set(itemId, { text, response });
    }
    const says = new Map<string, string[]>();
    for (const { text, response } of items.values()) if (text.trim() !== '') pushTo(says, response, text);
    return says;
}

function beganMs({ startedAtMs, atMs }: EventOf<'model'>): number {
    return startedAtMs ?? atMs;
}

function failureOf({ status, why = '' }: EventOf<'model'>): (typeof FAILURES)[number] | undefined {
    if (status !== 'failed' && status !== 'incomplete') return undefined;
    return FAILURES.find((each) => why.includes(each)) ?? (status === 'failed' ? 'server_error' : undefined);
}

function pushTo<T>(map: Map<string, T[]>, key: string, value: T): void {
    map.set(key, [...(map.get(key) ?? []), value]);
}

/** A record has no arguments of the transfer that ends the call: its output variables say what they were. */
function argumentsOf(
    { name, argumentsJson: json }: EventOf<'tool'>,
    variables: CallDocument['outputVariables'],
): Record<string, unknown> {
    const value = json === undefined ? undefined : parsed(json);
    if (isFields(value)) return { ...value };
    if (name !== TRANSFER) return {};
    const given = ['reason', 'summary', 'queue'].map((each) => [each, variables[`transfer_${each}`] ?? ''] as const);
    return Object.fromEntries(given.filter(([, text]) => text !== ''));
}

function parsed(json: string): unknown {
    try {
        return JSON.parse(json) as unknown;
    } catch {
        return json;
    }
}

/** What the services answered, as far as the model was told of it. */
function mocksOf({ events, outputVariables }: CallDocument, placesOf: NonNullable<CallToConvert['placesOf']>) {
    const mocks = new Map<string, Mock[]>();
    for (const { name, outcome, output, ms } of ofKind(events, 'tool')) {
        if (builtInTool(name) !== undefined || outcome === 'refused') continue;
        const places = placesOf(name);
        pushTo(mocks, name, {
            ...answerOf(outcome, output, places, outputVariables),
            ...(ms >= 1 && { after_ms: Math.round(ms) }),
        });
    }
    return Object.fromEntries([...mocks].map(([name, list]) => [name, list.length === 1 ? (list[0] ?? {}) : list]));
}

function answerOf(
    outcome: string,
    output: string | undefined,
    places: PlacesOf | undefined,
    variables: CallDocument['outputVariables'],
): Mock {
    if (outcome === 'timeout') return { fails: 'timeout' };
    if (outcome !== 'ok') return { status: 500 };
    const given = output === undefined ? null : parsed(output);
    // What a service has answered is given to the model in a frame.
    const data = isFields(given) && 'note' in given && 'data' in given ? given['data'] : given;
    const { pick, setVariables = {} } = places ?? {};
    const isWhole = pick === undefined;
    const response: Record<string, unknown> = isWhole && isFields(data) ? { ...data } : {};
    if (isWhole && !isFields(data)) return { json: data };
    for (const [name, path] of Object.entries(setVariables)) put(response, path, variables[name] ?? undefined);
    // What the model was given has its type; a variable is text.
    if (isFields(data)) for (const [name, path] of Object.entries(pick ?? {})) put(response, path, data[name]);
    return { json: response };
}

/** Puts a value at `a.b.c`. */
function put(target: Record<string, unknown>, path: string, value: unknown): void {
    if (value === undefined || value === null) return;
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    let place = target;
    for (const step of steps) {
        const inner = Object.hasOwn(place, step) && isFields(place[step]) ? { ...place[step] } : {};
        place[step] = inner;
        place = inner;
    }
    place[last] = value;
}

function expectationOf(document: CallDocument): Expectation {
    const { endReason, outputVariables, turns, events, figures, fallbackUsed } = document;
    const { end_reason: reason, error_code: errorCode } = outputVariables;
    const isByCaller = endReason.startsWith('client_') || endReason === 'socket_lost';
    const outputs = Object.entries(outputVariables).filter(
        ([name, value]) => !NOT_EXPECTED.has(name) && value !== null,
    );
    const heard = turns.flatMap(({ heard: words = '', interrupted }) => (interrupted || words === '' ? [] : [words]));
    return {
        end: isByCaller ? 'caller' : (errorCode ?? '') === '' ? 'completed' : 'error',
        ...(!isByCaller && typeof reason === 'string' && { end_reason: reason }),
        ...(!isByCaller && outputs.length > 0 && { outputs: Object.fromEntries(outputs) }),
        calls: callsOf(ofKind(events, 'tool'), outputVariables),
        heard: heard.map((contains) => ({ contains })),
        interrupted: figures.bargeIns,
        ...(fallbackUsed.length > 0 && { fallback: [...fallbackUsed] }),
    };
}

function callsOf(
    tools: readonly EventOf<'tool'>[],
    variables: CallDocument['outputVariables'],
): NonNullable<Expectation['calls']> {
    const names = [...new Set(tools.map(({ name }) => name))];
    return Object.fromEntries(
        names.map((name) => {
            const made = tools.filter((each) => each.name === name);
            const [first] = made;
            const isSame = (of: (tool: EventOf<'tool'>) => string | undefined): boolean =>
                made.every((each) => first !== undefined && of(each) === of(first));
            const args = first === undefined ? {} : argumentsOf(first, variables);
            return [
                name,
                {
                    times: made.length,
                    ...(isSame(({ argumentsJson }) => argumentsJson) &&
                        Object.keys(args).length > 0 && { arguments: args }),
                    ...(first !== undefined && isSame(({ outcome }) => outcome) && { outcome: first.outcome }),
                },
            ];
        }),
    );
}
