import type { RecordEvent, RecordTurn } from './document';

type EventOf<Kind extends RecordEvent['kind']> = Extract<RecordEvent, { kind: Kind }>;

/** One response of the bot inside a turn. */
interface Response {
    readonly id: string;
    firstAudioMs: number | undefined;
    audioMs: number;
    /** Of that, what the caller did not hear. */
    unheardMs: number;
    isOver: boolean;
}

/** Turns of one record; what comes after belongs to the last one. */
const MAX_TURNS = 1000;

/** A turn while its events are read. */
class TurnDraft {
    readonly responses: Response[] = [];
    readonly said: string[] = [];
    /** The bot's words by their item: reported again when more is known. */
    readonly generated = new Map<string, string>();
    readonly heard: string[] = [];
    readonly faults = new Set<string>();
    endMs: number;
    hasVoice = false;
    /** When the caller's voice ended last. */
    voiceEndMs: number | undefined;
    modelMs: number | undefined;
    playbackMs: number | undefined;
    toolsMs = 0;
    costUsd: number | undefined;
    wasInterrupted = false;
    isPlaying = false;
    /** The bot owes a response. */
    isOwed = true;

    constructor(
        readonly begunBy: RecordTurn['begunBy'],
        public startMs: number,
    ) {
        this.endMs = startMs;
    }

    /** The caller has heard something of a response to it, or has interrupted it: what they say now is another turn. */
    get isAnswered(): boolean {
        return this.wasInterrupted || this.hasAudio;
    }

    /** Audio of a response has come. */
    get hasAudio(): boolean {
        return this.responses.some(({ firstAudioMs }) => firstAudioMs !== undefined);
    }

    /** It is answered, and nothing of it goes on. */
    get isSettled(): boolean {
        return this.isAnswered && !this.isOwed && !this.isPlaying && this.responses.every(({ isOver }) => isOver);
    }

    has(responseId: string): boolean {
        return this.responses.some(({ id }) => id === responseId);
    }

    response(id: string): Response {
        const known = this.responses.find((each) => each.id === id);
        if (known !== undefined) return known;
        this.isOwed = false;
        const made = { id, firstAudioMs: undefined, audioMs: 0, unheardMs: 0, isOver: false };
        this.responses.push(made);
        return made;
    }

    lasts(atMs: number): void {
        this.endMs = Math.max(this.endMs, atMs);
    }

    finished(number: number): RecordTurn {
        const firstAudioMs = this.responses.find((each) => each.firstAudioMs !== undefined)?.firstAudioMs;
        return {
            number,
            begunBy: this.begunBy,
            startMs: this.startMs,
            endMs: this.endMs,
            ...textOf('said', this.said),
            ...textOf('generated', [...this.generated.values()]),
            ...textOf('heard', this.heard),
            ...this.wait('toModelMs', this.modelMs),
            ...this.wait('toAudioMs', firstAudioMs),
            ...this.wait('toPlaybackMs', this.playbackMs),
            toolsMs: this.toolsMs,
            interrupted: this.wasInterrupted,
            audioMs: this.responses.reduce((sum, { audioMs }) => sum + audioMs, 0),
            heardMs: this.responses.reduce((sum, { audioMs, unheardMs }) => sum + Math.max(0, audioMs - unheardMs), 0),
            faults: [...this.faults],
            ...(this.costUsd !== undefined && { costUsd: this.costUsd }),
        };
    }

    /** From the end of the caller's voice. */
    private wait<Name extends 'toModelMs' | 'toAudioMs' | 'toPlaybackMs'>(
        name: Name,
        atMs: number | undefined,
    ): { [Key in Name]?: number } {
        const { voiceEndMs } = this;
        if (voiceEndMs === undefined || atMs === undefined || atMs < voiceEndMs) return {};
        return { [name]: atMs - voiceEndMs } as { [Key in Name]: number };
    }
}

function textOf<Name extends string>(name: Name, texts: readonly string[]): { [Key in Name]?: string } {
    const text = texts.filter((each) => each !== '').join(' ');
    return text === '' ? {} : ({ [name]: text } as { [Key in Name]: string });
}

/**
 * The turns of a call, made of its events alone. A turn begins when the caller speaks, or presses a key, after the turn before was answered
 * or interrupted, and when the bot speaks although nothing was asked of it; it lasts until nothing of it is heard any more. What comes later
 * and belongs to it by the id of a response is counted in it: the words of the caller, which are known late, and the model's bill.
 */
export function turnsOf(events: readonly RecordEvent[]): RecordTurn[] {
    const reader = new TurnReader();
    for (const event of events) reader.read(event);
    return reader.turns;
}

class TurnReader {
    private readonly drafts: TurnDraft[] = [];
    /** By response, and by item: the turn that it belongs to. */
    private readonly byResponse = new Map<string, TurnDraft>();
    private readonly byItem = new Map<string, { turn: TurnDraft; responseId: string }>();
    private openedMs: number | undefined;
    private awaitsKeys = false;
    /** When the caller began to speak over the bot, in what may become a turn. */
    private overlapMs: number | undefined;
    /** Of the time before the first turn. */
    private readonly earlyFaults: string[] = [];

    get turns(): RecordTurn[] {
        return this.drafts.map((draft, at) => draft.finished(at + 1));
    }

    read(event: RecordEvent): void {
        switch (event.kind) {
            case 'opened':
                this.openedMs = event.atMs;
                break;
            case 'speech':
                if (event.overBot === true) this.spokeOver(event);
                else this.spoke(event);
                break;
            case 'overlap':
                if (event.verdict === 'ignored' || event.verdict === 'resumed') this.overlapMs = undefined;
                break;
            case 'key':
                this.keyPressed(event.atMs);
                break;
            case 'keysAwaited':
                this.awaitsKeys = true;
                break;
            case 'words':
                if (event.ignored !== true && event.text !== undefined) this.words(event, event.text);
                break;
            case 'audio':
                if (event.aside !== true) this.audio(event);
                break;
            case 'responseEnded':
                this.responseEnded(event);
                break;
            case 'model':
                this.model(event);
                break;
            case 'turn':
                this.reported(event);
                break;
            case 'bargeIn':
                this.interrupted(event);
                break;
            case 'cutOff':
                this.unheard(event);
                break;
            case 'playback':
                this.playback(event);
                break;
            case 'tool':
                this.tool(event);
                break;
            case 'waiting':
                if (event.wait === 'response_requested' && this.current !== undefined) this.current.isOwed = true;
                break;
            case 'fault':
                if (this.current === undefined) this.earlyFaults.push(event.code);
                else this.current.faults.add(event.code);
                break;
            case 'botReady':
            case 'fallback':
            case 'connection':
            case 'stream':
                break;
        }
    }

    private get current(): TurnDraft | undefined {
        return this.drafts.at(-1);
    }

    /** The turn that the caller hears, or heard last. */
    private get sounding(): TurnDraft | undefined {
        const before = this.drafts.at(-2);
        return this.current?.isAnswered === false && before !== undefined ? before : this.current;
    }

    private begin(begunBy: RecordTurn['begunBy'], startMs: number): TurnDraft {
        const { current } = this;
        if (current !== undefined && this.drafts.length >= MAX_TURNS) return current;
        const draft = new TurnDraft(begunBy, startMs);
        for (const code of this.earlyFaults.splice(0)) draft.faults.add(code);
        this.awaitsKeys = false;
        this.drafts.push(draft);
        return draft;
    }

    private spokeOver({ atMs, talking, agoMs }: EventOf<'speech'>): void {
        if (talking) this.overlapMs ??= Math.max(0, atMs - agoMs);
    }

    private spoke({ atMs, talking, agoMs }: EventOf<'speech'>): void {
        const voiceMs = Math.max(0, atMs - agoMs);
        if (talking) {
            // A turn that interrupts began before the verdict that it is one.
            const startMs = Math.min(voiceMs, this.overlapMs ?? voiceMs);
            this.overlapMs = undefined;
            const turn = this.current?.isAnswered === false ? this.current : this.begin('caller', startMs);
            turn.isOwed = false;
            turn.hasVoice = true;
            turn.lasts(atMs);
            return;
        }
        const { current } = this;
        if (current === undefined) return;
        current.voiceEndMs = voiceMs;
        current.isOwed = true;
        current.lasts(voiceMs);
    }

    /** Keys that a function has asked for belong to its turn. */
    private keyPressed(atMs: number): void {
        const { current } = this;
        const isSame = current !== undefined && (!current.isAnswered || this.awaitsKeys);
        const turn = isSame ? current : this.begin('keypad', atMs);
        turn.isOwed = true;
        turn.lasts(atMs);
    }

    private audio({ atMs, responseId, itemId }: EventOf<'audio'>): void {
        const turn = this.turnOf(responseId, atMs);
        turn.response(responseId).firstAudioMs ??= atMs;
        this.byItem.set(itemId, { turn, responseId });
        turn.lasts(atMs);
    }

    private responseEnded({ atMs, responseId, audioMs }: EventOf<'responseEnded'>): void {
        const turn = this.byResponse.get(responseId);
        if (turn === undefined) return;
        Object.assign(turn.response(responseId), { audioMs, isOver: true });
        turn.lasts(atMs);
    }

    private model({ atMs, responseId, startedAtMs, costUsd }: EventOf<'model'>): void {
        const turn =
            responseId === undefined ? (this.current ?? this.begin('bot', atMs)) : this.turnOf(responseId, atMs);
        if (startedAtMs !== undefined) {
            const isAfterVoice = turn.voiceEndMs === undefined || startedAtMs >= turn.voiceEndMs;
            if (isAfterVoice) turn.modelMs ??= startedAtMs;
            if (turn.begunBy === 'bot') turn.startMs = Math.max(0, Math.min(turn.startMs, startedAtMs));
        }
        if (costUsd !== undefined) turn.costUsd = (turn.costUsd ?? 0) + costUsd;
    }

    /** The turn that a response belongs to; one that no turn waits for begins a new one. */
    private turnOf(responseId: string, atMs: number): TurnDraft {
        const known = this.byResponse.get(responseId);
        if (known !== undefined) return known;
        const { current } = this;
        const isOfCurrent = current !== undefined && !current.isSettled;
        // The caller waits for the bot's first words from the moment at which the call is open.
        const startMs = this.drafts.length === 0 ? (this.openedMs ?? atMs) : atMs;
        const turn = isOfCurrent ? current : this.begin('bot', startMs);
        turn.response(responseId);
        this.byResponse.set(responseId, turn);
        return turn;
    }

    private words({ atMs, speaker, itemId, sinceMs }: EventOf<'words'>, text: string): void {
        if (speaker === 'note') return;
        if (speaker === 'bot') {
            const turn = this.byItem.get(itemId)?.turn ?? this.sounding;
            if (turn !== undefined) {
                turn.generated.set(itemId, text);
                if (!this.byItem.has(itemId)) this.byItem.set(itemId, { turn, responseId: '' });
            }
            return;
        }
        const spokenMs = sinceMs ?? atMs;
        const turn = this.drafts.findLast(({ hasVoice, startMs }) => hasVoice && startMs <= spokenMs) ?? this.current;
        turn?.said.push(text);
    }

    private reported({ atMs, responseId, heard }: EventOf<'turn'>): void {
        const turn = (responseId === undefined ? undefined : this.byResponse.get(responseId)) ?? this.sounding;
        if (heard !== undefined) turn?.heard.push(heard);
        // What is reported at the end of the call ends no later than the call.
        turn?.lasts(atMs);
    }

    private interrupted(event: EventOf<'bargeIn'>): void {
        const turn = this.sounding;
        if (turn !== undefined) {
            turn.wasInterrupted = true;
            turn.isPlaying = false;
            turn.lasts(event.atMs);
        }
        this.unheard(event);
    }

    /** Of these items the caller has heard only a part. */
    private unheard({ items }: Pick<EventOf<'bargeIn'>, 'items'>): void {
        const parts = new Map<Response, number>();
        for (const { itemId, responseId = this.byItem.get(itemId)?.responseId, heardMs, receivedMs } of items) {
            const response =
                responseId === undefined ? undefined : this.byResponse.get(responseId)?.response(responseId);
            if (response === undefined) continue;
            response.audioMs = Math.max(response.audioMs, receivedMs);
            response.isOver = true;
            parts.set(response, (parts.get(response) ?? 0) + Math.max(0, receivedMs - heardMs));
        }
        for (const [response, unheardMs] of parts) response.unheardMs = unheardMs;
    }

    private playback({ atMs, state }: EventOf<'playback'>): void {
        const { sounding: turn } = this;
        if (turn === undefined) return;
        turn.isPlaying = state === 'started';
        // After an interruption it is a filler of the next turn.
        if (state === 'started' && turn.hasAudio && !turn.wasInterrupted) turn.playbackMs ??= atMs;
        turn.lasts(atMs);
    }

    /** A function belongs to the turn in which it began. */
    private tool({ atMs, ms }: EventOf<'tool'>): void {
        const beganMs = atMs - ms;
        const turn = this.drafts.findLast(({ startMs }) => startMs <= beganMs) ?? this.current;
        this.awaitsKeys = false;
        if (turn === undefined) return;
        turn.toolsMs += ms;
        if (turn === this.current) turn.isOwed = true;
        turn.lasts(atMs);
    }
}
