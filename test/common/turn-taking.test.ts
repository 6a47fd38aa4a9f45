import { tonePcmu } from '../../src/audio/tone';
import { BargeInDetector } from '../../src/common/barge-in';
import { limitReached } from '../../src/common/end-of-call';
import { turnEntity } from '../../src/common/turn-reports';
import { Transcript } from '../../src/services/transcript';
import { TurnClock } from '../../src/common/call-record';
import { BotResponse } from '../../src/services/bot-response';
import { heardText } from '../../src/support/heard-text';

const SPEECH = tonePcmu(400, 20, 0.2);
const SILENCE = new Uint8Array(160).fill(0xff);

describe('BargeInDetector', () => {
    function listen(minSpeechMs: number) {
        const bargeIns: number[] = [];
        const detector = new BargeInDetector(minSpeechMs);
        const hear = (pcmu: Uint8Array): void => {
            if (detector.hear(pcmu)) bargeIns.push(1);
        };
        const speechStarted = (): void => {
            if (detector.speechStarted()) bargeIns.push(1);
        };
        return { bargeIns, hear, speechStarted, detector };
    }

    it('counts at once when no minimum is set', () => {
        const { bargeIns, speechStarted } = listen(0);
        speechStarted();
        expect(bargeIns).toHaveLength(1);
    });

    it('waits for the minimum of speech, wherever in it voice activity was noticed', () => {
        const { bargeIns, hear, speechStarted } = listen(300);
        for (let i = 0; i < 8; i++) hear(SPEECH);
        speechStarted();
        for (let i = 0; i < 6; i++) hear(SPEECH);
        expect(bargeIns).toHaveLength(0);
        hear(SPEECH);
        expect(bargeIns).toHaveLength(1);
        for (let i = 0; i < 20; i++) hear(SPEECH);
        expect(bargeIns).toHaveLength(1);
    });

    it('does not come from a cough', () => {
        const { bargeIns, hear, speechStarted, detector } = listen(300);
        for (let i = 0; i < 7; i++) hear(SPEECH);
        speechStarted();
        for (let i = 0; i < 40; i++) hear(SILENCE);
        detector.speechStopped();
        for (let i = 0; i < 40; i++) hear(SPEECH);
        expect(bargeIns).toHaveLength(0);
    });

    it('does not come from sound without voice activity', () => {
        const { bargeIns, hear } = listen(100);
        for (let i = 0; i < 100; i++) hear(SPEECH);
        expect(bargeIns).toHaveLength(0);
    });
});

describe('the transcript', () => {
    it('keeps the order of the talk when the caller’s words come after the response', () => {
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
