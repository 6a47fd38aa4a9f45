import { decisionIn } from '../../bench/timed-log';

describe('a decision of the ladder in the log', () => {
    it('is put in a line for the timeline', () => {
        const step = { code: 'ERR_FALLBACK_STEP', from: 'realtime', to: 'local', why: 'ERR_OPENAI_QUOTA' };
        expect(decisionIn(step)).toBe('realtime → local, ERR_OPENAI_QUOTA');
        expect(decisionIn({ ...step, from: undefined })).toBe('the call begins → local, ERR_OPENAI_QUOTA');
        expect(decisionIn({ upstream: 'openai-realtime', breaker: 'open' })).toBe('openai-realtime is open');
    });

    it('is not seen in other lines', () => {
        expect(decisionIn({ code: 'ERR_OPENAI_LOST' })).toBeUndefined();
    });
});
