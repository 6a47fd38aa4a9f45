import { tonePcmu } from '../../src/audio/tone';
import { Interruption } from '../../src/common/interruption';
import { SilenceWatch } from '../../src/common/silence-watch';
import { Transcript } from '../../src/services/transcript';
import { TurnClock } from '../../src/common/call-record';
import { limitReached, turnEntity } from '../../src/common/turn-report';
import { BotResponse } from '../../src/services/bot-response';
import { heardText } from '../../src/support/heard-text';
import { TimerSet } from '../../src/support/timer-set';
import { FakeClock } from '../support/fake-clock';

const SPEECH = tonePcmu(400, 20, 0.2);
const SILENCE = new Uint8Array(160).fill(0xff);

describe('an interruption', () => {
    function listen(minSpeechMs: number) {
        const calls: number[] = [];
        const interruption = new Interruption(minSpeechMs, () => calls.push(1));
        return { calls, interruption };
    }

    it('counts at once when no minimum is set', () => {
        const { calls, interruption } = listen(0);
        interruption.speechStarted();
        expect(calls).toHaveLength(1);
    });

    it('waits for the minimum of speech, wherever in it voice activity was noticed', () => {
        const { calls, interruption } = listen(300);
        for (let i = 0; i < 8; i++) interruption.hear(SPEECH);
        interruption.speechStarted();
        for (let i = 0; i < 6; i++) interruption.hear(SPEECH);
        expect(calls).toHaveLength(0);
        interruption.hear(SPEECH);
        expect(calls).toHaveLength(1);
        for (let i = 0; i < 20; i++) interruption.hear(SPEECH);
        expect(calls).toHaveLength(1);
    });

    it('does not come from a cough', () => {
        const { calls, interruption } = listen(300);
        for (let i = 0; i < 7; i++) interruption.hear(SPEECH);
        interruption.speechStarted();
        for (let i = 0; i < 40; i++) interruption.hear(SILENCE);
        interruption.speechStopped();
        for (let i = 0; i < 40; i++) interruption.hear(SPEECH);
        expect(calls).toHaveLength(0);
    });

    it('does not come from sound without voice activity', () => {
        const { calls, interruption } = listen(100);
        for (let i = 0; i < 100; i++) interruption.hear(SPEECH);
        expect(calls).toHaveLength(0);
    });
});

describe('silence', () => {
    function watch(config = { noInputMs: 10_000, maxReprompts: 2, deadAirMs: 4000 }) {
        const clock = new FakeClock();
        const said: string[] = [];
        const note = (what: string) => () => {
            said.push(`${what} ${clock.nowMs()}`);
        };
        const silence = new SilenceWatch(new TimerSet(clock, fail), config, {
            askAgain: note('ask'),
            giveUpOnCaller: note('caller gone'),
            comfort: note('comfort'),
            giveUpOnBot: note('bot gone'),
        });
        return { clock, said, silence };
    }

    it('asks a silent caller again, counted from the end of playback, and gives up after the last time', () => {
        const { clock, said, silence } = watch();
        silence.callerMayTalk();
        for (let i = 0; i < 2; i++) {
            clock.advance(10_000);
            clock.advance(500);
            silence.botTalks();
            clock.advance(1500);
            silence.callerMayTalk();
        }
        clock.advance(10_000);
        expect(said).toEqual(['ask 10000', 'ask 22000', 'caller gone 34000']);
    });

    it('begins to count anew when the caller talks', () => {
        const { clock, said, silence } = watch();
        silence.callerMayTalk();
        clock.advance(9999);
        silence.callerIsActive();
        clock.advance(30_000);
        expect(said).toEqual([]);
    });

    it('does not count the caller’s silence while the bot owes him an answer', () => {
        const { clock, said, silence } = watch({ noInputMs: 1000, maxReprompts: 2, deadAirMs: 4000 });
        silence.botOwesAnswer();
        silence.callerMayTalk();
        clock.advance(3999);
        expect(said).toEqual([]);
    });

    it('comforts a caller whom the bot leaves waiting, twice, and then gives the bot up', () => {
        const { clock, said, silence } = watch();
        silence.botOwesAnswer();
        clock.advance(12_000);
        expect(said).toEqual(['comfort 4000', 'comfort 8000', 'bot gone 12000']);
        expect(clock.pendingCount).toBe(0);
    });

    it('is over when the bot gives a sound', () => {
        const { clock, said, silence } = watch();
        silence.botOwesAnswer();
        clock.advance(3999);
        silence.botTalks();
        clock.advance(20_000);
        expect(said).toEqual([]);
    });

    it('can be switched off', () => {
        const { clock, said, silence } = watch({ noInputMs: 0, maxReprompts: 2, deadAirMs: 0 });
        silence.callerMayTalk();
        silence.botOwesAnswer();
        clock.advance(1_000_000);
        expect(said).toEqual([]);
    });
});

describe('the transcript', () => {
    it('keeps the order of the talk when the caller’s words come after the answer', () => {
        const transcript = new Transcript();
        transcript.add({ speaker: 'bot', itemId: 'g', text: 'Hello.' });
        transcript.add({ speaker: 'caller', itemId: 'u1', afterItemId: 'g' });
        transcript.add({ speaker: 'bot', itemId: 'a1', afterItemId: 'u1', text: 'We open at nine.' });
        transcript.add({ speaker: 'caller', itemId: 'u1', text: 'When do you open?' });
        expect(transcript.lines.map((line) => line.text)).toEqual(['Hello.', 'When do you open?', 'We open at nine.']);
    });

    it('puts an item after the one that it follows, also when it comes late', () => {
        const transcript = new Transcript();
        transcript.add({ speaker: 'bot', itemId: 'g', text: '1' });
        transcript.add({ speaker: 'bot', itemId: 'a', afterItemId: 'u', text: '3' });
        transcript.add({ speaker: 'caller', itemId: 'u', afterItemId: 'g', text: '2' });
        expect(transcript.lines.map((line) => line.text)).toEqual(['1', '2', '3']);
    });

    it('holds beside the generated text what was heard, cut at a word', () => {
        const transcript = new Transcript();
        transcript.add({ speaker: 'bot', itemId: 'a', text: 'Let me explain all the fees in detail.' });
        transcript.interrupted({
            items: [{ responseId: 'r', itemId: 'a', contentIndex: 0, heardMs: 500, receivedMs: 1000 }],
        });
        expect(transcript.lines).toEqual([
            { speaker: 'bot', text: 'Let me explain all the fees in detail.', heard: 'Let me explain all' },
        ]);
    });
});

describe('heard text', () => {
    it.each([
        ['one two three', 1, 'one two three'],
        ['one two three', 0, ''],
        ['one two three', 0.5, 'one'],
        ['one two three', 7 / 13, 'one two'],
        ['one', 0.9, ''],
        ['', 0.5, ''],
        ['one two', Number.NaN, ''],
    ])('of %p at %p is %p', (text, share, heard) => {
        expect(heardText(text, share)).toBe(heard);
    });
});

describe('the latency of a turn', () => {
    it('runs from the end of the caller’s speech to the first audio and to its playback', () => {
        const turns = new TurnClock();
        turns.callerStopped(1000);
        turns.botAudio(1700);
        turns.botAudio(1800);
        turns.playbackStarted(1760);
        turns.playbackStarted(9000);
        expect(turns.turns).toEqual([{ toFirstAudioMs: 700, toPlaybackMs: 760 }]);
        expect(turns.fields()).toEqual({ medianTurnMs: 760, worstTurnMs: 760, turnMs: [760] });
    });

    it('does not count a greeting, or audio that goes on while the caller talks', () => {
        const turns = new TurnClock();
        turns.botAudio(100);
        turns.callerStopped(1000);
        turns.callerStarted();
        turns.botAudio(1200);
        expect(turns.turns).toEqual([]);
        expect(turns.fields()).toEqual({});
    });
});

describe('the report of a turn', () => {
    it('has no key without a value', () => {
        expect(turnEntity(new BotResponse('no_input', ''))).toEqual({
            type: 'bot_turn_response',
            data: { disposition: 'no_input' },
        });
    });

    it.each([
        [{ maxTurns: 0, maxCostUsd: 0 }, 1000, 1000, undefined],
        [{ maxTurns: 5, maxCostUsd: 0 }, 4, undefined, undefined],
        [{ maxTurns: 5, maxCostUsd: 0 }, 5, undefined, 'max_turns'],
        [{ maxTurns: 0, maxCostUsd: 0.5 }, 9, 0.49, undefined],
        [{ maxTurns: 0, maxCostUsd: 0.5 }, 9, 0.5, 'max_cost'],
        [{ maxTurns: 0, maxCostUsd: 0.5 }, 9, undefined, undefined],
    ])('with limits %p, %p turns and a cost of %p: %p', (limits, turns, cost, expected) => {
        expect(limitReached(limits, turns, cost)).toBe(expected);
    });
});

function fail(fault: unknown): void {
    throw fault;
}
