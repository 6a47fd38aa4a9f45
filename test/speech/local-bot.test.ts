import type { Conversation } from '../../src/services/conversation';
import { settle } from './dialog/fakes';
import { LocalBench } from './dialog/local-bench';

describe('the local bot', () => {
    let bench: LocalBench;

    afterEach(() => {
        bench.bot.end();
        expect(bench.clock.pendingCount).toBe(0);
    });

    async function started(...args: ConstructorParameters<typeof LocalBench>): Promise<LocalBench> {
        bench = new LocalBench(...args);
        await bench.start();
        return bench;
    }

    it('is ready, asks for keys, greets, and reports the turn', async () => {
        await started('none');
        const { names } = bench.watch;
        expect([names[0], names[1], names[2]]).toEqual(['ready', 'collectDigits', 'audio']);
        expect(names.slice(-2)).toEqual(['responseEnded', 'turn']);
        expect(bench.turns).toEqual([['match', expect.stringMatching(/^Hello, keys\. Main menu\./), undefined]]);
        expect(bench.requests).toMatchObject([{ name: 'menu', maxDigits: 1, secure: false }]);
        expect(bench.watch.responsesEnded).toEqual(['local_1']);
    });

    it('acts on a key at once, and asks for the next one before it answers', async () => {
        await started('none');
        const before = bench.watch.names.length;
        bench.press('2');
        await bench.heardOut();
        expect(bench.lastTurn).toMatch(/^Nine to five\./);
        expect(bench.watch.names[before]).toBe('collectDigits');
        expect(bench.requests).toHaveLength(2);
    });

    it('takes keys that were not asked for, too', async () => {
        await started('none');
        bench.bot.digits('2');
        await bench.heardOut();
        expect(bench.lastTurn).toMatch(/^Nine to five\./);
        bench.bot.digits('22');
        await bench.heardOut();
        expect(bench.turns.at(-1)?.[0]).toBe('no_match');
        // The first request is still open: a second one would cancel it.
        expect(bench.requests).toHaveLength(1);
    });

    it('transfers: says a sentence, and then ends with what Architect needs', async () => {
        await started('none');
        bench.press('0');
        await bench.heardOut();
        expect(bench.lastTurn).toBe('One moment.');
        expect(bench.watch.ended).toEqual([
            {
                reason: 'completed',
                info: 'The caller is to be transferred',
                outputVariables: { end_reason: 'transfer', queue: 'support' },
            },
        ]);
        expect(bench.watch.names.slice(-3)).toEqual(['responseEnded', 'turn', 'ended']);
        expect(bench.recognizer.closed).toBeGreaterThan(0);
    });

    it('transfers although the caller talks into the sentence, or it cannot be spoken', async () => {
        await started('none');
        bench.bot.once('audio', (_pcmu, origin) => {
            bench.bot.interrupt({ items: [{ ...origin, heardMs: 10, receivedMs: 20 }] });
        });
        bench.press('0');
        await bench.heardOut();
        expect(bench.watch.ended).toMatchObject([{ outputVariables: { end_reason: 'transfer' } }]);
        await started('none');
        bench.speech.failsAt = /./;
        bench.press('0');
        await bench.heardOut();
        expect(bench.watch.ended).toMatchObject([{ outputVariables: { end_reason: 'transfer' } }]);
    });

    it('acts on what a closed recognizer heard only after a confirmation', async () => {
        await started('closed');
        expect(bench.recognizer.expected.at(-1)).toMatchObject({ expected: 'open' });
        expect(bench.recognizer.expected.at(-1)?.phrases).toContain('opening times');
        bench.recognizer.says('agent', 0.6);
        await bench.heardOut();
        expect(bench.turns.at(-1)).toEqual(['match', expect.stringMatching(/^Did you say agent\?/), 0.6]);
        expect(bench.recognizer.expected.at(-1)).toEqual({ expected: 'yesno', phrases: ['yes', 'no'] });
        expect(bench.watch.ended).toEqual([]);
        bench.recognizer.says('yes');
        await bench.heardOut();
        expect(bench.watch.ended).toMatchObject([{ outputVariables: { end_reason: 'transfer' } }]);
        expect(bench.watch.said.filter(({ speaker }) => speaker === 'caller').map(({ text }) => text)).toEqual([
            'agent',
            'yes',
        ]);
    });

    it('confirms by key as well', async () => {
        await started('closed');
        bench.recognizer.says('hours');
        await bench.heardOut();
        bench.press('1');
        await bench.heardOut();
        expect(bench.lastTurn).toMatch(/^Nine to five\./);
    });

    it('answers speech that it does not understand with what it does understand', async () => {
        await started('none');
        bench.recognizer.says();
        await bench.heardOut();
        expect(bench.turns.at(-1)).toEqual(['no_match', expect.stringMatching(/^Pardon\? Main menu\./), undefined]);
        expect(bench.watch.names.filter((name) => name.startsWith('speech'))).toEqual([
            'speechStarted',
            'speechStopped',
        ]);
    });

    it('goes on talking through a cough that did not interrupt it', async () => {
        bench = new LocalBench('none');
        await bench.bot.start();
        await settle();
        bench.recognizer.says();
        await settle();
        expect(bench.turns).toHaveLength(1);
        bench.clock.advance(60_000);
        bench.recognizer.says();
        await settle();
        expect(bench.turns).toHaveLength(2);
    });

    it('says that nothing comes of speech which ended while the last of its words are still heard', async () => {
        bench = new LocalBench('none');
        const waits: string[] = [];
        bench.bot.on('waiting', (wait) => waits.push(wait));
        await bench.bot.start();
        await settle();
        expect(waits).toEqual([]);
        bench.recognizer.says();
        await settle();
        expect([waits, bench.turns.length]).toEqual([['nothing_awaited'], 1]);
        // Once they are over, it answers.
        bench.clock.advance(60_000);
        bench.recognizer.says();
        await settle();
        expect([waits, bench.turns.length]).toEqual([['nothing_awaited'], 2]);
    });

    it('does not answer words that it does not understand when it is about to speak: what it says is the response', async () => {
        bench = new LocalBench('none');
        const started = bench.bot.start();
        bench.recognizer.says();
        await started;
        await bench.heardOut();
        expect(bench.turns.map(([disposition]) => disposition)).toEqual(['match']);
        bench.recognizer.says();
        await bench.heardOut();
        expect(bench.turns.map(([disposition]) => disposition)).toEqual(['match', 'no_match']);
    });

    it('a key pressed before the first sound of a response is not made to wait for it', async () => {
        bench = new LocalBench('none');
        let speak = (): void => undefined;
        bench.speech.gate = new Promise((resolve) => (speak = resolve));
        await bench.bot.start();
        bench.press('2');
        speak();
        await bench.heardOut();
        expect(bench.turns.map(([, text]) => text.slice(0, 12))).toEqual(['Nine to five']);
        expect(bench.watch.responsesEnded).toEqual(['local_1', 'local_2']);
    });

    it('stops when it is interrupted: nothing more of that response comes, and the key pressed into it counts', async () => {
        bench = new LocalBench('none');
        bench.bot.once('audio', (_pcmu, origin) => {
            bench.bot.interrupt({ items: [{ ...origin, heardMs: 10, receivedMs: 20 }] });
            bench.press('2');
        });
        await bench.start();
        expect(bench.watch.audio.filter(({ origin }) => origin.responseId === 'local_1')).toHaveLength(1);
        expect(bench.watch.responsesEnded).toEqual(['local_1', 'local_2']);
        expect(bench.turns.map(([, text]) => text.slice(0, 12))).toEqual(['Hello, keys.', 'Nine to five']);
    });

    it('plays back what the caller said, and does not take it for an answer', async () => {
        await started('closed');
        bench.press('3');
        await bench.heardOut();
        expect(bench.lastTurn).toBe('Speak.');
        const voice = new Uint8Array(4000).fill(0x77);
        const pieces = bench.watch.audio.length;
        bench.recognizer.begins();
        bench.recognizer.ends({ text: 'agent' }, voice);
        await bench.heardOut();
        expect(bench.watch.audio.slice(pieces).map(({ pcmu }) => pcmu[0])).toContain(0x77);
        expect(bench.lastTurn).toMatch(/^You said\. Main menu\./);
        expect(bench.turns).toHaveLength(3);
        bench.recognizer.says('agent');
        await bench.heardOut();
        expect(bench.lastTurn).toMatch(/^Did you say agent/);
    });

    it('asks a silent caller again: when it is told to, and when a key was waited for in vain', async () => {
        await started('none');
        bench.bot.askAgain();
        await bench.heardOut();
        expect(bench.turns.at(-1)).toEqual([
            'no_input',
            expect.stringMatching(/^Are you there\? Main menu\./),
            undefined,
        ]);
        bench.press('', 'timeout');
        await bench.heardOut();
        expect(bench.turns.map(([disposition]) => disposition)).toEqual(['match', 'no_input', 'no_input']);
        bench.press('', 'timeout');
        await bench.heardOut();
        expect(bench.watch.ended).toMatchObject([{ outputVariables: { end_reason: 'transfer', failure: 'no_input' } }]);
    });

    it('only waits on when the time for a key ends while the bot or the caller is talking, or has just been', async () => {
        bench = new LocalBench('none');
        await bench.bot.start();
        await settle();
        bench.press('', 'timeout');
        expect(bench.requests).toHaveLength(2);
        bench.clock.advance(60_000);
        bench.recognizer.begins();
        bench.press('', 'timeout');
        expect(bench.requests).toHaveLength(3);
        await settle();
        expect(bench.turns).toHaveLength(1);
    });

    it('does nothing about a request that was cancelled', async () => {
        await started('none');
        bench.requests[0]?.done({ digits: '', by: 'cancelled' });
        await bench.heardOut();
        expect(bench.turns).toHaveLength(1);
    });

    it('says goodbye, and ends', async () => {
        await started('none');
        bench.bot.sayGoodbye();
        await bench.heardOut();
        expect(bench.lastTurn).toBe('Bye.');
        expect(bench.watch.ended).toMatchObject([
            { reason: 'completed', outputVariables: { end_reason: 'bot_ended' } },
        ]);
    });

    it('says when it takes over why, does not greet, and tells Architect of it at the end', async () => {
        await started('none', {}, { takeover: { why: 'ERR_OPENAI_LOST', greeted: true } });
        expect(bench.lastTurn).toMatch(/^I am sorry, I lost the connection to my colleague\./);
        expect(bench.lastTurn).not.toMatch(/Hello/);
        bench.press('9');
        await bench.heardOut();
        expect(bench.watch.ended).toMatchObject([{ outputVariables: { fallback_reason: 'ERR_OPENAI_LOST' } }]);
    });

    it('ends with the error when it cannot speak; with recordings it says so, and ends as onFailure of its dialog says', async () => {
        bench = new LocalBench('none');
        bench.speech.failsAt = /Hello/;
        await bench.start();
        const error = { end_reason: 'bot_failed', error_code: 'ERR_TTS_FAILED' };
        expect(bench.watch.ended).toMatchObject([{ reason: 'error', outputVariables: error }]);
        expect(bench.watch.audio).toEqual([]);
        const asked: string[] = [];
        const recording = (name: string): Uint8Array => {
            asked.push(name);
            return new Uint8Array(80).fill(0x99);
        };
        bench = new LocalBench('none', { recordings: { recording } });
        bench.speech.failsAt = /Hello/;
        await bench.start();
        expect(bench.watch.audio.map(({ pcmu }) => pcmu[0])).toEqual([0x99]);
        expect(asked).toEqual(['technical-problem']);
        const outputVariables = { end_reason: 'transfer', error_code: 'ERR_TTS_FAILED' };
        expect(bench.watch.ended).toMatchObject([{ reason: 'completed', outputVariables }]);
    });

    it('hears the answer after an echo that nothing was understood of, said into the words of the bot', async () => {
        await started('open');
        bench.press('3');
        await settle();
        bench.recognizer.says();
        await bench.heardOut();
        expect(bench.lastTurn).toMatch(/^You said\./);
        bench.recognizer.says('hours');
        await bench.heardOut();
        expect(bench.lastTurn).toMatch(/^Nine to five\./);
    });

    it('asks and says goodbye by recording when it cannot speak', async () => {
        const recording = (): Uint8Array => new Uint8Array(80).fill(0x99);
        await started('none', { recordings: { recording } });
        bench.speech.failsAt = /./;
        bench.bot.askAgain();
        await bench.heardOut();
        expect(bench.turns.at(-1)).toEqual(['no_input', 'Are you still there?', undefined]);
        bench.bot.sayGoodbye();
        await bench.heardOut();
        expect(bench.lastTurn).toBe('Goodbye.');
        expect(bench.watch.ended).toMatchObject([{ reason: 'completed' }]);
    });

    it('costs nothing, and logs no word and no key', async () => {
        await started('closed');
        bench.recognizer.says('agent');
        const { bot }: { bot: Conversation } = bench;
        bot.tell('The caller is called Joan.');
        bench.bot.digits('4711');
        bench.speech.failsAt = /./;
        await bench.heardOut();
        expect(bench.bot.costUsd).toBe(0);
        expect(bench.logger.text).not.toMatch(/agent|Joan|4711|Pardon/);
    });
});
