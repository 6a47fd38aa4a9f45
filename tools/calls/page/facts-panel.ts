import type { CallDocument } from '../../../src/call-records/document';
import { byId, make, minutes } from '../../console/page/dom';
import { eventsOf } from '../call-facts';
import { clockTime, dollars, seconds } from '../call-words';

/** Figures, variables, functions, and the files of a call. */
export function showFacts(call: CallDocument): void {
    fill('facts', factsOf(call), 'none');
    fill('inputs', pairs(call.inputVariables), 'none were given');
    fill('outputs', pairs(call.outputVariables), 'none were returned');
    showFunctions(call);
    const { sessionId, recording } = call;
    byId('save-record', HTMLAnchorElement).href = `/api/calls/${sessionId}/record.json`;
    const sound = byId('save-recording', HTMLAnchorElement);
    sound.hidden = recording === undefined;
    sound.href = `/api/calls/${sessionId}/recording.wav`;
}

function factsOf(call: CallDocument): [string, string][] {
    const { figures, bot } = call;
    const time = (ms: number | undefined): string => (ms === undefined ? 'not known' : seconds(ms));
    const version = bot?.version === undefined ? '' : `, version ${bot.version}`;
    return [
        ['Session', call.sessionId],
        ['Organization', call.organizationId],
        ['Bot', `${bot?.name ?? 'none'}${version}`],
        ['Language', call.language ?? 'not given'],
        ['Length', minutes(call.durationMs)],
        ['Ended by', call.endReason],
        ['Turns', String(figures.turns)],
        ['Interruptions', `${figures.bargeIns}, ${figures.takenBack} of them taken back`],
        ['First sound', time(figures.firstAudioMs)],
        ['Waits', `median ${time(figures.medianTurnMs)}, longest ${time(figures.worstTurnMs)}`],
        ['Keys', String(figures.digits)],
        ['Functions', String(figures.toolCalls)],
        ['Caller audio', `${seconds(figures.callerAudioMs)}, ${seconds(figures.lostCallerAudioMs)} lost`],
        ['Fallback options', call.fallbackUsed.join(', ') || 'none'],
        [
            'Cost',
            figures.costUsd === undefined
                ? 'not known'
                : `${dollars(figures.costUsd)}, prices of ${figures.pricesAsOf}`,
        ],
        ['Tokens', `${whole(figures.inputTokens)} in, ${whole(figures.outputTokens)} out`],
        ['Server', call.server],
        ['Record', call.mode === 'full' ? 'full' : 'metadata: without words and values'],
    ];
}

function showFunctions(call: CallDocument): void {
    const calls = eventsOf(call, 'tool');
    byId('functions', HTMLElement).hidden = calls.length === 0;
    byId('function-rows', HTMLTableSectionElement).replaceChildren(
        ...calls.map(({ atMs, ms, name, outcome, argumentsJson, output }) =>
            make(
                'tr',
                '',
                make('td', '', clockTime(Math.max(0, atMs - ms))),
                make('td', '', make('code', '', name)),
                make('td', 'number', seconds(ms)),
                make('td', outcome === 'ok' ? '' : 'bad-text', outcome),
                make('td', '', content(argumentsJson)),
                make('td', '', content(output)),
            ),
        ),
    );
}

/** It may be long, and then scrolls: so it must be reached by the keyboard. */
function content(json: string | undefined): HTMLElement {
    if (json === undefined) return make('span', 'note', 'not kept');
    const made = make('code', '', json);
    made.tabIndex = 0;
    return made;
}

function pairs(values: CallDocument['inputVariables']): [string, string][] {
    return Object.entries(values).map(([name, value]) => [name, value ?? 'not kept']);
}

function fill(id: string, rows: readonly (readonly [string, string])[], nothing: string): void {
    byId(id, HTMLDListElement).replaceChildren(
        ...(rows.length === 0
            ? [make('dd', 'none', nothing)]
            : rows.flatMap(([name, value]) => [
                  make('dt', '', name),
                  value === '' ? make('dd', 'none', 'empty') : make('dd', '', value),
              ])),
    );
}

function whole(value: number): string {
    return value.toLocaleString('en-US');
}
