/** Plausible records of calls with one fault each, made from a seed: the same seed makes the same call. */
import type { StoredCall } from '../../src/call-records/call-store';
import type { CallDocument, RecordEvent, RecordTurn } from '../../src/call-records/document';
import type { FindingKind } from '../../tools/calls/finding';

/** What can be planted, with the kinds of findings that may name it first. */
export const PLANTS = {
    noAnswer: ['noAnswer'],
    slowModel: ['longWait', 'veryLongWait'],
    slowVoice: ['longWait', 'veryLongWait'],
    slowPlayback: ['longWait', 'veryLongWait'],
    slowFunction: ['longWait', 'slowFunction', 'veryLongWait'],
    functionTimedOut: ['functionTimedOut'],
    functionFailed: ['functionFailed'],
    functionRefused: ['functionRefused'],
    functionAborted: ['functionAborted'],
    sameFunctionTwice: ['sameFunctionTwice'],
    fallback: ['fallback'],
    connectionLost: ['connectionLost'],
    connectionGone: ['connectionGone'],
    endedByCode: ['endedByFault'],
    botFailed: ['endedByFault'],
    lineLost: ['lineLost'],
    processDied: ['processDied'],
    serverStopped: ['serverStopped'],
    endedByLimit: ['endedByLimit'],
    notPlayed: ['notPlayed'],
    lateGreeting: ['lateGreeting'],
    turnIgnored: ['turnIgnored'],
    botOverCaller: ['botOverCaller'],
    lostAudio: ['lostAudio'],
    goodbyeCut: ['goodbyeCut'],
    callerRepeated: ['callerRepeated'],
    askedAgain: ['askedAgain'],
    notUnderstood: ['notUnderstood'],
    backchannelTurn: ['backchannelTurn'],
    questionUnheard: ['questionUnheard'],
    manyInterruptions: ['manyInterruptions'],
    takenBack: ['takenBack'],
    cost: ['cost'],
    otherFault: ['otherFault'],
} as const satisfies Readonly<Record<string, readonly FindingKind[]>>;

export type Plant = keyof typeof PLANTS;

export interface PlantedCall {
    readonly call: CallDocument;
    /** The turn of the fault; undefined: there is no fault, or it belongs to no turn. */
    readonly turn: number | undefined;
}

/** They end the call, and so stand in its last turn. */
const AT_THE_END: readonly Plant[] = [
    'functionAborted',
    'connectionGone',
    'endedByCode',
    'botFailed',
    'lineLost',
    'processDied',
    'serverStopped',
    'endedByLimit',
    'goodbyeCut',
];
const ENDS: Readonly<Partial<Record<Plant, string>>> = {
    functionAborted: 'client_end',
    connectionGone: 'client_end',
    endedByCode: 'ERR_BOT_STALLED',
    botFailed: 'bot_failed',
    lineLost: 'socket_lost',
    processDied: 'process_died',
    serverStopped: 'server_shutdown',
    endedByLimit: 'max_turns',
    goodbyeCut: 'bot_ended',
};

const SAID = [
    'Hello, I have a question about my last bill.',
    'Where is the parcel that I ordered on Monday?',
    'Yes, that is the right address.',
    'No, the other contract, please.',
    'Can I talk to a colleague of yours?',
    'It is twenty euros more than in October.',
    'Please send the invoice by mail.',
    'How long will the repair take?',
    'My number ends with four seven one.',
    'I moved to another flat two weeks ago.',
    'Then cancel the appointment for Thursday.',
    'Thank you, nothing else today.',
];
const ANSWERS = [
    'Sure, I will look that up for you right now. It takes a moment.',
    'Your order is on its way and arrives tomorrow before noon. You need not be at home.',
    'The amount is higher because of the fee for the change of address. It is charged once.',
    'I have made a note of it, and a colleague calls you back this afternoon.',
    'The technician comes on Friday between eight and ten, and rings before.',
    'Your contract runs until the end of March. It can be ended at any time after that.',
];
const QUESTION =
    'I have found two contracts of yours. Which of the two do you mean, the one for the flat or the one for the shop?';

/** Numbers from 0 to 1, without 1, of a linear congruential generator with 48 bits. */
function randomOf(seed: number): () => number {
    let state = (BigInt(seed) * 2_862_933_555n + 0x5deece66dn) & 0xffff_ffff_ffffn;
    return () => {
        state = (state * 0x5deece66dn + 0xbn) & 0xffff_ffff_ffffn;
        return Number(state >> 16n) / 2 ** 32;
    };
}

class Chance {
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

interface ToolPlan {
    name: string;
    ms: number;
    outcome: string;
    argumentsJson: string;
}

/** A turn before it is played out. */
interface Plan {
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

/** A call with a fault of the kind `plant`; undefined: without any. */
export function plantedCall(seed: number, plant?: Plant): PlantedCall {
    const chance = new Chance(seed);
    const plans = plansOf(chance);
    const endReason =
        (plant === undefined ? undefined : ENDS[plant]) ?? chance.of(['bot_ended', 'client_end', 'transfer']);
    const isLast = plant !== undefined && AT_THE_END.includes(plant);
    const index = isLast ? plans.length - 1 : plant === 'lateGreeting' ? 0 : chance.between(2, plans.length - 2);
    if (plant !== undefined) plantIn(chance, plans, index, plant);
    const call = documentOf(chance, plans, endReason, plant);
    return { call, turn: plant === undefined || plant === 'lostAudio' ? undefined : index + 1 };
}

function plansOf(chance: Chance): Plan[] {
    const count = chance.between(5, 10);
    const said = chance.shuffled(SAID);
    const interruptedAt = chance.is(0.3) ? chance.between(1, count - 2) : -1;
    return Array.from({ length: count }, (_, index) => ({
        begunBy: index === 0 ? ('bot' as const) : chance.is(0.08) ? ('keypad' as const) : ('caller' as const),
        said: said[index] ?? '',
        generated: index === 0 ? 'Hello, this is Brightwater Energy. How can I help you?' : chance.of(ANSWERS),
        signMs: chance.between(200, 700),
        voiceMs: chance.between(150, 600),
        playMs: chance.between(30, 120),
        audioMs: chance.between(1800, 6500),
        heardShare: index === interruptedAt ? 0.5 : 1,
        isInterrupted: index === interruptedAt,
        tools:
            index > 0 && chance.is(0.25)
                ? [
                      {
                          name: 'order_status',
                          ms: chance.between(60, 900),
                          outcome: 'ok',
                          argumentsJson: `{"order":"${index}"}`,
                      },
                  ]
                : [],
        faults: [],
        disposition: 'match',
        costUsd: chance.between(300, 9000) / 1e6,
        noAnswerMs: undefined,
        isPlayed: true,
        talksOverMs: 0,
        ignored: index > 0 && chance.is(0.15) ? 'Mhm.' : undefined,
        heldAndResumed: false,
        fallback: undefined,
        lost: undefined,
    }));
}

function plantIn(chance: Chance, plans: Plan[], index: number, plant: Plant): void {
    const [plan, before] = [plans[index], plans[index - 1]];
    if (plan === undefined) throw new Error('There is no such turn.');
    Object.assign(plan, { isInterrupted: false, heardShare: 1 });
    if (index > 0) plan.begunBy = 'caller';
    const tool = (ms: number, outcome: string): ToolPlan => ({
        name: 'book_table',
        ms,
        outcome,
        argumentsJson: '{"seats":4}',
    });
    switch (plant) {
        case 'noAnswer':
            plan.noAnswerMs = chance.between(6000, 12_000);
            break;
        case 'slowModel':
            plan.signMs = chance.between(2600, 9000);
            break;
        case 'slowVoice':
            plan.voiceMs = chance.between(2600, 9000);
            break;
        case 'slowPlayback':
            plan.playMs = chance.between(2600, 3800);
            break;
        case 'slowFunction':
            plan.tools = [tool(chance.between(2600, 9000), 'ok')];
            break;
        case 'functionTimedOut':
            plan.tools = [tool(8000, 'timeout')];
            break;
        case 'functionFailed':
            plan.tools = [tool(chance.between(80, 2000), 'error')];
            break;
        case 'functionRefused':
            plan.tools = [tool(0, 'refused')];
            break;
        case 'functionAborted':
            plan.tools = [tool(chance.between(5000, 7000), 'aborted')];
            plan.noAnswerMs = 200;
            break;
        case 'sameFunctionTwice':
            plan.tools = [tool(300, 'ok'), tool(280, 'ok')];
            break;
        case 'fallback':
            plan.signMs = chance.between(4800, 5600);
            plan.fallback = { from: 'realtime', to: 'local', why: 'ERR_OPENAI_LOST' };
            break;
        case 'connectionLost':
            plan.lost = { why: 'ERR_OPENAI_LOST', backMs: chance.between(600, 1800) };
            break;
        case 'connectionGone':
            plan.lost = { why: 'ERR_OPENAI_LOST', backMs: undefined };
            plan.noAnswerMs = chance.between(2000, 4000);
            break;
        case 'endedByCode':
            plan.noAnswerMs = chance.between(6000, 7000);
            break;
        case 'botFailed':
            plan.faults = ['ERR_OPENAI_RATE_LIMITED'];
            break;
        case 'notPlayed':
            plan.isPlayed = false;
            break;
        case 'lateGreeting':
            plan.signMs = chance.between(3000, 5500);
            break;
        case 'turnIgnored':
            plan.ignored = 'Stop, I said the other contract and not this one.';
            break;
        case 'botOverCaller':
            plan.talksOverMs = chance.between(1300, 1700);
            break;
        case 'goodbyeCut':
            plan.heardShare = 0.4;
            break;
        case 'callerRepeated':
            if (before === undefined) throw new Error('There is no turn before.');
            before.begunBy = 'caller';
            before.isInterrupted = false;
            before.heardShare = 1;
            plan.said = `${before.said.replace(/[.?]$/, '')}, please?`;
            break;
        case 'askedAgain':
            plan.begunBy = 'bot';
            plan.said = '';
            plan.generated = 'Are you still there?';
            plan.tools = [];
            plan.disposition = 'no_input';
            break;
        case 'notUnderstood':
            plan.generated = 'I am sorry, I did not understand that. Please say it once more.';
            plan.disposition = 'no_match';
            break;
        case 'backchannelTurn':
            if (before === undefined) throw new Error('There is no turn before.');
            before.isInterrupted = true;
            before.heardShare = 0.5;
            plan.said = chance.of(['Mhm.', 'Uh-huh.', 'Yeah.']);
            plan.tools = [];
            break;
        case 'questionUnheard':
            plan.generated = QUESTION;
            plan.heardShare = 0.4;
            plan.isInterrupted = true;
            plan.audioMs = 6000;
            break;
        case 'manyInterruptions':
            for (const each of plans) Object.assign(each, { isInterrupted: false, heardShare: 1 });
            while (plans.length < index + 5)
                plans.push({ ...plan, said: `And what about number ${plans.length}?`, tools: [] });
            for (const each of plans.slice(index, index + 4))
                Object.assign(each, { isInterrupted: true, heardShare: 0.6 });
            break;
        case 'takenBack':
            while (plans.length < index + 4)
                plans.push({ ...plan, said: `And what about number ${plans.length}?`, tools: [] });
            for (const each of plans.slice(index, index + 3))
                Object.assign(each, { heldAndResumed: true, heardShare: 1, isInterrupted: false });
            break;
        case 'cost':
            plan.costUsd = 1.2;
            break;
        case 'otherFault':
            plan.faults = ['ERR_SLOW_READER'];
            break;
        default:
            break;
    }
}

function documentOf(chance: Chance, plans: readonly Plan[], endReason: string, plant: Plant | undefined): CallDocument {
    const writer = new CallWriter(chance);
    plans.forEach((plan, index) => {
        writer.play(plan, index + 1);
    });
    const { events, turns } = writer;
    const durationMs = writer.nowMs + (endReason === 'client_end' ? 400 : 100);
    const startedMs = Date.parse('2026-11-20T08:00:00.000Z') + chance.between(0, 86_400_000);
    const waits = turns.flatMap(({ toPlaybackMs }) => toPlaybackMs ?? []).sort((a, b) => a - b);
    const sessionId = chance.uuid();
    return {
        version: 1,
        mode: 'full',
        sessionId,
        conversationId: chance.uuid(),
        organizationId: 'd7934305-0972-4844-938e-9060eef73d05',
        startedAt: new Date(startedMs).toISOString(),
        language: 'en-US',
        server: '0.1.0',
        bot: { name: 'billing', version: '3' },
        inputVariables: { customer_name: 'Ann', tier: 'gold' },
        endedAt: new Date(startedMs + durationMs).toISOString(),
        durationMs,
        endReason,
        outputVariables: {
            end_reason: endReason,
            ...(plant === 'botFailed' && { error_code: 'ERR_OPENAI_RATE_LIMITED' }),
        },
        fallbackUsed: events.flatMap((event) => (event.kind === 'fallback' ? [event.to] : [])),
        figures: {
            turns: turns.length,
            bargeIns: events.filter(({ kind }) => kind === 'bargeIn').length,
            takenBack: events.filter((event) => event.kind === 'overlap' && event.verdict === 'resumed').length,
            digits: events.filter(({ kind }) => kind === 'key').length,
            toolCalls: events.filter(({ kind }) => kind === 'tool').length,
            firstAudioMs: writer.firstAudioMs,
            medianTurnMs: waits[Math.floor(waits.length / 2)],
            worstTurnMs: waits.at(-1),
            callerAudioMs: durationMs,
            lostCallerAudioMs: plant === 'lostAudio' ? chance.between(900, 4000) : 0,
            costUsd: plans.reduce((sum, { costUsd }) => sum + costUsd, 0),
            inputTokens: turns.length * 900,
            outputTokens: turns.length * 120,
            pricesAsOf: '2026-11',
        },
        turns,
        events: [...events].sort((a, b) => a.atMs - b.atMs),
        cut: 0,
    };
}

/** Plays turns out as events, one after the other. */
class CallWriter {
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

/** What a list shows of a record. */
export function storedCall(call: CallDocument): StoredCall {
    const { sessionId, conversationId, startedAt, durationMs, bot, endReason, figures, events } = call;
    return {
        sessionId,
        conversationId,
        startedAt,
        durationMs,
        bot: bot?.name ?? '',
        endReason,
        worstTurnMs: figures.worstTurnMs,
        fallbackUsed: call.fallbackUsed.join(','),
        costUsd: figures.costUsd,
        faults: events.filter(({ kind }) => kind === 'fault').length,
        turns: figures.turns,
        hasRecording: call.recording !== undefined,
        hasFlight: call.flight !== undefined,
    };
}
