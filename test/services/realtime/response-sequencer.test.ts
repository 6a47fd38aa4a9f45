import { busy, end, GREETING, setUp, TURN } from './sequencer-bench';

describe('ResponseSequencer', () => {
    it('never has two response.create in flight, nor one beside an active response', () => {
        const { sequencer, creates } = setUp();
        sequencer.request(GREETING);
        sequencer.request(TURN);
        expect(creates()).toHaveLength(1);
        sequencer.created('r1', 'e_1');
        expect(creates()).toHaveLength(1);
        sequencer.done(end('r1'));
        expect(creates()).toHaveLength(2);
    });

    it('tags its own responses, and knows VAD’s from them', () => {
        const { sequencer, creates } = setUp();
        sequencer.request(GREETING);
        expect(creates()).toEqual([
            {
                type: 'response.create',
                event_id: 'e_1',
                response: { instructions: 'Greet.', metadata: { client_event_id: 'e_1' } },
            },
        ]);
        expect(sequencer.created('vad', undefined)).toBe('turn');
        sequencer.done(end('vad'));
        expect(sequencer.created('mine', 'e_1')).toBe('greeting');
        expect(sequencer.done(end('mine')).purpose).toBe('greeting');
    });

    it('joins plain turns that wait, but no greeting', () => {
        const { sequencer, creates } = setUp();
        sequencer.created('vad', undefined);
        sequencer.request(TURN);
        sequencer.request(TURN);
        sequencer.request(GREETING);
        sequencer.done(end('vad'));
        sequencer.created('r1', 'e_1');
        sequencer.done(end('r1'));
        sequencer.created('r2', 'e_2');
        sequencer.done(end('r2'));
        expect(creates()).toHaveLength(2);
    });

    it.each(['e_1', undefined])(
        'sends a refused one again, once, after the active response is done (error about %s)',
        (about) => {
            const { sequencer, creates } = setUp();
            sequencer.request(TURN);
            expect(sequencer.refused(busy(about))).toBeUndefined();
            expect(creates()).toHaveLength(1);
            sequencer.done(end('other'));
            expect(creates()).toHaveLength(2);
            expect(sequencer.refused(busy('e_2'))).toBe('turn');
            sequencer.done(end('other2'));
            expect(creates()).toHaveLength(2);
        },
    );

    it('gives the session up when the active response that others wait for never ends', () => {
        const { clock, sequencer, gaveUp } = setUp();
        sequencer.request(TURN);
        sequencer.refused(busy('e_1'));
        expect(sequencer.retryStalled()).toBe(true);
        clock.advance(0);
        expect(gaveUp).toEqual([undefined]);
        expect(sequencer.pending).toBe(TURN);
    });

    it('still owes a response that failed twice, so that another session can be asked for it', () => {
        const { clock, sequencer, gaveUp } = setUp();
        sequencer.request(TURN);
        sequencer.created('r1', 'e_1');
        sequencer.done({ ...end('r1'), status: 'failed' });
        clock.advance(0);
        sequencer.created('r2', 'e_2');
        sequencer.done({ ...end('r2'), status: 'failed' });
        expect(gaveUp).toEqual([undefined]);
        expect(sequencer.pending).toBe(TURN);
    });

    it('gives the session up when a stalled response is still active after it was cancelled', () => {
        const { clock, sequencer, gaveUp } = setUp();
        sequencer.request(TURN);
        sequencer.created('r1', 'e_1');
        expect(sequencer.retryStalled()).toBe(true);
        clock.advance(0);
        clock.advance(0);
        sequencer.refused(busy('e_3'));
        expect(gaveUp).toEqual([undefined]);
        expect(sequencer.pending).toBe(TURN);
    });

    it('gives up one that is refused for another reason, and goes on with the next', () => {
        const { sequencer, creates } = setUp();
        sequencer.request(GREETING);
        sequencer.request(TURN);
        expect(sequencer.refused({ ...busy('e_1'), code: 'invalid_value' })).toBe('greeting');
        expect(creates()).toHaveLength(2);
    });

    it('takes no error about something else for its own', () => {
        const { sequencer } = setUp();
        sequencer.request(TURN);
        expect(sequencer.refused({ ...busy('other'), code: 'invalid_value' })).toBeUndefined();
        expect(sequencer.refused({ ...busy(undefined), code: 'invalid_value' })).toBeUndefined();
        expect(sequencer.pending).toBe(TURN);
    });

    it('asks again once after the hinted wait, then gives up', () => {
        const { clock, sequencer, creates, gaveUp } = setUp();
        sequencer.request(GREETING);
        sequencer.created('r1', 'e_1');
        expect(sequencer.done(end('r1', 'failed', 'rate_limit_exceeded'))).toEqual({
            purpose: 'greeting',
            again: true,
        });
        clock.advance(1999);
        expect(creates()).toHaveLength(1);
        expect(sequencer.pending).toBe(GREETING);
        clock.advance(1);
        expect(creates()).toHaveLength(2);
        sequencer.created('r2', 'e_2');
        expect(sequencer.done(end('r2', 'failed', 'rate_limit_exceeded')).again).toBe(false);
        expect(gaveUp).toEqual([expect.objectContaining({ code: 'rate_limit_exceeded' })]);
    });

    it('does not ask again when VAD has made a response meanwhile, or the caller speaks', () => {
        for (const meanwhile of ['created', 'speech']) {
            const { clock, sequencer, creates } = setUp();
            sequencer.request(TURN);
            sequencer.created('r1', 'e_1');
            sequencer.done(end('r1', 'failed', 'rate_limit_exceeded'));
            if (meanwhile === 'created') sequencer.created('vad', undefined);
            else sequencer.callerSpeaks();
            clock.advance(3000);
            expect(creates()).toHaveLength(1);
        }
    });

    it('forgets a failure when a response succeeds', () => {
        const { clock, sequencer, gaveUp } = setUp();
        for (const id of ['a', 'b', 'c']) {
            sequencer.created(id, undefined);
            sequencer.done(end(id, 'failed', 'server_error'));
            clock.advance(2000);
            sequencer.created(`${id}2`, undefined);
            sequencer.done(end(`${id}2`));
        }
        expect(gaveUp).toEqual([]);
    });

    it('says when the active response last made progress, and cancels one that has stopped and asks again', () => {
        const { clock, sequencer, sent, stalled, creates } = setUp();
        expect([sequencer.activeAtMs, sequencer.retryStalled()]).toEqual([undefined, false]);
        sequencer.created('r1', undefined);
        clock.advance(14_000);
        sequencer.touch();
        clock.advance(15_000);
        expect(sequencer.activeAtMs).toBe(clock.nowMs() - 15_000);
        expect(stalled).toEqual([]);
        expect(sequencer.retryStalled()).toBe(true);
        expect(stalled).toEqual(['r1']);
        expect(sent[0]).toMatchObject({ type: 'response.cancel', response_id: 'r1' });
        clock.advance(0);
        expect(creates()).toHaveLength(1);
    });

    it('takes a response.create without any response for failed, too', () => {
        const { clock, sequencer, creates, gaveUp } = setUp();
        sequencer.request(GREETING);
        expect(sequencer.retryStalled()).toBe(true);
        clock.advance(0);
        expect(creates()).toHaveLength(2);
        expect(sequencer.retryStalled()).toBe(true);
        clock.advance(0);
        expect(gaveUp).toEqual([undefined]);
    });

    it('bounds what waits', () => {
        const { sequencer, creates } = setUp();
        for (let i = 0; i < 100; i++) sequencer.request(GREETING);
        for (let i = 1; i < 50; i++) {
            sequencer.created(`r${i}`, `e_${i}`);
            sequencer.done(end(`r${i}`));
        }
        expect(creates()).toHaveLength(9);
    });

    it('leaves no timer', () => {
        const { clock, sequencer } = setUp();
        sequencer.request(TURN);
        sequencer.created('r1', 'e_1');
        sequencer.done(end('r1', 'failed', 'server_error'));
        sequencer.close();
        expect(clock.pendingCount).toBe(0);
    });
});
