import type { FallbackLadder } from '../../src/services/fallback/fallback-ladder';
import { CodedError } from '../../src/support/errors';
import { LOST, settle } from '../services/fallback/ladder-bench';
import { FallbackCallBench } from './fallback-call-bench';

describe('the silence of a bot with fallback options', () => {
    let bench: FallbackCallBench;

    beforeEach(() => {
        bench = new FallbackCallBench();
    });

    afterEach(() => {
        bench.close();
        expect(bench.clock.pendingCount).toBe(0);
    });

    it('goes by the timeline of docs/ARCHITECTURE.md where every bot is silent', async () => {
        await bench.greeted();
        bench.asks(bench.realtime.bot, 'u1', 'my balance');
        const fromMs = bench.clock.nowMs();
        const seen: string[] = [];
        bench.rest.startResult = () => new Promise(() => undefined);
        for (let [sounds, steps] = [bench.sounds.length, 0]; bench.clock.nowMs() - fromMs < 12_500;) {
            bench.clock.advance(50);
            const ms = bench.clock.nowMs() - fromMs;
            for (; sounds < bench.sounds.length; sounds++) seen.push(`${bench.sounds[sounds] ?? ''} ${ms}`);
            for (; steps < bench.steps.length; steps++) seen.push(`takeover ${ms}`);
        }
        expect(seen).toEqual(['filler 2500', 'takeover 5200', 'filler 6400', 'takeover 10400', 'filler 11600']);
    });

    it('is no matter of DEAD_AIR_SECONDS, however short that is', async () => {
        bench.turnTaking = { ...bench.turnTaking, deadAirMs: 500 };
        await bench.greeted();
        bench.asks(bench.realtime.bot, 'u1', 'my balance');
        bench.clock.advance(2499);
        expect([bench.sentMs, bench.ends]).toEqual([500, []]);
        bench.clock.advance(1);
        expect(bench.sounds).toEqual(['r1', 'filler']);
        bench.clock.advance(3500);
        expect(bench.steps).toEqual(['realtime → rest: ERR_FALLBACK_SLOW']);
    });

    describe('what a busy bot says aside', () => {
        const aside = (ms: number) => {
            const origin = { responseId: 'written_1', itemId: 'written_1', contentIndex: 0, aside: true } as const;
            bench.realtime.bot.emit('audio', new Uint8Array(ms * 8), origin);
        };

        it('is no response: the caller still waits, and is told again 5 s later', async () => {
            await bench.greeted();
            bench.asks(bench.realtime.bot, 'u1', 'my balance');
            bench.clock.advance(2000);
            aside(500);
            aside(500);
            bench.realtime.bot.emit('responseEnded', 'written_1');
            bench.clock.advance(5999);
            expect(bench.sounds).toEqual(['r1', 'written_1', 'written_1']);
            expect(bench.sentMs).toBe(500 + 500 + 500);
            bench.clock.advance(1);
            expect(bench.sounds).toEqual(['r1', 'written_1', 'written_1', 'filler']);
            bench.clock.advance(4000);
            expect(bench.steps).toEqual(['realtime → rest: ERR_FALLBACK_SLOW']);
        });

        it('counts as a sign of life, also where the caller does not hear it: a tool may take half a minute', async () => {
            await bench.greeted();
            bench.asks(bench.realtime.bot, 'u1', 'my balance');
            bench.clock.advance(2000);
            for (let times = 0; times < 4; times++) {
                aside(1000);
                bench.clock.advance(8000);
            }
            expect(bench.steps).toEqual([]);
            bench.clock.advance(2000);
            expect(bench.steps).toEqual(['realtime → rest: ERR_FALLBACK_SLOW']);
        });

        it('is left out for one who has just been told so', async () => {
            await bench.greeted();
            bench.asks(bench.realtime.bot, 'u1', 'my balance');
            bench.clock.advance(2500);
            expect(bench.sounds).toEqual(['r1', 'filler']);
            bench.clock.advance(1500);
            const sentMs = bench.sentMs;
            aside(500);
            bench.clock.advance(2000);
            expect(bench.sentMs).toBe(sentMs);
        });

        it('is said to a caller who waits for nothing, who then still waits for nothing', async () => {
            await bench.greeted();
            aside(500);
            bench.clock.advance(60_000);
            expect(bench.sounds).toEqual(['r1', 'written_1']);
            expect(bench.steps).toEqual([]);
        });
    });

    describe('the caller’s wait', () => {
        it('is announced 1.2 s after a loss, unless the next bot has spoken', async () => {
            await bench.greeted();
            const lostMs = bench.clock.nowMs();
            bench.realtime.bot.emit('ended', LOST);
            bench.clock.advance(1199);
            expect(bench.sounds).toEqual(['r1']);
            bench.clock.advance(1);
            expect(bench.sounds).toEqual(['r1', 'filler']);
            expect(bench.soundAfter(lostMs)).toBe(lostMs + 1200);
        });

        it('says no filler to a caller who hears the next bot in time', async () => {
            await bench.greeted();
            bench.realtime.bot.emit('ended', LOST);
            bench.clock.advance(900);
            bench.rest.bot.emit('ready');
            bench.rest.bot.say('a', 400);
            bench.clock.advance(60_000);
            expect(bench.sounds).toEqual(['r1', 'ladder1_a']);
        });

        it('counts from the end of what the caller is still hearing', async () => {
            await bench.started();
            bench.realtime.bot.say('r1', 5000);
            bench.realtime.bot.emit('ended', LOST);
            bench.clock.advance(6199);
            expect(bench.sounds).toEqual(['r1']);
            bench.clock.advance(1);
            expect(bench.sounds).toEqual(['r1', 'filler']);
        });

        it('a turn without a sound brings a filler after 2.5 s and the next bot after 5.2 s', async () => {
            await bench.greeted();
            const askedMs = bench.clock.nowMs();
            bench.asks(bench.realtime.bot, 'u1', 'What are your hours?');
            bench.clock.advance(2500);
            expect(bench.sounds).toEqual(['r1', 'filler']);
            bench.clock.advance(2699);
            expect(bench.steps).toEqual([]);
            bench.clock.advance(1);
            expect(bench.steps).toEqual(['realtime → rest: ERR_FALLBACK_SLOW']);
            expect(bench.clock.nowMs() - askedMs).toBe(5200);
        });

        it('a greeting without a sound, too', async () => {
            await bench.started();
            bench.clock.advance(5199);
            expect(bench.rest.bots).toHaveLength(0);
            bench.clock.advance(1);
            expect(bench.rest.takeover).toMatchObject({ greeted: false, why: 'ERR_FALLBACK_SLOW' });
        });

        it('a response that stops in the middle is given up 6 s after its last sound', async () => {
            await bench.greeted();
            bench.asks(bench.realtime.bot, 'u1', 'Why?');
            bench.clock.advance(1000);
            for (let i = 0; i < 5; i++) bench.realtime.bot.say('r2', 200, false);
            bench.clock.advance(1000 + 2499);
            expect(bench.sounds.filter((each) => each === 'filler')).toEqual([]);
            bench.clock.advance(1);
            expect(bench.sounds.at(-1)).toBe('filler');
            bench.clock.advance(3500);
            expect(bench.steps).toEqual(['realtime → rest: ERR_FALLBACK_SLOW']);
        });

        it('gives more time to a bot that shows that it works', async () => {
            await bench.greeted();
            bench.asks(bench.realtime.bot, 'u1', 'Balance?');
            bench.clock.advance(1000);
            bench.realtime.bot.emit('responseEnded', 'r2');
            bench.clock.advance(9999);
            expect(bench.steps).toEqual([]);
            bench.realtime.bot.say('r3', 400);
            bench.clock.advance(60_000);
            expect(bench.steps).toEqual([]);
            expect(bench.sounds).toEqual(['r1', 'filler', 'filler', 'r3']);
        });

        it('does not disturb a caller who says nothing, for however long', async () => {
            await bench.greeted();
            bench.clock.advance(600_000);
            expect([bench.sounds, bench.steps]).toEqual([['r1'], []]);
        });

        it('waits for nothing while the caller types what they were asked for', async () => {
            await bench.greeted();
            bench.asks(bench.realtime.bot, 'u1', 'pay');
            const results: unknown[] = [];
            const done = (result: unknown): void => void results.push(result);
            bench.realtime.bot.emit('collectDigits', { name: 'card', maxDigits: 4, secure: false, done });
            bench.clock.advance(29_000);
            expect(bench.sounds).toEqual(['r1']);
        });

        it('is over when the caller talks on', async () => {
            await bench.greeted();
            bench.asks(bench.realtime.bot, 'u1', 'Well …');
            bench.clock.advance(2000);
            bench.realtime.bot.emit('speechStarted');
            bench.clock.advance(60_000);
            expect(bench.sounds).toEqual(['r1']);
        });

        it('does not push a bot that took over and has nothing to say', async () => {
            await bench.greeted();
            bench.realtime.bot.emit('ended', LOST);
            bench.rest.bot.emit('ready');
            bench.clock.advance(120_000);
            expect(bench.sounds).toEqual(['r1', 'filler']);
            expect(bench.steps).toHaveLength(1);
        });

        it('goes on while the next bot has asked for keys, but has said nothing', async () => {
            await bench.started();
            bench.realtime.bot.emit('ended', LOST);
            bench.rest.bot.emit('ready');
            const request = { name: 'menu', maxDigits: 1, secure: false, done: () => undefined };
            bench.rest.bot.emit('collectDigits', request);
            bench.clock.advance(1200);
            expect(bench.sounds).toEqual(['filler']);
            bench.clock.advance(4800);
            expect(bench.steps.at(-1)).toBe('rest → local: ERR_FALLBACK_SLOW');
        });

        it('is not prolonged by words that the next bot is told at once', async () => {
            const ladder = await bench.greeted();
            bench.realtime.bot.emit('speechStarted');
            bench.hear(ladder, new Uint8Array(8000).fill(9));
            bench.realtime.bot.emit('speechStopped', 0);
            const make = bench.rest.make.bind(bench.rest);
            bench.rest.make = (takeover) => {
                const bot = make(takeover);
                const start = bot.start.bind(bot);
                bot.start = () => {
                    const started = start();
                    bot.emit('ready');
                    return started;
                };
                bot.hear = () => {
                    bot.emit('speechStarted');
                    bot.emit('speechStopped', 0);
                };
                return bot;
            };
            bench.realtime.bot.emit('ended', LOST);
            bench.clock.advance(1200);
            expect(bench.sounds).toEqual(['r1', 'filler']);
        });

        it('is over when a bot asks for keys after its words', async () => {
            await bench.greeted();
            bench.realtime.bot.emit('ended', LOST);
            bench.rest.bot.emit('ready');
            bench.rest.bot.say('a', 400);
            const request = { name: 'menu', maxDigits: 1, secure: false, done: () => undefined };
            bench.rest.bot.emit('collectDigits', request);
            bench.clock.advance(29_000);
            expect(bench.sounds).toEqual(['r1', 'ladder1_a']);
        });

        it('begins anew after an entry that was made, not after one that was cancelled', async () => {
            const ladder = await bench.greeted();
            const request = { name: 'pin', maxDigits: 4, secure: true, done: () => undefined };
            bench.realtime.bot.emit('collectDigits', request);
            bench.realtime.bot.emit('collectDigits', request);
            bench.clock.advance(20_000);
            expect(bench.steps).toEqual([]);
            for (const digit of '1234') bench.bridge(ladder).processDTMF(digit);
            bench.clock.advance(6000);
            expect(bench.steps).toEqual(['realtime → rest: ERR_FALLBACK_SLOW']);
        });
    });

    describe('while a bot mends itself', () => {
        it('says nothing when it is back within 1.2 s', async () => {
            await bench.greeted();
            bench.realtime.bot.emit('reconnecting', 'close 1012');
            bench.clock.advance(1100);
            bench.realtime.bot.emit('recovered');
            bench.clock.advance(60_000);
            expect([bench.sounds, bench.steps]).toEqual([['r1'], []]);
            expect(bench.realtime.bot.told).toEqual([]);
        });

        it('fills the silence, and has the bot say that it is back', async () => {
            await bench.greeted();
            bench.realtime.bot.emit('reconnecting', 'close 1006');
            bench.clock.advance(2000);
            expect(bench.sounds).toEqual(['r1', 'filler']);
            bench.realtime.bot.emit('recovered');
            expect(bench.realtime.bot.told).toEqual([expect.stringContaining('you are back')]);
            bench.realtime.bot.say('r2', 300);
            bench.clock.advance(60_000);
            expect(bench.steps).toEqual([]);
        });

        it('leaves a response that is owed to the bot itself', async () => {
            await bench.greeted();
            bench.realtime.bot.say('r2', 300, false);
            bench.realtime.bot.emit('reconnecting', 'close 1006');
            bench.realtime.bot.emit('responseEnded', 'r2');
            bench.clock.advance(2000);
            bench.realtime.bot.emit('recovered');
            expect(bench.realtime.bot.told).toEqual([]);
            bench.clock.advance(6000);
            expect(bench.steps).toEqual(['realtime → rest: ERR_FALLBACK_SLOW']);
        });

        it('gives a bot up that is back without the greeting that it owes', async () => {
            await bench.started();
            bench.clock.advance(500);
            bench.realtime.bot.emit('responseEnded', 'failed');
            bench.realtime.bot.emit('reconnecting', 'no answer, twice');
            bench.realtime.bot.emit('recovered');
            bench.clock.advance(1200);
            expect(bench.sounds).toEqual(['filler']);
            bench.clock.advance(4800);
            expect(bench.steps).toEqual(['realtime → rest: ERR_FALLBACK_SLOW']);
        });

        it('goes on with the next bot after 4 s, and hands over what was said meanwhile', async () => {
            const ladder = await bench.greeted();
            bench.realtime.bot.emit('speechStarted');
            bench.realtime.bot.emit('reconnecting', 'close 1006');
            bench.realtime.bot.emit('speechStopped', 0);
            bench.hear(ladder, new Uint8Array(160).fill(9));
            bench.clock.advance(3999);
            expect(bench.rest.bots).toHaveLength(0);
            bench.clock.advance(1);
            expect(bench.steps).toEqual(['realtime → rest: ERR_FALLBACK_NOT_RECOVERED']);
            expect(bench.rest.bot.heard).toEqual([new Uint8Array(160).fill(9)]);
            expect(bench.soundAfter(801)).toBe(800 + 1200);
        });
    });

    describe('of a service that was down and is tried again', () => {
        it('the call that tries is not kept waiting for long', async () => {
            await failThrice();
            bench.clock.advance(10_000);
            bench.realtime.startResult = () => new Promise(() => undefined);
            const rests = bench.rest.bots.length;
            startCall();
            bench.clock.advance(2500);
            expect(bench.rest.bots).toHaveLength(rests + 1);
            expect(bench.breakers.of('openai-realtime').state).toBe('open');
        });

        it('the call that tries hears "one moment please" after 0.8 s, and the next bot greets it', async () => {
            await failThrice();
            bench.clock.advance(10_000);
            bench.realtime.startResult = () => new Promise(() => undefined);
            const began = bench.told.length;
            const openedMs = bench.clock.nowMs();
            startCall();
            bench.clock.advance(799);
            expect(bench.soundAfter(openedMs)).toBeUndefined();
            bench.clock.advance(1701);
            expect(bench.soundAfter(openedMs)).toBe(openedMs + 800);
            expect(bench.told.slice(began).filter(({ event }) => event === 'audio')).toHaveLength(1);
            expect(bench.rest.takeover).toMatchObject({ greeted: false });
        });

        it('the call that tries hears nothing of it when the service is back in time', async () => {
            await failThrice();
            bench.clock.advance(10_000);
            bench.realtime.startResult = () => Promise.resolve();
            startCall();
            bench.clock.advance(700);
            bench.realtime.bot.emit('ready');
            bench.clock.advance(900);
            bench.realtime.bot.say('hello', 200);
            expect(bench.sounds).toEqual(['hello']);
        });

        it('the call that tries is told so like any other when the service is back, and says nothing', async () => {
            await failThrice();
            bench.clock.advance(10_000);
            bench.realtime.startResult = () => Promise.resolve();
            const openedMs = bench.clock.nowMs();
            startCall();
            bench.clock.advance(500);
            bench.realtime.bot.emit('ready');
            bench.clock.advance(5500);
            expect(bench.soundAfter(openedMs)).toBe(openedMs + 2200);
        });

        it('a bot that waits for the caller may be silent once it is ready, on trial too', async () => {
            await failThrice();
            bench.clock.advance(10_000);
            bench.realtime.startResult = () => Promise.resolve();
            bench.realtime.speaksFirst = false;
            startCall();
            bench.realtime.bot.emit('ready');
            bench.clock.advance(60_000);
            expect(bench.sounds).toEqual([]);
        });

        function startCall(): FallbackLadder {
            const ladder = bench.make();
            void bench.start(ladder);
            return ladder;
        }

        async function failThrice(): Promise<void> {
            bench.realtime.startResult = () => Promise.reject(new CodedError('ERR_OPENAI_CONNECT'));
            for (let call = 0; call < 3; call++) {
                const ladder = startCall();
                await settle();
                bench.bridge(ladder).close();
            }
        }
    });

    it('plays a beep where there is no recording', async () => {
        bench.recording = undefined;
        await bench.greeted();
        bench.realtime.bot.emit('ended', LOST);
        bench.clock.advance(1200);
        expect(bench.told.find(({ id }) => id === 'ladder_wait_1')?.ms).toBe(180);
    });
});
