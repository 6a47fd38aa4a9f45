import type { CallDocument, RecordEvent } from '../../src/call-records/document';
import type { Step } from '../eval/case-schema';

export type EventOf<Kind extends RecordEvent['kind']> = Extract<RecordEvent, { kind: Kind }>;

/** Between two keys of one entry, ms. */
const SAME_ENTRY_MS = 5000;
/** A pause of the bot after which it says something new because the caller is silent, ms. */
const NEW_ANSWER_MS = 4000;
/** The caller of a case takes the bot for finished when it is quiet for so long, ms. */
const QUIET_MS = 500;
/** After the end of an utterance its verdict may come so much later, ms. */
const VERDICT_MS = 500;
/** Longest pause that is kept, ms. */
const MOST_MS = 3_600_000;

/** What the caller did, from and to when, ms of the call. */
interface CallerAct {
    readonly fromMs: number;
    readonly toMs: number;
    readonly what: 'words' | 'ignored' | 'keys' | 'hang up';
    readonly text: string;
}

/** What the caller did, as the script of a case. `keys`: those that were pressed, in their order; undefined: not known. */
export function scriptOf(
    { events, endReason, durationMs }: CallDocument,
    keys: readonly string[] | undefined,
): { steps: readonly Step[]; notes: readonly string[] } {
    const pressed = ofKind(events, 'key');
    const known = keys !== undefined && keys.length === pressed.length ? keys : undefined;
    const isByCaller = endReason.startsWith('client_');
    const end: CallerAct = { fromMs: durationMs, toMs: durationMs, what: 'hang up', text: '' };
    const acts = [...utterances(events), ...entries(events, known), ...(isByCaller ? [end] : [])].sort(
        (left, right) => left.fromMs - right.fromMs,
    );
    let doneMs = 0;
    const steps = acts.flatMap((act) => {
        const made = stepsOf(act, events, doneMs);
        doneMs = act.toMs;
        return made;
    });
    const notes =
        pressed.length > 0 && known === undefined
            ? ['Which keys were pressed stands in no record: each 0 in `keys` is one that is not known.']
            : [];
    return { steps, notes };
}

/** The events of one kind, in their order. */
export function ofKind<Kind extends RecordEvent['kind']>(events: readonly RecordEvent[], kind: Kind): EventOf<Kind>[] {
    return events.filter((event): event is EventOf<Kind> => event.kind === kind);
}

/** What the caller said, with the beginning of their voice. */
function utterances(events: readonly RecordEvent[]): CallerAct[] {
    const items = new Map<string, { sinceMs: number; text: string; isIgnored: boolean }>();
    for (const { speaker, itemId, text, ignored, atMs, sinceMs = atMs } of ofKind(events, 'words')) {
        if (speaker !== 'caller') continue;
        const before = items.get(itemId);
        const words = text === undefined || text === '' ? (before?.text ?? '') : text;
        items.set(itemId, { sinceMs: before?.sinceMs ?? sinceMs, text: words, isIgnored: ignored === true });
    }
    const begins = ofKind(events, 'speech').flatMap(({ talking, atMs, agoMs }) => (talking ? [atMs - agoMs] : []));
    let lastMs = -1;
    return [...items.values()]
        .sort((left, right) => left.sinceMs - right.sinceMs)
        .flatMap(({ sinceMs: toMs, text, isIgnored }): CallerAct[] => {
            const fromMs = begins.find((beganMs) => beganMs > lastMs && beganMs <= toMs) ?? toMs;
            lastMs = toMs;
            if (text === '' && !isIgnored) return [];
            return [{ fromMs, toMs, what: isIgnored ? 'ignored' : 'words', text }];
        });
}

/** Keys, those of one entry together. */
function entries(events: readonly RecordEvent[], keys: readonly string[] | undefined): CallerAct[] {
    const acts: CallerAct[] = [];
    for (const [at, { atMs }] of ofKind(events, 'key').entries()) {
        const key = keys?.[at] ?? '0';
        const last = acts.at(-1);
        const isSame = last !== undefined && atMs - last.toMs <= SAME_ENTRY_MS && !/[#*]$/.test(last.text);
        if (isSame) acts[acts.length - 1] = { ...last, toMs: atMs, text: last.text + key };
        else acts.push({ fromMs: atMs, toMs: atMs, what: 'keys', text: key });
    }
    return acts;
}

function stepsOf(act: CallerAct, events: readonly RecordEvent[], doneMs: number): Step[] {
    const { fromMs, toMs, what, text } = act;
    const playback = ofKind(events, 'playback');
    const startedMs = playback.findLast(({ state, atMs }) => state === 'started' && atMs <= fromMs)?.atMs ?? fromMs;
    const overBot = { after_ms: within(fromMs - startedMs) };
    if (what === 'ignored') return [{ mhm: text === '' ? true : text, ...overBot }];
    const isInterruption = ofKind(events, 'bargeIn').some(({ atMs }) => atMs >= fromMs && atMs <= toMs + VERDICT_MS);
    if (what === 'words' && isInterruption) return [{ interrupt: text, ...overBot }];
    const completedMs = playback.findLast(({ state, atMs }) => state === 'completed' && atMs <= fromMs)?.atMs;
    const when = completedMs === undefined ? {} : { after_ms: within(fromMs - completedMs - QUIET_MS) };
    const silences = silencesOf(playback, doneMs, fromMs).map((silentMs) => ({ silent_ms: silentMs }));
    if (what === 'words') return [...silences, { say: text, ...when }];
    return [...silences, what === 'keys' ? { keys: text, ...when } : { hang_up: true, ...when }];
}

/** The times in which the caller was silent until the bot said something new, ms. */
function silencesOf(
    playback: readonly { readonly atMs: number; readonly state: string }[],
    fromMs: number,
    toMs: number,
): number[] {
    return playback.flatMap(({ atMs, state }, at) => {
        const before = playback[at - 1];
        const isNew = state === 'started' && before?.state === 'completed' && before.atMs >= fromMs && atMs <= toMs;
        const silentMs = isNew ? atMs - before.atMs : 0;
        return silentMs > NEW_ANSWER_MS ? [Math.round(silentMs)] : [];
    });
}

function within(ms: number): number {
    return Math.round(Math.min(MOST_MS, Math.max(0, ms)));
}
