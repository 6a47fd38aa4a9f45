/**
 * What the record of a call costs (docs/CALLS.md): a turn of the caller and the bot through `CallHistory`, with the journal's lines as text, and the
 * end of a call. Run by `npx tsx bench/call-history.ts`.
 */
import { randomUUID } from 'node:crypto';
import { CallHistory } from '../src/call-records/call-history';
import { BotResponse } from '../src/services/bot-response';
import { BasicConversation } from '../src/services/conversation';
import { systemClock } from '../src/support/clock';
import { silentLogger } from '../src/support/logger';
import { answerHelp } from '../tools/usage';

answerHelp(`What the record of a call costs: microseconds of a turn, and of the end of a call.

  npx tsx bench/call-history.ts      no options`);

const TURNS = 40;
const CALLS = 400;
/** Pieces of bot audio of a turn: 5 s in deltas of 200 ms. */
const PIECES = 25;
const PIECE = new Uint8Array(1600);
const WORDS = 'I would like to know when my technician comes, and whether 48213907 is the right number.';
const ANSWER = 'Your technician comes on Tuesday between nine and eleven in the morning. Is that all right for you?';

class Bot extends BasicConversation {
    readonly botName = 'bench';
}

function turn(bot: Bot, history: CallHistory, number: number): void {
    const [responseId, itemId, said] = [`resp_${number}`, `item_${number}`, `said_${number}`];
    bot.emit('speechStarted');
    bot.emit('speechStopped', 500);
    bot.emit('transcript', { speaker: 'caller', itemId: said });
    for (let piece = 0; piece < PIECES; piece++) bot.emit('audio', PIECE, { responseId, itemId, contentIndex: 0 });
    bot.emit('transcript', { speaker: 'bot', itemId, text: ANSWER });
    bot.emit('modelResponded', {
        responseId,
        provider: 'openai',
        model: 'gpt-realtime-2.1',
        startedAtMs: systemClock.nowMs(),
        status: 'completed',
        why: undefined,
        tokens: { input: 900, output: 200, cachedInput: 640, inputAudio: 300, outputAudio: 150 },
        costUsd: 0.02,
    });
    bot.emit('responseEnded', responseId);
    bot.emit('transcript', { speaker: 'caller', itemId: said, text: WORDS });
    history.playbackStarted();
    history.playbackCompleted();
    history.turnReported(new BotResponse('match', ANSWER).of(responseId));
}

function measure(mode: 'metadata' | 'full' | 'none'): { turnUs: number; endUs: number; eventsKiB: number } {
    let [turnsMs, endsMs, characters] = [0, 0, 0];
    for (let call = 0; call < CALLS; call++) {
        const bot = new Bot();
        bot.on('audio', () => undefined);
        const history = new CallHistory(
            {
                clock: systemClock,
                logger: silentLogger,
                sessionId: randomUUID(),
                conversationId: randomUUID(),
                organizationId: randomUUID(),
                correlationId: undefined,
                language: 'en-US',
                participant: { id: randomUUID(), ani: '+12025550143', aniName: 'Ada Byron', dnis: '' },
                inputVariables: { customer_name: 'Ada Byron' },
            },
            {
                mode: mode === 'none' ? 'metadata' : mode,
                masks: true,
                onLine: (line) => {
                    characters += JSON.stringify(line).length;
                },
                onEnd: () => undefined,
            },
        );
        if (mode !== 'none') history.attach(bot, 'bench', undefined);
        const startedMs = performance.now();
        for (let number = 0; number < TURNS; number++) turn(bot, history, number);
        const talkedMs = performance.now();
        history.end({
            reason: 'client_end',
            turns: TURNS,
            bargeIns: 0,
            takenBack: 0,
            digits: 0,
            toolCalls: 0,
            costUsd: 0.8,
            firstAudioMs: 400,
            callerAudioMs: 1,
            lostCallerAudioMs: 0,
            turnClock: { worstMs: 900, medianMs: 800 },
        });
        // The first calls warm up.
        if (call < CALLS / 4) continue;
        turnsMs += talkedMs - startedMs;
        endsMs += performance.now() - talkedMs;
    }
    const measured = CALLS - CALLS / 4;
    return {
        turnUs: (turnsMs * 1000) / measured / TURNS,
        endUs: (endsMs * 1000) / measured,
        eventsKiB: characters / CALLS / TURNS / 1024,
    };
}

for (const mode of ['none', 'metadata', 'full'] as const) {
    const { turnUs, endUs, eventsKiB } = measure(mode);
    const figures = `turn ${turnUs.toFixed(1)} µs, end of a call of ${TURNS} turns ${endUs.toFixed(0)} µs`;
    console.log(`${mode.padEnd(10)}${figures}, journal ${eventsKiB.toFixed(2)} KiB a turn`);
}
