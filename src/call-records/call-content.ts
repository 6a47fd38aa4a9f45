import type { LanguageCode, Participant, StringMap } from '../protocol/core';
import type { FunctionCallRecord } from '../services/conversation';
import { SparseMap } from '../support/sparse';
import type { RecordEvent } from './document';
import { Masker, withoutDigits } from './masking';

type ToolEvent = Extract<RecordEvent, { kind: 'tool' }>;

/** Characters of one text, and of all texts of a call; what is beyond is left out. */
const MAX_TEXT = 8000;
const MAX_TEXTS = 400_000;
/** Functions that run at the same time; of more the oldest is forgotten. */
const MAX_OPEN = 100;
/** Longest value of a variable that the server sets itself. */
const MAX_OWN = 200;
/** Its result may be digits of the keypad: no record holds them. */
const KEYPAD_TOOL = 'collect_digits';
/** Output variables that the server sets for every call: they hold nothing of the caller's. */
const OWN_VARIABLES: ReadonlySet<string> = new Set([
    'bot',
    'turns',
    'fallback_used',
    'worst_turn_ms',
    'cost_usd',
    'end_reason',
    'error_code',
]);

/** A function whose output is not known yet. */
interface OpenFunction {
    argumentsJson: string | undefined;
    event: ToolEvent | undefined;
}

/** What a function was given and gave, as JSON, as far as the record holds it. */
export interface FunctionContent {
    argumentsJson?: string;
    output?: string;
}

export interface ContentOptions {
    /** `metadata`: nothing of it is kept. */
    readonly mode: 'metadata' | 'full';
    /** Mask personal data. Digits of the keypad are masked in any case. */
    readonly masks: boolean;
    readonly language: LanguageCode | undefined;
    readonly participant: Participant;
}

/**
 * What was said in one call, what functions were given and gave, and the values of variables, as the record may hold them: nothing in the
 * mode `metadata`; masked and bounded in the mode `full`.
 */
export class CallContent {
    private textLeft = MAX_TEXTS;
    /** What the masker knew when the first text was kept. */
    private knownAtFirst: number | undefined;
    /** undefined: nothing is kept, and there is nothing to mask. */
    private readonly masker: Masker | undefined;
    private readonly functions = new SparseMap<string, OpenFunction>();

    constructor({ mode, masks, language, participant }: ContentOptions) {
        if (mode === 'metadata') return;
        this.masker = new Masker({ rules: masks, language });
        this.masker.learn('phone', participant.ani);
        this.masker.learn('caller_name', participant.aniName);
    }

    /** Words of caller or bot; undefined: they are not kept. */
    words(text: string): string | undefined {
        return this.kept((masker) => masker.text(text));
    }

    /** A note tells the bot of an entry of the keypad: its digits stand in no record, here and where they are said again. */
    note(text: string): string | undefined {
        this.masker?.learnDigits(text);
        return this.words(withoutDigits(text));
    }

    /** A function is over. */
    toolCalled(event: ToolEvent): void {
        const open = this.functions.get(event.callId);
        if (open === undefined) return;
        open.event = event;
        if (open.argumentsJson !== undefined) event.argumentsJson = open.argumentsJson;
    }

    /** What a function is given, and later what it gave. @returns what its event got of it after it was told; undefined: nothing */
    functionReported({ callId, name, argumentsJson, output }: FunctionCallRecord): FunctionContent | undefined {
        const { masker, functions } = this;
        if (masker === undefined) return undefined;
        const open = functions.get(callId) ?? { argumentsJson: undefined, event: undefined };
        const { event } = open;
        // While the model writes a call it has a place in the conversation, and no arguments yet.
        if (argumentsJson !== '') open.argumentsJson ??= this.kept(() => masker.json(argumentsJson, name));
        const added: FunctionContent = {};
        if (open.argumentsJson !== undefined && event?.argumentsJson === undefined)
            added.argumentsJson = open.argumentsJson;
        if (output === undefined) {
            functions.set(callId, open);
            if (functions.size > MAX_OPEN) functions.delete(functions.keys().next().value ?? callId);
        } else {
            functions.delete(callId);
            const kept = this.outputOf(name, output);
            if (kept !== undefined) added.output = kept;
        }
        if (event === undefined || Object.keys(added).length === 0) return undefined;
        Object.assign(event, added);
        return added;
    }

    /** Names always; values that the server sets itself always, others in the mode `full`, masked. */
    variables(variables: StringMap): Record<string, string | null> {
        const { masker } = this;
        const entries = Object.entries(variables);
        // What one variable holds may stand in another one.
        for (const [name, value] of entries) if (!OWN_VARIABLES.has(name)) masker?.learn(name, value);
        const shown = (name: string, value: string): string | null => {
            if (OWN_VARIABLES.has(name)) return value.slice(0, MAX_OWN);
            return masker === undefined ? null : masker.variable(name, value).slice(0, MAX_TEXT);
        };
        return Object.fromEntries(entries.map(([name, value]) => [name, shown(name, value)]));
    }

    /** As the record may hold it; undefined: it is not kept. */
    private outputOf(name: string, output: string): string | undefined {
        if (name !== KEYPAD_TOOL) return this.kept((masker) => masker.json(output, name));
        this.masker?.learnDigits(output);
        return undefined;
    }

    /** The events of the call at its end: what only came to be known after it was said is masked in them too. */
    final(events: readonly RecordEvent[]): readonly RecordEvent[] {
        const { masker } = this;
        if (masker === undefined || masker.known === this.knownAtFirst) return events;
        return events.map((event) => attempted(() => maskedAgain(event, masker)) ?? event);
    }

    /** undefined: it is not kept, because of the mode, because there is too much, or because it cannot be masked. */
    private kept(make: (masker: Masker) => string): string | undefined {
        const { masker, textLeft } = this;
        if (masker === undefined || textLeft <= 0) return undefined;
        this.knownAtFirst ??= masker.known;
        const text = attempted(() => make(masker));
        if (text === undefined) return undefined;
        const kept = text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
        this.textLeft -= kept.length;
        return kept;
    }
}

/** undefined: it failed. */
function attempted<T>(make: () => T): T | undefined {
    try {
        return make();
    } catch {
        return undefined;
    }
}

function maskedAgain(event: RecordEvent, masker: Masker): RecordEvent {
    if (event.kind === 'words' && event.text !== undefined) return { ...event, text: masker.text(event.text) };
    if (event.kind === 'turn' && event.heard !== undefined) return { ...event, heard: masker.text(event.heard) };
    if (event.kind !== 'tool') return event;
    const { name, argumentsJson, output } = event;
    return {
        ...event,
        ...(argumentsJson !== undefined && { argumentsJson: masker.json(argumentsJson, name) }),
        ...(output !== undefined && { output: masker.json(output, name) }),
    };
}
