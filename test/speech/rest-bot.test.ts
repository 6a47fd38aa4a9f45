import type { ModelResponse } from '../../src/services/conversation';
import { Transcript } from '../../src/services/transcript';
import type { RestBotDeps, RestBotOptions } from '../../src/speech/rest-bot';
import { until } from '../support/test-bench';
import { ChatStandIn } from './chat/chat-stand-in';
import { RestBench } from './chat/rest-bench';

describe('the REST bot', () => {
    let standIn: ChatStandIn;
    let bench: RestBench;

    beforeEach(async () => {
        standIn = await ChatStandIn.start();
    });

    afterEach(async () => {
        bench.bot.end();
        await until('every timer is freed', () => bench.clock.pendingCount === 0);
        await standIn.close();
        expect(standIn.breaches).toEqual([]);
    });

    async function started(...args: [Partial<RestBotOptions>?, Partial<RestBotDeps>?]): Promise<RestBench> {
        bench = new RestBench(standIn, args[0] ?? {}, args[1]);
        await bench.bot.start();
        return bench;
    }

    it('greets as it is told to, with its instructions and a word on how it is heard', async () => {
        standIn.plan({ words: ['Hello ', 'there.'] });
        await started({ greeting: 'Greet the caller.' });
        await bench.turn(1);
        expect(bench.bot.speaksFirst).toBe(true);
        const first = standIn.requests[0]?.body.messages[0];
        expect(first?.role).toBe('system');
        expect(first?.content).toMatch(/^You are brief\.\n\n.*read aloud on the telephone/);
        // Its instructions may speak of functions; a caller must not be promised what no function will do.
        expect(first?.content).toMatch(/no functions now.*never promise/);
        expect(bench.told()).toEqual([['system', 'Greet the caller.']]);
        expect(bench.turns).toEqual([['match', 'Hello there.', undefined]]);
        expect(bench.recognizer.expected).toEqual([{ expected: 'open', phrases: [] }]);
    });

    it('waits for the caller without a greeting, and answers with the conversation so far', async () => {
        await started();
        expect([bench.bot.speaksFirst, bench.bot.costUsd]).toEqual([false, undefined]);
        standIn.plan({ words: ['At nine.'] }, { words: ['Until five.'] });
        bench.recognizer.says('When do you open?', 0.9);
        await bench.turn(1);
        bench.recognizer.says('Until when?');
        await bench.turn(2);
        expect(bench.told()).toEqual([
            ['user', 'When do you open?'],
            ['assistant', 'At nine.'],
            ['user', 'Until when?'],
        ]);
        expect(bench.turns).toEqual([
            ['match', 'At nine.', 0.9],
            ['match', 'Until five.', undefined],
        ]);
        const withWords = bench.watch.said.filter(({ text }) => text !== undefined);
        expect(withWords.map(({ speaker, text }) => [speaker, text])).toEqual([
            ['caller', 'When do you open?'],
            ['bot', 'At nine.'],
            ['caller', 'Until when?'],
            ['bot', 'Until five.'],
        ]);
    });

    it('tells of each text of its model when it is written, and why one is not', async () => {
        await started();
        const responses: ModelResponse[] = [];
        bench.bot.on('modelResponded', (response) => responses.push(response));
        standIn.plan({ words: ['At nine.'] }, { status: 401 });
        bench.recognizer.says('When do you open?');
        await bench.turn(1);
        bench.recognizer.says('Until when?');
        await until('it has given up', () => bench.watch.ended.length === 1);
        const known = { responseId: undefined, provider: 'openai', model: 'm', tokens: undefined };
        const startedAtMs = expect.any(Number) as number;
        expect(responses).toEqual([
            { ...known, startedAtMs, status: 'completed', why: undefined },
            { ...known, startedAtMs, status: 'failed', why: 'ERR_OPENAI_KEY' },
        ]);
    });

    it('speaks the first sentence while the second is still written', async () => {
        await started();
        let goOn = (): void => undefined;
        const gate = new Promise<void>((resolve) => (goOn = resolve));
        standIn.plan({ words: ['First. And', ' second.'], gate });
        bench.recognizer.says('Go on.');
        await until('the first sentence has sounded', () => bench.watch.audio.length === 2);
        expect([bench.speech.spoken, bench.turns]).toEqual([['First.'], []]);
        goOn();
        await bench.turn(1);
        expect(bench.turns[0]?.[1]).toBe('First. And second.');
        expect(new Set(bench.watch.audio.map(({ origin }) => origin.responseId)).size).toBe(1);
    });

    it('remembers of an interrupted response what was heard, and writes no more of it', async () => {
        await started();
        standIn.plan({ words: ['One two. ', 'Three four. ', 'Five'], then: 'hang' });
        bench.recognizer.says('Count.');
        await until('two sentences have sounded', () => bench.watch.audio.length === 4);
        const origin = bench.watch.audio[0]?.origin ?? { responseId: '', itemId: '', contentIndex: 0 };
        bench.interrupt({ items: [{ ...origin, heardMs: 'One two.'.length * 10 + 60, receivedMs: 190 }] });
        await bench.turn(1);
        await until('the request is given up', () => standIn.gaveUp === 1);
        expect(bench.watch.responsesEnded).toEqual([origin.responseId]);
        bench.recognizer.says('Stop.');
        await bench.turn(2);
        expect(bench.told()).toEqual([
            ['user', 'Count.'],
            ['assistant', 'One two. Three'],
            ['user', 'Stop.'],
        ]);
        expect(bench.watch.audioAfterItsEnd).toEqual([]);
    });

    it('forgets a response of which nothing was heard, also when it had long been given', async () => {
        await started();
        bench.recognizer.says('Hello?');
        await bench.turn(1);
        const origin = bench.watch.audio[0]?.origin ?? { responseId: '', itemId: '', contentIndex: 0 };
        bench.interrupt({ items: [{ ...origin, heardMs: 0, receivedMs: 80 }] });
        bench.recognizer.says('Are you there?');
        await bench.turn(2);
        expect(bench.told()).toEqual([
            ['user', 'Hello?'],
            ['user', 'Are you there?'],
        ]);
    });

    it('withdraws a response that has not begun when the caller goes on, and answers all of it', async () => {
        await started();
        standIn.plan('hang', { words: ['Both.'] });
        bench.recognizer.says('I have two questions.');
        await until('the first request is there', () => standIn.requests.length === 1);
        bench.recognizer.begins();
        await until('it is given up', () => standIn.gaveUp === 1);
        bench.recognizer.ends({ text: 'Here they are.' });
        await bench.turn(1);
        expect(bench.told()).toEqual([
            ['user', 'I have two questions.'],
            ['user', 'Here they are.'],
        ]);
        expect(bench.watch.audio.every(({ origin }) => origin.responseId === 'rest_2')).toBe(true);
    });

    it('answers after all when the caller only cleared their throat', async () => {
        await started();
        standIn.plan('hang', { words: ['Yes, of course.'] });
        bench.recognizer.says('Can you help me?');
        await until('the first request is there', () => standIn.requests.length === 1);
        bench.recognizer.says();
        await bench.turn(1);
        expect(bench.told()).toEqual([['user', 'Can you help me?']]);
        expect(bench.turns).toEqual([['match', 'Yes, of course.', undefined]]);
    });

    it('has a caller repeat what was not understood, and gives up when that goes on', async () => {
        await started();
        standIn.plan({ words: ['Pardon?'] }, { words: ['What?'] });
        for (const count of [1, 2]) {
            bench.recognizer.says();
            await bench.turn(count);
            bench.clock.advance(60_000);
        }
        expect(bench.turns.map(([disposition]) => disposition)).toEqual(['no_match', 'no_match']);
        expect(bench.told().at(-1)).toEqual(['system', expect.stringMatching(/could not be understood/)]);
        bench.recognizer.says();
        expect(bench.watch.ended).toMatchObject([
            { reason: 'error', outputVariables: { end_reason: 'bot_failed', error_code: 'ERR_CHAT_UNHEARD' } },
        ]);
    });

    it('counts from the beginning after something that was understood', async () => {
        await started();
        for (const [at, text] of [undefined, undefined, 'Hello.', undefined, undefined].entries()) {
            bench.recognizer.says(text);
            await bench.turn(at + 1);
            bench.clock.advance(60_000);
        }
        expect(bench.watch.ended).toEqual([]);
    });

    it('takes over with the conversation as heard, does not greet, and answers only what is owed', async () => {
        const transcript = new Transcript();
        transcript.delivered({ responseId: 'r', itemId: 'hello', contentIndex: 0 }, 900);
        transcript.add({ speaker: 'bot', itemId: 'hello', text: 'Hello, how can I help?' });
        transcript.add({
            speaker: 'function',
            itemId: 'f',
            call: { callId: 'c', name: 'n', argumentsJson: '', output: '1' },
        });
        transcript.add({ speaker: 'caller', itemId: 'question', text: 'When do you open?' });
        await started(
            { greeting: 'Greet the caller.', takeover: { greeted: true, awaitsResponse: true } },
            { transcript },
        );
        await bench.turn(1);
        expect(bench.told()).toEqual([
            ['assistant', 'Hello, how can I help?'],
            ['user', 'When do you open?'],
            ['system', expect.stringMatching(/without a greeting/)],
        ]);
        bench.bot.end();
        await started(
            { greeting: 'Greet the caller.', takeover: { greeted: true, awaitsResponse: false } },
            { transcript },
        );
        expect(bench.bot.speaksFirst).toBe(false);
        expect(standIn.requests).toHaveLength(1);
    });

    it('greets when it takes over a caller who has not been greeted', async () => {
        const takeover = { greeted: false, awaitsResponse: false };
        await started({ greeting: 'Greet the caller.', takeover });
        await bench.turn(1);
        expect(bench.bot.speaksFirst).toBe(true);
        expect(bench.told()).toEqual([['system', 'Greet the caller.']]);
    });

    it('is told of keys and notes, and answers them, but not into the caller’s words', async () => {
        await started();
        bench.bot.tell('The caller entered 4 2 on the telephone keypad.');
        await bench.turn(1);
        expect(bench.told()).toEqual([['user', 'The caller entered 4 2 on the telephone keypad.']]);
        bench.recognizer.begins();
        bench.bot.tell('The caller entered 1 on the telephone keypad.');
        bench.recognizer.ends({ text: 'And so on.' });
        await bench.turn(2);
        expect(standIn.requests).toHaveLength(2);
        expect(bench.told().slice(-2)).toEqual([
            ['user', 'The caller entered 1 on the telephone keypad.'],
            ['user', 'And so on.'],
        ]);
    });

    it('asks a silent caller, and not while the caller or the bot speaks', async () => {
        await started();
        standIn.plan({ words: ['Are you there?'] });
        bench.bot.askAgain();
        bench.bot.askAgain();
        await bench.turn(1);
        expect(bench.turns).toEqual([['no_input', 'Are you there?', undefined]]);
        bench.recognizer.begins();
        bench.bot.askAgain();
        expect(bench.told()).toEqual([['system', expect.stringMatching(/silent/)]]);
        expect(standIn.requests).toHaveLength(1);
    });

    it.each([{ words: ['Goodbye, dear caller.'] }, { status: 401 }])(
        'says goodbye and ends, with the model or without: %j',
        async (plan) => {
            await started();
            standIn.plan(plan);
            bench.bot.sayGoodbye();
            await until('the end', () => bench.watch.ended.length > 0);
            expect(bench.turns[0]?.[1]).toMatch(/^Goodbye/);
            expect(bench.watch.ended).toMatchObject([
                { reason: 'completed', outputVariables: { end_reason: 'bot_ended' } },
            ]);
        },
    );

    it.each([
        [{ status: 401 }, 'ERR_OPENAI_KEY'],
        [{ status: 429, code: 'insufficient_quota' }, 'ERR_OPENAI_QUOTA'],
        [{ words: ['I would. But'], then: 'break' as const }, 'ERR_CHAT_FAILED'],
    ])('ends with the code when the chat fails with %j, for the next bot to go on', async (plan, code) => {
        await started();
        standIn.plan(plan);
        bench.recognizer.says('Hello?');
        await until('the end', () => bench.watch.ended.length > 0);
        expect(bench.watch.ended).toMatchObject([
            { reason: 'error', outputVariables: { end_reason: 'bot_failed', error_code: code } },
        ]);
        expect(bench.logger.codes).toContain(code);
    });

    it('ends with the code when it has no voice', async () => {
        await started();
        bench.speech.failsAt = /./;
        bench.recognizer.says('Hello?');
        await until('the end', () => bench.watch.ended.length > 0);
        expect(bench.watch.ended).toMatchObject([{ outputVariables: { error_code: 'ERR_TTS_FAILED' } }]);
    });

    it.each(['none', 'closed'] as const)('never starts where recognizer is %s', async (kind) => {
        bench = new RestBench(standIn, {}, {}, kind);
        await expect(bench.bot.start()).rejects.toMatchObject({ code: 'ERR_CHAT_HEARING' });
    });

    it('gives up what it asked for when the call ends', async () => {
        await started();
        standIn.plan('hang');
        bench.recognizer.says('Hello?');
        await until('the request is there', () => standIn.requests.length === 1);
        bench.bot.end();
        await until('it is given up', () => standIn.gaveUp === 1);
        expect(bench.recognizer.closed).toBeGreaterThan(0);
    });

    it('logs no word of the conversation', async () => {
        await started();
        standIn.plan({ words: ['Your card is fine. '], then: 'break' });
        bench.recognizer.says('My card is 4111.');
        await until('the end', () => bench.watch.ended.length > 0);
        expect(bench.logger.lines.length).toBeGreaterThan(0);
        expect(bench.logger.text).not.toMatch(/card|4111/);
    });

    describe('before it speaks', () => {
        it.each([
            ['refuses the key', 401, 'ERR_OPENAI_KEY'],
            ['is broken', 503, 'ERR_CHAT_FAILED'],
            ['hangs up', 'hang up', 'ERR_CHAT_FAILED'],
        ] as const)('gives up when the service %s', async (_, check, code) => {
            standIn.check = check;
            bench = new RestBench(standIn, { greeting: 'Greet.' });
            await expect(bench.bot.start()).rejects.toMatchObject({ code });
            expect(standIn.requests).toEqual([]);
        });

        it('gives up after 0.8 s of silence', async () => {
            standIn.check = 'hang';
            bench = new RestBench(standIn, {});
            const start = expect(bench.bot.start()).rejects.toMatchObject({ code: 'ERR_CHAT_TIMEOUT' });
            await until('it asks', () => standIn.checks === 1);
            bench.clock.advance(800);
            await start;
        });

        it('takes a service for up that does not know the question', async () => {
            standIn.check = 404;
            await started();
            expect(standIn.checks).toBe(1);
        });

        it('keeps what is said and told meanwhile', async () => {
            standIn.plan({ words: ['Hello.'] });
            bench = new RestBench(standIn, { greeting: 'Greet.' });
            const start = bench.bot.start();
            bench.bot.hear(new Uint8Array(160).fill(7));
            bench.bot.tell('The caller entered 1.');
            expect(bench.recognizer.heardBytes).toBe(0);
            await start;
            expect(bench.recognizer.heardBytes).toBe(160);
            await bench.turn(1);
            expect(bench.told()).toEqual([
                ['user', 'The caller entered 1.'],
                ['system', 'Greet.'],
            ]);
        });

        it('ends at once, asking nothing more, when the call is over', async () => {
            standIn.check = 'hang';
            bench = new RestBench(standIn, {});
            const start = expect(bench.bot.start()).rejects.toMatchObject({ code: 'ERR_OPENAI_ABANDONED' });
            bench.bot.end();
            await start;
            expect(bench.clock.pendingCount).toBe(0);
        });
    });
});
