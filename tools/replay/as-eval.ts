import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Document, isMap, isSeq } from 'yaml';
import { CallHistory } from '../../src/call-records/call-history';
import { callDocument, type CallDocument } from '../../src/call-records/document';
import { ProfileStore } from '../../src/services/profiles/store';
import type { ToolSpec } from '../../src/services/profiles/tool-schema';
import { isFields, recordIn, textIn } from '../../src/support/json';
import { silentLogger } from '../../src/support/logger';
import { systemClock } from '../../src/support/clock';
import { evalFile } from '../eval/case-schema';
import { caseOfCall, UnusableRecord, type CallToConvert, type PlacesOf } from './case-of-call';
import { readFlight, type Flight } from './flight-reader';
import { replay, type Replay } from './replay-call';

export interface AsEvalOptions {
    /** A flight file, or the record of a call (JSON, mode `full`). */
    readonly file: string;
    /** Folder of the bot profiles, which say what a function keeps of a response; undefined: none. */
    readonly botsFolder: string | undefined;
}

/**
 * The text of a file of cases (YAML) with the recorded call as its case. Rejects with `UnusableFlight` or `UnusableRecord` for a file that no
 * case can be made of.
 */
export async function caseText({ file, botsFolder }: AsEvalOptions): Promise<string> {
    const isRecord = /\.json$/i.test(file);
    const { call, notes: first } = isRecord ? { call: recordOf(file), notes: [] } : await flown(readFlight(file));
    const name = call.document.bot?.name;
    const known = botsFolder === undefined || name === undefined ? undefined : profileIn(botsFolder, name);
    const { bot, evalCase, notes } = caseOfCall({
        ...call,
        placesOf: (tool) => known?.places.get(tool),
        declared: known?.declared,
    });
    const made = evalFile.safeParse({ bot, cases: [evalCase] });
    if (!made.success) throw new UnusableRecord(`No case can be made of it: ${made.error.issues[0]?.message ?? ''}.`);
    return yamlOf(made.data, [
        'Made of a recorded call: it holds what caller and bot have said. Give the case a name that says what it tests.',
        'A mock is what the function gave the model, as far as the record has it; what was masked there is masked here.',
        ...first,
        ...notes,
    ]);
}

/** @throws RangeError where the file is there already */
export function writeCase(text: string, path: string): void {
    if (existsSync(path)) throw new RangeError(`${path} is there already.`);
    writeFileSync(path, text, { mode: 0o600 });
}

function recordOf(file: string): CallToConvert {
    let json: unknown;
    try {
        json = JSON.parse(readFileSync(file, 'utf8'));
    } catch (fault) {
        throw new UnusableRecord(`${file} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}.`);
    }
    const read = callDocument.safeParse(json);
    if (!read.success) throw new UnusableRecord(`${file} is no record of a call (docs/CALLS.md).`);
    return { document: read.data };
}

/** The call of a flight file, run again to have its record. */
async function flown(flight: Flight): Promise<{ call: CallToConvert; notes: string[] }> {
    const made: { document?: CallDocument; replay?: Replay } = {};
    made.replay = await replay(flight, [
        (call) =>
            new CallHistory(call, {
                mode: 'full',
                masks: false,
                onLine: () => undefined,
                onEnd: (document) => {
                    made.document = document;
                },
            }),
    ]);
    const { document } = made;
    if (document === undefined) throw new UnusableRecord('The flight file holds no call that was opened.');
    const { difference } = made.replay;
    const notes =
        difference === undefined
            ? ['A secure entry of the keypad stands in a flight file as zeros.']
            : ['The code is another one than that of the call: the case is made of what the call is with this code.'];
    return { call: { document, keys: keysOf(flight) }, notes };
}

/** The keys that the client has sent. */
function keysOf({ steps }: Flight): string[] {
    return steps.flatMap((step) => {
        if (step[0] !== '<' || step[3] !== 'text') return [];
        const message: unknown = JSON.parse(String(step[4]));
        if (!isFields(message) || message['type'] !== 'dtmf') return [];
        return [textIn(recordIn(message, 'parameters'), 'digit') ?? '0'];
    });
}

/** What of a bot's profile a case must know; undefined: the folder has no such profile. */
function profileIn(
    folder: string,
    bot: string,
): { places: ReadonlyMap<string, PlacesOf>; declared: ReadonlySet<string> } | undefined {
    const store = ProfileStore.load(folder, { clock: systemClock, logger: silentLogger });
    try {
        const profile = store.get(bot);
        if (profile === undefined) return undefined;
        const places = new Map(
            profile.tools.flatMap((tool: ToolSpec) =>
                tool.kind === 'http' || tool.kind === 'data_action'
                    ? [[tool.name, { pick: tool.response?.pick, setVariables: tool.setVariables }] as const]
                    : [],
            ),
        );
        return { places, declared: new Set(Object.keys(profile.inputVariables)) };
    } finally {
        store.close();
    }
}

function yamlOf(file: object, notes: readonly string[]): string {
    const document = new Document(file);
    document.commentBefore = notes.map((note) => ` ${note}`).join('\n');
    const cases = document.get('cases');
    for (const each of isSeq(cases) ? cases.items : []) {
        if (!isMap(each)) continue;
        for (const key of ['model', 'script']) {
            const steps = each.get(key);
            // Empty lists too stand on one line.
            for (const step of isSeq(steps) ? steps.items : []) if (isMap(step)) step.flow = true;
        }
    }
    return document.toString({ lineWidth: 140 });
}
