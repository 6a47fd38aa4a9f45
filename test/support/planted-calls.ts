/** Plausible records of calls with one fault each, made from a seed: the same seed makes the same call. */
import type { CallDocument } from '../../src/call-records/document';
import type { FindingKind } from '../../tools/calls/finding';
import { CallWriter, Chance, type Plan, type ToolPlan } from './call-writer';

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
