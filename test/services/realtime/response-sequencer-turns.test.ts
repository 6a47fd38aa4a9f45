import { busy, end, GREETING, setUp, TURN } from './sequencer-bench';

describe('ResponseSequencer: a turn of the caller beside a response', () => {
    it('is answered afterwards, once', () => {
        const { sequencer, creates } = setUp();
        sequencer.created('r1', undefined);
        sequencer.callerSpeaks();
        sequencer.turnCommitted();
        sequencer.turnCommitted();
        expect(creates()).toHaveLength(0);
        sequencer.done(end('r1'));
        expect(creates()).toHaveLength(1);
        sequencer.created('r2', 'e_1');
        sequencer.done(end('r2'));
        expect(creates()).toHaveLength(1);
    });

    it('is left to VAD when nothing held the place', () => {
        const { sequencer, creates } = setUp();
        sequencer.created('r1', undefined);
        sequencer.done(end('r1'));
        sequencer.turnCommitted();
        sequencer.created('r2', undefined);
        sequencer.done(end('r2'));
        expect(creates()).toHaveLength(0);
    });

    it('is left to VAD when the caller speaks again', () => {
        const { sequencer, creates } = setUp();
        sequencer.created('r1', undefined);
        sequencer.turnCommitted();
        sequencer.callerSpeaks();
        sequencer.done(end('r1'));
        expect(creates()).toHaveLength(0);
    });

    it('is answered by a turn that waits anyway', () => {
        const { sequencer, creates } = setUp();
        sequencer.created('r1', undefined);
        sequencer.turnCommitted();
        sequencer.request(TURN);
        sequencer.done(end('r1'));
        sequencer.created('r2', 'e_1');
        sequencer.done(end('r2'));
        expect(creates()).toHaveLength(1);
    });

    it('is not answered when only the goodbye is left', () => {
        const { sequencer, creates } = setUp();
        sequencer.created('r1', undefined);
        sequencer.request({ purpose: 'farewell', params: {} });
        sequencer.turnCommitted();
        sequencer.done(end('r1'));
        sequencer.created('r2', 'e_1');
        sequencer.done(end('r2'));
        expect(creates()).toHaveLength(1);
    });

    it('is answered by the second attempt of a response that failed', () => {
        const { sequencer, creates, clock } = setUp();
        sequencer.created('r1', undefined);
        sequencer.turnCommitted();
        expect(sequencer.done(end('r1', 'failed', 'rate_limit_exceeded')).again).toBe(true);
        clock.advance(2000);
        sequencer.created('r2', 'e_1');
        sequencer.done(end('r2'));
        expect(creates()).toHaveLength(1);
    });

    it('is answered after a request of ours that was on its way when it ended', () => {
        const { sequencer, creates } = setUp();
        sequencer.request(GREETING);
        sequencer.turnCommitted();
        expect(sequencer.created('r1', 'e_1')).toBe('greeting');
        sequencer.done(end('r1'));
        expect(creates()).toHaveLength(2);
    });

    it('counts as answered when VAD was faster than our request', () => {
        const { sequencer, creates } = setUp();
        sequencer.request(GREETING);
        sequencer.turnCommitted();
        sequencer.created('vad', undefined);
        sequencer.refused(busy('e_1'));
        sequencer.done(end('vad'));
        sequencer.created('r2', 'e_2');
        sequencer.done(end('r2'));
        expect(creates()).toHaveLength(2);
    });

    it.each([true, false])('gives way to a response that VAD makes after all (refusal first: %s)', (refusalFirst) => {
        const { sequencer, creates } = setUp();
        sequencer.created('r1', undefined);
        sequencer.turnCommitted();
        sequencer.done(end('r1'));
        if (refusalFirst) sequencer.refused(busy('e_1'));
        sequencer.created('vad', undefined);
        if (!refusalFirst) sequencer.refused(busy('e_1'));
        sequencer.done(end('vad'));
        expect(creates()).toHaveLength(1);
    });

    it('knows its own response again when a refusal without an event id meant VAD’s turn', () => {
        const { sequencer, creates } = setUp();
        sequencer.request(GREETING);
        expect(sequencer.refused(busy(undefined))).toBeUndefined();
        expect(sequencer.created('r1', 'e_1')).toBe('greeting');
        sequencer.done(end('r1'));
        expect(creates()).toHaveLength(1);
        expect(sequencer.pending).toBeUndefined();
    });
});
