import type { CallEvent } from '../../caller/call-event';
import { isJsonObject } from '../../caller/server-message';

/** How a call ended, for the card. */
export interface Outcome {
    /** Name and value, in the order in which they are shown. */
    facts: readonly (readonly [string, string])[];
    outputVariables: readonly (readonly [string, string])[];
    /** Why there are no output variables; empty: there are some. */
    noVariables: string;
}

/** Reads from the events of a call how it ended; undefined: it has not, as far as they say. */
export function outcomeOf(events: readonly CallEvent[]): Outcome | undefined {
    const last = events.findLast(({ kind }) => kind === 'gone' || kind === 'refused');
    const disconnect = events.findLast((event) => event.kind === 'received' && event.type === 'disconnect');
    if (last === undefined && disconnect === undefined) return undefined;
    const parameters = disconnect?.kind === 'received' ? disconnect.parameters : {};
    const outputVariables = pairs(parameters['outputVariables']);
    const endMs = (last ?? disconnect)?.atMs ?? 0;
    const known = new Map(outputVariables);
    const facts = [
        ['Ended by', endedBy(events, disconnect !== undefined)],
        ['Reason', wordsOf(parameters['reason'])],
        ['Info', wordsOf(parameters['info'])],
        ['Bot', known.get('bot') ?? noteOf(events, '(bot)')],
        ['Model', modelOf(events)],
        ['Duration', `${(endMs / 1000).toFixed(1)} s`],
    ] as const;
    return {
        facts: facts.filter(([, value]) => value !== ''),
        outputVariables,
        noVariables: outputVariables.length > 0 ? '' : whyNone(events, disconnect !== undefined),
    };
}

function endedBy(events: readonly CallEvent[], disconnected: boolean): string {
    if (events.some(({ kind }) => kind === 'refused')) return 'the server: it refused the call';
    if (disconnected) return 'the bot or the server, with disconnect';
    if (events.some((event) => event.kind === 'received' && event.type === 'closed')) return 'the caller, who hung up';
    return 'the connection, which broke off';
}

function whyNone(events: readonly CallEvent[], disconnected: boolean): string {
    if (disconnected) return 'The disconnect message carried none.';
    if (events.some(({ kind }) => kind === 'refused')) return 'There was no call.';
    return 'None: the server sends them with disconnect, when the bot ends the call.';
}

function modelOf(events: readonly CallEvent[]): string {
    const session = events.findLast(
        (event) => event.kind === 'openai' && event.type.startsWith('session.') && !event.sent && event.detail !== '',
    );
    return session?.kind === 'openai' ? session.detail : '';
}

function noteOf(events: readonly CallEvent[], label: string): string {
    const note = events.findLast((event) => event.kind === 'note' && event.label === label);
    return note?.kind === 'note' ? note.text : '';
}

function pairs(value: unknown): (readonly [string, string])[] {
    return isJsonObject(value) ? Object.entries(value).map(([name, each]) => [name, wordsOf(each)] as const) : [];
}

function wordsOf(value: unknown): string {
    if (value === undefined) return '';
    return typeof value === 'string' ? value : JSON.stringify(value);
}
