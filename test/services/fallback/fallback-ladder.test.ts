import { silencePcmu, tonePcmu } from '../../../src/audio/tone';
import { CodedError } from '../../../src/support/errors';
import { BotResponse } from '../../../src/services/bot-response';
import type { FakeConversation } from '../../support/fake-conversation';
import { LadderBench, LOST, settle } from './ladder-bench';

describe('FallbackLadder', () => {
    let bench: LadderBench;

    beforeEach(() => {
        bench = new LadderBench();
    });

    afterEach(() => {
        bench.close();
        expect(bench.clock.pendingCount).toBe(0);
    });

    describe('while the best bot is well', () => {
        it('passes everything through in both directions, unchanged', async () => {
            const ladder = await bench.greeted();
            const { bot } = bench.realtime;
            bench.hear(ladder, new Uint8Array([1, 2, 3]));
            ladder.tell('note');
            ladder.askAgain();
            const heard = {
                items: [{ responseId: 'r1', itemId: 'item_r1', contentIndex: 0, heardMs: 3, receivedMs: 9 }],
            };
            ladder.interrupt(heard);
            bot.emit('turn', new BotResponse('match', 'x'));
            ladder.sayGoodbye();
            expect(bot.heard).toEqual([new Uint8Array([1, 2, 3])]);
            expect([bot.told, bot.askedAgain, bot.goodbyes, bot.interrupts]).toEqual([['note'], 1, 1, [heard]]);
            expect(bench.told.map(({ event }) => event)).toEqual(['ready', 'audio', 'responseEnded', 'turn']);
            expect(bench.log.lines).toEqual([]);
        });

        it('tells a bot that takes no keys as keys of an entry in words', async () => {
            const ladder = await bench.greeted();
            ladder.digits('42');
            expect(bench.realtime.bot.told).toEqual(['The caller entered 4 2 on the telephone keypad.']);
        });

        it('adds an empty fallback_used to its end', async () => {
            await bench.greeted();
            bench.realtime.bot.emit('ended', { reason: 'completed', info: 'done', outputVariables: { a: '1' } });
            expect(bench.ends).toEqual([
                { reason: 'completed', info: 'done', outputVariables: { a: '1', fallback_used: '' } },
            ]);
            expect(bench.realtime.bot.endCount).toBe(1);
        });
    });

    describe('when a bot is lost', () => {
        it('tells of the responses of every model, in ids of the call', async () => {
            const ladder = await bench.greeted();
            const ids: (string | undefined)[] = [];
            ladder.on('modelResponded', ({ responseId }) => ids.push(responseId));
            const response = { provider: 'p', model: 'm', startedAtMs: 0, status: 'completed' } as const;
            const tell = (bot: FakeConversation, responseId: string | undefined): void => {
                bot.emit('modelResponded', { ...response, why: undefined, tokens: undefined, responseId });
            };
            tell(bench.realtime.bot, 'r1');
            bench.realtime.bot.emit('ended', LOST);
            tell(bench.rest.bot, 'r1');
            tell(bench.rest.bot, undefined);
            expect(ids).toEqual(['r1', 'ladder1_r1', undefined]);
        });

        it('takes back the digits that it asked for', async () => {
            const ladder = await bench.greeted();
            const signals: (AbortSignal | undefined)[] = [];
            ladder.on('collectDigits', (request) => signals.push(request.signal));
            bench.realtime.bot.emit('collectDigits', {
                name: 'pin',
                maxDigits: 4,
                secure: true,
                done: () => undefined,
            });
            expect(signals[0]?.aborted).toBe(false);
            bench.realtime.bot.emit('ended', { reason: 'error', info: 'lost' });
            expect(signals[0]?.aborted).toBe(true);
        });

        it('begins with the next one where the best one refuses to start, which greets', async () => {
            bench.realtime.startResult = () => Promise.reject(new CodedError('ERR_OPENAI_KEY'));
            const ladder = bench.make();
            const started = ladder.start();
            await settle();
            bench.rest.bot.emit('ready');
            await started;
            bench.rest.bot.say('a', 200);
            expect(bench.rest.takeover).toEqual({
                why: 'ERR_OPENAI_KEY',
                history: [],
                greeted: false,
                awaitsResponse: false,
            });
            expect(bench.steps).toEqual(['realtime → rest: ERR_OPENAI_KEY']);
            expect(bench.told.map(({ event }) => event)).toEqual(['ready', 'audio', 'responseEnded']);
            ladder.sayGoodbye();
            bench.rest.bot.emit('ended', { reason: 'completed', info: 'done' });
            expect(bench.ends[0]?.outputVariables).toEqual({ fallback_used: 'rest' });
        });

        it('hands the conversation over as the caller heard it, and never greets twice', async () => {
            const ladder = await bench.greeted();
            const { bot } = bench.realtime;
            bench.asks(bot, 'u1', 'What are your hours?');
            bot.say('r2', 2000, false);
            bot.emit('transcript', {
                speaker: 'bot',
                itemId: 'item_r2',
                text: 'We are open from nine to five each day.',
            });
            const origin = { responseId: 'r2', itemId: 'item_r2', contentIndex: 0 };
            const heard = { items: [{ ...origin, heardMs: 1000, receivedMs: 2000 }] };
            ladder.interrupt(heard);
            bench.transcript.interrupted(heard);
            bench.asks(bot, 'u2', 'And on Sunday?');
            bot.emit('ended', LOST);
            expect(bench.rest.takeover).toEqual({
                why: 'ERR_OPENAI_LOST',
                history: [
                    { speaker: 'bot', text: 'Hello, this is the bank.' },
                    { speaker: 'caller', text: 'What are your hours?' },
                    { speaker: 'bot', text: 'We are open from' },
                    { speaker: 'caller', text: 'And on Sunday?' },
                ],
                greeted: true,
                awaitsResponse: true,
            });
        });

        it('ends what is left of the broken response once, and its words go no further than its sound', async () => {
            await bench.greeted();
            const { bot } = bench.realtime;
            bench.asks(bot, 'u1', 'What are your hours?');
            bot.say('r2', 500, false);
            bot.emit('transcript', {
                speaker: 'bot',
                itemId: 'item_r2',
                text: 'We are open from nine to five each day.',
            });
            bot.emit('ended', LOST);
            const ended = bench.told.filter(({ event }) => event === 'responseEnded').map(({ id }) => id);
            expect(ended).toEqual(['r1', 'r2']);
            expect(bench.history(bench.rest).at(-1)).toEqual({ speaker: 'bot', text: 'We are' });
            expect(bench.rest.takeover?.awaitsResponse).toBe(true);
        });

        it('lets nothing of a lost bot out any more, and frees it once', async () => {
            const ladder = await bench.greeted();
            const { bot } = bench.realtime;
            bot.emit('ended', LOST);
            bot.say('late', 300);
            bot.emit('ended', LOST);
            bench.hear(ladder, new Uint8Array(8));
            expect(bench.sounds).toEqual(['r1']);
            expect([bot.endCount, bot.heard.length, bench.rest.bots.length]).toEqual([1, 0, 1]);
        });

        it('makes ids unique in the call, and brings an interruption to the bot whose response it was', async () => {
            const ladder = await bench.greeted();
            bench.realtime.bot.emit('ended', LOST);
            const { bot } = bench.rest;
            bot.emit('ready');
            bot.say('r1', 400, false);
            bot.emit('transcript', { speaker: 'bot', itemId: 'item_r1', afterItemId: 'u1', text: 'Yes.' });
            const turns: (string | undefined)[] = [];
            ladder.on('turn', ({ responseId }) => turns.push(responseId));
            bot.emit('turn', new BotResponse('match', 'Yes.').of('r1'));
            expect(turns).toEqual(['ladder1_r1']);
            const ids = bench.told.filter(({ event }) => event === 'audio').map(({ id }) => id);
            expect(new Set(ids).size).toBe(2);
            expect(bench.said.at(-1)).toMatchObject({ itemId: 'ladder1_item_r1', afterItemId: 'ladder1_u1' });
            const part = { contentIndex: 0, heardMs: 5, receivedMs: 400 };
            ladder.interrupt({
                items: [
                    { responseId: 'r1', itemId: 'item_r1', ...part },
                    { responseId: 'ladder_wait_1', itemId: 'ladder_wait_1', ...part },
                    { responseId: 'ladder1_r1', itemId: 'ladder1_item_r1', ...part },
                ],
            });
            expect(bot.interrupts).toEqual([{ items: [{ responseId: 'r1', itemId: 'item_r1', ...part }] }]);
            expect(bench.realtime.bot.interrupts).toEqual([]);
        });

        it('gives the next bot the last 5 s of speech that no bot has understood', async () => {
            const ladder = await bench.greeted();
            const { bot } = bench.realtime;
            bot.emit('speechStarted');
            for (let i = 0; i < 300; i++) bench.hear(ladder, new Uint8Array(160).fill(i & 0xff));
            bot.emit('ended', LOST);
            const again = Buffer.concat(bench.rest.bot.heard);
            expect(again).toHaveLength(40_000);
            expect([again[0], again.at(-1)]).toEqual([50, 299 & 0xff]);
            expect(bench.rest.takeover?.awaitsResponse).toBe(false);
            expect(bench.told.at(-1)?.event).toBe('speechStopped');
        });

        it('keeps 5 s of caller audio only while a voice is in it that has no response, and 0.5 s of a quiet line', async () => {
            const ladder = await bench.greeted();
            const keptBytes = (): number => {
                const kept = bench.callerAudio.open(Infinity, Infinity);
                const { length } = kept;
                kept.close();
                return length;
            };
            const hear = (ms: number, pcmu: Uint8Array): void => {
                for (let at = 0; at < ms; at += 20) bench.hear(ladder, pcmu.subarray(0, 160));
            };
            const [quiet, voice] = [silencePcmu(20), tonePcmu(300, 20)];
            hear(20_000, quiet);
            expect(keptBytes()).toBe(4000);
            hear(2000, voice);
            hear(2000, quiet);
            expect(keptBytes()).toBeGreaterThan(35_000);
            hear(20_000, quiet);
            expect(keptBytes()).toBe(4000);
            bench.realtime.bot.emit('speechStarted');
            hear(20_000, quiet);
            expect(keptBytes()).toBe(40_000);
            bench.realtime.bot.emit('speechStopped', 500);
            bench.realtime.bot.say('r2', 500);
            hear(20_000, quiet);
            expect(keptBytes()).toBe(4000);
        });

        it('gives the next bot words that the lost one did not notice, with their beginning', async () => {
            const ladder = await bench.greeted();
            for (let at = 0; at < 400; at++) bench.hear(ladder, silencePcmu(20));
            for (let at = 0; at < 100; at++) bench.hear(ladder, tonePcmu(300, 20));
            bench.realtime.bot.emit('ended', LOST);
            const again = Buffer.concat(bench.rest.bot.heard);
            expect(again.length).toBeGreaterThanOrEqual(16_000 + 3500);
            expect(again.subarray(-160)).toEqual(Buffer.from(tonePcmu(300, 20)));
        });

        it('does not let it hear again what it is told in writing', async () => {
            const ladder = await bench.greeted();
            bench.hear(ladder, new Uint8Array(1600));
            bench.asks(bench.realtime.bot, 'u1', 'What are your hours?');
            bench.hear(ladder, new Uint8Array(160).fill(7));
            bench.realtime.bot.emit('ended', LOST);
            expect(bench.rest.bot.heard).toEqual([new Uint8Array(160).fill(7)]);
            expect(bench.rest.takeover?.awaitsResponse).toBe(true);
        });

        it('after the last bot the caller hears an apology, and Architect why', async () => {
            await bench.greeted();
            bench.realtime.bot.emit('ended', LOST);
            bench.rest.bot.emit('ready');
            bench.rest.bot.emit('ended', { reason: 'error', info: 'no response' });
            bench.local.bot.emit('ready');
            bench.local.bot.emit('ended', {
                reason: 'error',
                info: 'no voice',
                outputVariables: { error_code: 'ERR_TTS_FAILED' },
            });
            expect(bench.sounds).toEqual(['r1', 'apology']);
            expect(bench.ends).toEqual([
                {
                    reason: 'error',
                    info: 'No bot is available',
                    outputVariables: {
                        end_reason: 'bot_failed',
                        error_code: 'ERR_TTS_FAILED',
                        fallback_used: 'rest,local,apology',
                    },
                },
            ]);
            expect(bench.log.codes.filter((code) => code === 'ERR_FALLBACK_STEP')).toHaveLength(3);
            expect(bench.log.codes).toContain('ERR_FALLBACK_EXHAUSTED');
        });

        it('says goodbye with the bot that takes over, where a goodbye was asked for', async () => {
            const ladder = await bench.greeted();
            ladder.sayGoodbye();
            bench.realtime.bot.emit('ended', LOST);
            bench.rest.bot.emit('ready');
            expect(bench.rest.bot.goodbyes).toBe(1);
        });

        it('sums what all bots cost', async () => {
            const ladder = await bench.greeted();
            expect(ladder.costUsd).toBeUndefined();
            bench.realtime.bot.costUsd = 0.02;
            bench.realtime.bot.emit('ended', LOST);
            bench.rest.bot.costUsd = 0.01;
            expect(ladder.costUsd).toBeCloseTo(0.03);
            ladder.end();
            expect(ladder.costUsd).toBeCloseTo(0.03);
        });
    });
});
