/** Turns of a call that is made up, and the events that they would leave in its record. */
import type { RecordEvent, RecordTurn } from '../../src/call-records/document';

/** Numbers from 0 to 1, without 1, of a linear congruential generator with 48 bits. */
function randomOf(seed: number): () => number {
    let state = (BigInt(seed) * 2_862_933_555n + 0x5deece66dn) & 0xffff_ffff_ffffn;
    return () => {
        state = (state * 0x5deece66dn + 0xbn) & 0xffff_ffff_ffffn;
        return Number(state >> 16n) / 2 ** 32;
    };
}

/** Draws of one generator. */
export class Chance {
    private readonly random: () => number;

    constructor(seed: number) {
        this.random = randomOf(seed);
        for (let i = 0; i < 5; i++) this.random();
    }

    between(least: number, most: number): number {
        return Math.floor(least + this.random() * (most - least + 1));
    }

    is(share: number): boolean {
        return this.random() < share;
    }

    shuffled<T>(items: readonly T[]): T[] {
        return items
            .map((item) => ({ item, key: this.random() }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item);
    }

    of<T>(items: readonly T[]): T {
        const [item] = this.shuffled(items);
        if (item === undefined) throw new Error('nothing to choose from');
        return item;
    }

    uuid(): string {
        const digits = Array.from({ length: 32 }, () => this.between(0, 15).toString(16));
        digits[12] = '4';
        digits[16] = 'a';
        const text = digits.join('');
        return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
    }
}

export interface ToolPlan {
    name: string;
    ms: number;
    outcome: string;
    argumentsJson: string;
}

/** A turn before it is played out. */
export interface Plan {
    begunBy: RecordTurn['begunBy'];
    said: string;
    generated: string;
    signMs: number;
    voiceMs: number;
    playMs: number;
    audioMs: number;
    /** Of the audio, what is heard: below 1 the caller interrupts, or the call ends. */
    heardShare: number;
    isInterrupted: boolean;
    tools: ToolPlan[];
    faults: string[];
    disposition: string;
    costUsd: number;
    /** undefined: an answer comes. Otherwise the caller waits for so long, and none does. */
    noAnswerMs: number | undefined;
    isPlayed: boolean;
    /** So long the caller talks on when the bot begins. */
    talksOverMs: number;
    /** Said over the bot and taken for no turn. */
    ignored: string | undefined;
    heldAndResumed: boolean;
    fallback: { from: string; to: string; why: string } | undefined;
    lost: { why: string; backMs: number | undefined } | undefined;
}

/** Plays turns out as events, one after the other. */
export class CallWriter {
    readonly events: RecordEvent[] = [
        { atMs: 3, kind: 'opened' },
        { atMs: 310, kind: 'botReady' },
    ];
    readonly turns: RecordTurn[] = [];
    nowMs = 3;
    firstAudioMs = 0;

    constructor(private readonly chance: Chance) {}

    play(plan: Plan, number: number): void {
        const startMs = this.nowMs;
        const [responseId, itemId] = [`resp_${number}`, `item_${number}`];
        const voiceEndMs = this.speak(plan, number);
        this.troubles(plan, voiceEndMs);
        const toolsMs = this.runTools(plan, number, voiceEndMs + plan.signMs);
        const audioAtMs = voiceEndMs + plan.signMs + toolsMs + plan.voiceMs;
        if (plan.noAnswerMs !== undefined) {
            this.nowMs = Math.max(voiceEndMs + plan.noAnswerMs, voiceEndMs + plan.signMs + toolsMs);
            this.turns.push({
                ...this.turnOf(plan, number, startMs, toolsMs),
                endMs: this.nowMs,
                audioMs: 0,
                heardMs: 0,
            });
            return;
        }
        if (number === 1) this.firstAudioMs = audioAtMs - 3;
        this.events.push({ atMs: audioAtMs, kind: 'audio', responseId, itemId });
        this.events.push({ atMs: audioAtMs + 20, kind: 'words', speaker: 'bot', itemId, text: plan.generated });
        this.events.push({
            atMs: audioAtMs + plan.audioMs / 4,
            kind: 'responseEnded',
            responseId,
            audioMs: plan.audioMs,
        });
        this.model(plan, responseId, voiceEndMs, audioAtMs);
        const endMs = this.sound(plan, responseId, itemId, audioAtMs);
        const waits = { toModelMs: plan.signMs, toAudioMs: audioAtMs - voiceEndMs };
        const isAnswer = plan.begunBy !== 'bot';
        this.turns.push({
            ...this.turnOf(plan, number, startMs, toolsMs),
            endMs,
            ...(isAnswer && waits),
            ...(isAnswer && plan.isPlayed && { toPlaybackMs: waits.toAudioMs + plan.playMs }),
            generated: plan.generated,
            heard: plan.isPlayed ? heardOf(plan) : '',
            audioMs: plan.audioMs,
            heardMs: plan.isPlayed ? Math.round(plan.audioMs * plan.heardShare) : 0,
        });
        // Who interrupts has begun to speak before the bot stops.
        this.nowMs = endMs + (plan.isInterrupted ? -300 : this.chance.between(150, 1500));
    }

    private turnOf(plan: Plan, number: number, startMs: number, toolsMs: number) {
        const { begunBy, said, isInterrupted, faults, costUsd } = plan;
        return {
            number,
            begunBy,
            startMs,
            ...(begunBy === 'caller' && { said }),
            toolsMs,
            interrupted: isInterrupted,
            faults: [...faults, ...(plan.fallback === undefined ? [] : [plan.fallback.why])],
            costUsd,
        };
    }

    /** @returns when the caller has stopped */
    private speak({ begunBy, said }: Plan, number: number): number {
        const { nowMs } = this;
        if (begunBy === 'bot') return nowMs;
        if (begunBy === 'keypad') {
            this.events.push({ atMs: nowMs, kind: 'key' });
            return nowMs;
        }
        const stopMs = nowMs + this.chance.between(600, 3600);
        this.events.push({ atMs: nowMs + 60, kind: 'speech', talking: true, agoMs: 60 });
        this.events.push({ atMs: stopMs + 150, kind: 'speech', talking: false, agoMs: 150 });
        this.events.push({
            atMs: stopMs + 280,
            kind: 'words',
            speaker: 'caller',
            itemId: `said_${number}`,
            text: said,
        });
        return stopMs;
    }

    private troubles({ faults, fallback, lost, signMs }: Plan, voiceEndMs: number): void {
        for (const code of faults) this.events.push({ atMs: voiceEndMs + 160, kind: 'fault', code });
        if (fallback !== undefined) {
            const atMs = voiceEndMs + signMs - 300;
            this.events.push({ atMs, kind: 'fault', code: fallback.why }, { atMs, kind: 'fallback', ...fallback });
        }
        if (lost === undefined) return;
        const { why, backMs } = lost;
        const atMs = voiceEndMs + 40;
        this.events.push({ atMs, kind: 'connection', state: 'lost', why });
        if (backMs !== undefined) this.events.push({ atMs: atMs + backMs, kind: 'connection', state: 'recovered' });
    }

    /** @returns how long they took together, ms */
    private runTools({ tools }: Plan, number: number, fromMs: number): number {
        let atMs = fromMs;
        tools.forEach(({ name, ms, outcome, argumentsJson }, index) => {
            atMs += ms;
            const callId = `call_${number}_${index}`;
            this.events.push({ atMs, kind: 'tool', name, callId, ms, outcome, argumentsJson, output: '{}' });
        });
        return atMs - fromMs;
    }

    private model(
        { costUsd, isInterrupted, signMs }: Plan,
        responseId: string,
        voiceEndMs: number,
        audioAtMs: number,
    ): void {
        this.events.push({
            atMs: audioAtMs + 400,
            kind: 'model',
            responseId,
            provider: 'openai',
            model: 'gpt-realtime',
            startedAtMs: voiceEndMs + signMs,
            status: isInterrupted ? 'cancelled' : 'completed',
            inputTokens: 900,
            outputTokens: 120,
            costUsd,
        });
    }

    /** @returns when the turn is over */
    private sound(plan: Plan, responseId: string, itemId: string, audioAtMs: number): number {
        const { events } = this;
        if (!plan.isPlayed) return audioAtMs + plan.audioMs + 4500;
        const startMs = audioAtMs + plan.playMs;
        events.push({ atMs: startMs, kind: 'playback', state: 'started' });
        const heardMs = Math.round(plan.audioMs * plan.heardShare);
        let endMs = startMs + heardMs;
        if (plan.talksOverMs > 0) this.talkOver(startMs, plan.talksOverMs);
        if (plan.ignored !== undefined) this.ignore(startMs + 300, plan.ignored);
        if (plan.heldAndResumed) endMs += this.holdAndResume(startMs + 700);
        if (plan.isInterrupted) {
            const items = [{ itemId, heardMs, receivedMs: plan.audioMs }];
            events.push({ atMs: endMs, kind: 'bargeIn', items });
        } else if (plan.heardShare === 1) events.push({ atMs: endMs, kind: 'playback', state: 'completed' });
        const { disposition } = plan;
        events.push({ atMs: endMs, kind: 'turn', responseId, disposition, heard: heardOf(plan) });
        return endMs;
    }

    private talkOver(startMs: number, ms: number): void {
        this.events.push({ atMs: startMs - 200, kind: 'speech', talking: true, agoMs: 60 });
        this.events.push({ atMs: startMs + ms, kind: 'speech', talking: false, agoMs: 150 });
    }

    private ignore(atMs: number, text: string): void {
        const times = { voicedMs: text.length * 20, spanMs: text.length * 24, afterMs: 400 };
        const itemId = `over_${atMs}`;
        this.events.push({ atMs, kind: 'speech', talking: true, agoMs: 60, overBot: true });
        this.events.push({
            atMs: atMs + 400,
            kind: 'overlap',
            verdict: 'ignored',
            reason: 'ignored: a backchannel',
            ...times,
        });
        this.events.push({ atMs: atMs + 420, kind: 'words', speaker: 'caller', itemId, text, ignored: true });
    }

    /** @returns how long the bot was silent, ms */
    private holdAndResume(atMs: number): number {
        const times = { voicedMs: 340, spanMs: 360, afterMs: 400 };
        this.events.push({ atMs, kind: 'overlap', verdict: 'held', reason: 'held: 340 ms of voice', ...times });
        const resumed = { verdict: 'resumed', reason: 'resumed: no words within 450 ms', backMs: 120 } as const;
        this.events.push({ atMs: atMs + 600, kind: 'overlap', ...resumed, ...times });
        this.events.push({ atMs: atMs + 640, kind: 'playback', state: 'started' });
        return 640;
    }
}

/** Whole words of what was generated, as many as were heard. */
function heardOf({ generated, heardShare }: Plan): string {
    const words = generated.split(' ');
    return words.slice(0, Math.floor(words.length * heardShare)).join(' ');
}
