import { speechEvent } from '../../services/realtime/support';
import { botAudio, OverlapCall } from './overlap-call';

describe('speech over the bot', () => {
    let call: OverlapCall;

    beforeEach(async () => {
        call = new OverlapCall();
        await call.start();
    });

    afterEach(() => {
        call.close();
    });

    /** The bot has said 2 s of 6: what it said last has no pause, and did not begin less than 1.5 s ago. */
    async function whileTheBotSpeaks(): Promise<void> {
        call.respond('r1', 6000);
        await call.run(2000);
    }

    it('is left to the service while the bot is silent, and judged by the call while it is to be heard', async () => {
        expect(call.serviceTakesTurns).toBe(true);
        await whileTheBotSpeaks();
        expect(call.serviceTakesTurns).toBe(false);
        await call.run(4100);
        expect(call.serviceTakesTurns).toBe(true);
        expect(call.sent('session.update')).toHaveLength(3);
    });

    it('that is a backchannel leaves no trace: no gap, no response, no item with the model; the transcript marks it', async () => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(240, true);
        await call.run(260);
        expect(call.sent('input_audio_buffer.commit')).toHaveLength(1);
        await call.committed('u', 'Mhm.');
        expect(call.verdicts).toEqual(['ignored']);
        expect(call.sent('conversation.item.delete')).toMatchObject([{ item_id: 'u' }]);
        await call.run(5000);
        expect(call.stretches).toHaveLength(1);
        expect(Buffer.from(call.stretches[0] ?? []).equals(botAudio(6000))).toBe(true);
        expect(call.sent('response.create', 'response.cancel', 'conversation.item.truncate')).toEqual([]);
        expect(call.record.transcript.lines).toContainEqual(
            expect.objectContaining({ speaker: 'caller', text: 'Mhm.', ignored: true }),
        );
        expect(call.record.transcript.heard(10, 1000).map(({ text }) => text)).not.toContain('Mhm.');
    });

    it('that goes on stops the bot; it is a turn of the caller when its words say so, and only then the model is told', async () => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(600, true);
        expect(call.verdicts).toEqual(['held']);
        expect(call.stretches).toHaveLength(2);
        expect(call.sent('conversation.item.truncate')).toEqual([]);
        await call.run(260);
        await call.committed('u', 'I have a question');
        expect(call.verdicts).toEqual(['held', 'turn']);
        const [truncate] = call.sent('conversation.item.truncate');
        expect(truncate).toMatchObject({ item_id: 'r1_item' });
        expect(Math.abs(Number(truncate?.['audio_end_ms']) - 2360)).toBeLessThan(100);
        await call.run(200);
        expect(call.sent('response.create')).toHaveLength(1);
        expect(call.sent('conversation.item.delete')).toEqual([]);
        expect(call.serviceTakesTurns).toBe(true);
    });

    it('with a pause in it is judged by all of its words, not by the first of them', async () => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(240, true);
        await call.run(240);
        await call.run(240, true);
        await call.run(240);
        expect(call.sent('input_audio_buffer.commit')).toHaveLength(2);
        await call.committed('u', 'Yeah.', 100);
        await call.run(200);
        expect(call.verdicts).toEqual([]);
        await call.committed('v', 'I have a question', 20);
        expect(call.verdicts).toEqual(['turn']);
    });

    it('is reported with the reason, which holds none of the words; they stand beside it', async () => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(600, true);
        await call.run(260);
        await call.committed('u', 'Yeah, yeah.');
        await call.run(300);
        call.serve(speechEvent('started'));
        await call.run(240, true);
        await call.run(260);
        await call.committed('v', 'I have a question');
        expect(call.reports.map(({ reason, words }) => [reason.replace(/[0-9]+ ms/, '… ms'), words])).toEqual([
            ['held: … ms of voice', undefined],
            ['resumed: a backchannel', 'Yeah, yeah.'],
            ['turn: words', 'I have a question'],
        ]);
        expect(call.reports[1]).toMatchObject({ backMs: expect.any(Number) as number });
    });

    it('stands in the log of what was said once, with the mark of what is no turn', async () => {
        await whileTheBotSpeaks();
        for (const [item, words] of [
            ['u', 'Mhm.'],
            ['v', 'I have a question'],
        ] as const) {
            call.serve({ ...speechEvent('started'), item_id: item });
            await call.run(240, true);
            await call.run(260);
            await call.committed(item, words);
            await call.run(200);
        }
        const said = call.log.lines.filter(({ message }) => message === 'Said.').map(({ fields }) => fields);
        expect(said.map(({ text, ignored }) => [text, ignored])).toEqual([
            ['Mhm.', true],
            ['I have a question', undefined],
        ]);
    });

    it('that was a false stop is taken back: the bot goes on from where it was heard, and nothing is truncated', async () => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(600, true);
        await call.run(260);
        await call.committed('u', 'Yeah, yeah.');
        expect(call.verdicts).toEqual(['held', 'resumed']);
        await call.run(6000);
        const [before = new Uint8Array(0), after = new Uint8Array(0)] = call.stretches;
        const heardMs = Math.round(6000 - after.length / 8);
        expect(Math.abs(heardMs - 2360)).toBeLessThan(100);
        expect(Buffer.from(after).equals(botAudio(6000).subarray(heardMs * 8))).toBe(true);
        expect(before.length / 8).toBeGreaterThanOrEqual(heardMs);
        expect(call.sent('response.create', 'conversation.item.truncate')).toEqual([]);
        expect(call.sent('conversation.item.delete')).toMatchObject([{ item_id: 'u' }]);
        expect(call.record.takenBack).toBe(1);
        expect(call.record.bargeIns).toBe(0);
    });

    it('of which no words come is taken back too, and words that come late still stop the bot', async () => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(600, true);
        await call.run(1200);
        expect(call.verdicts).toEqual(['held', 'resumed']);
        expect(call.sent('conversation.item.delete')).toEqual([]);
        await call.committed('u', 'wait a minute', 600);
        expect(call.verdicts).toEqual(['held', 'resumed', 'turn']);
        await call.run(600);
        expect(call.sent('conversation.item.truncate', 'response.create').map(({ type }) => type)).toEqual([
            'conversation.item.truncate',
            'response.create',
        ]);
    });

    it('that is short and means stop waits for its words, and then stops the bot for good', async () => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(240, true);
        await call.run(260);
        expect(call.verdicts).toEqual([]);
        await call.committed('u', 'No!');
        expect(call.verdicts).toEqual(['turn']);
        await call.run(500);
        expect(call.sent('response.create')).toHaveLength(1);
    });

    it('that is no voice is nothing, whatever the service hears', async () => {
        await whileTheBotSpeaks();
        call.serve(speechEvent('started'));
        await call.run(500);
        call.serve(speechEvent('stopped'));
        await call.committed('u', '');
        expect(call.verdicts).toEqual(['ignored']);
        expect(call.sent('conversation.item.delete')).toMatchObject([{ item_id: 'u' }]);
        expect(call.sent('response.create')).toEqual([]);
    });

    it('and a key: the key stops the bot for good, also while it is held', async () => {
        await whileTheBotSpeaks();
        await call.run(600, true);
        expect(call.verdicts).toEqual(['held']);
        call.key('1');
        expect(call.sent('conversation.item.truncate')).toHaveLength(1);
        expect(call.stretches).toHaveLength(2);
        await call.run(2000);
        expect(call.stretches[1]).toHaveLength(0);
        expect(call.serviceTakesTurns).toBe(true);
    });

    it('near the end of what the bot says is the next turn, also when it is “yeah”', async () => {
        call.respond('r1', 1500);
        await call.run(1000);
        call.serve(speechEvent('started'));
        await call.run(240, true);
        await call.run(260);
        await call.committed('u', 'yeah');
        await call.run(600);
        expect(call.sent('response.create')).toHaveLength(1);
        expect(call.sent('conversation.item.delete')).toEqual([]);
    });

    it('that begins before the service has taken notice of the bot interrupts at once, as the service does', async () => {
        call.acknowledges = false;
        call.respond('r1', 6000);
        await call.run(60);
        call.serve(speechEvent('started'));
        expect(call.stretches).toHaveLength(2);
        call.acknowledges = true;
        await call.run(600, true);
        await call.run(500);
        call.serve(speechEvent('stopped'));
        await call.committed('u', 'hello');
        // The bot is silent: the service has the caller's turns again, and responds to this one.
        expect(call.serviceTakesTurns).toBe(true);
        expect(call.sent('response.create', 'conversation.item.delete')).toEqual([]);
    });

    it('is no late turn: the words before it had their response, and no filler comes for them', async () => {
        await call.run(600, true);
        call.serve({ ...speechEvent('started'), item_id: 'q' });
        await call.run(500);
        call.serve({ ...speechEvent('stopped'), item_id: 'q' });
        call.respond('r1', 6000);
        await call.run(300);
        call.serve(speechEvent('started'));
        await call.run(600, true);
        await call.run(260);
        await call.committed('u', 'stop');
        expect(call.verdicts).toEqual(['held', 'turn']);
        await call.run(1000);
        expect(call.stretches[1]).toHaveLength(0);
    });

    it('is judged one utterance after the other', async () => {
        await whileTheBotSpeaks();
        for (const item of ['u', 'v']) {
            call.serve({ ...speechEvent('started'), item_id: item });
            await call.run(240, true);
            await call.run(260);
            await call.committed(item, 'mhm');
            await call.run(200);
        }
        expect(call.verdicts).toEqual(['ignored', 'ignored']);
        expect(call.sent('conversation.item.delete')).toMatchObject([{ item_id: 'u' }, { item_id: 'v' }]);
    });

    it('leaves no timer and no audio when the call ends in the middle of it', async () => {
        await whileTheBotSpeaks();
        await call.run(600, true);
        call.close();
        expect(call.clock.pendingCount).toBe(0);
    });
});
