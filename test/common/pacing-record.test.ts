import { PacingRecord } from '../../src/common/pacing-record';

describe('the record of how bot audio leaves', () => {
    it('has the most and the least lead of a turn; what begins it has nothing before it', () => {
        const pacing = new PacingRecord();
        pacing.sent(200, 0, 0);
        pacing.sent(450, 150, 50);
        pacing.sent(600, 300, 100);
        expect(pacing.take()).toEqual({ mostLeadMs: 600, leastLeadMs: 150, waits: 0, waitedMs: 0 });
        expect(pacing.take()).toBeUndefined();
    });

    it('shows a gap as a lead of 0, and no gap where the caller expected nothing', () => {
        const pacing = new PacingRecord();
        pacing.sent(200, 0, 0);
        pacing.sent(200, 0, 900);
        expect(pacing.take()?.leastLeadMs).toBe(0);
        pacing.quiet();
        pacing.sent(200, 0, 2000);
        expect(pacing.take()?.leastLeadMs).toBeUndefined();
    });

    it('counts a wait for a token once, from its beginning to the piece', () => {
        const pacing = new PacingRecord();
        pacing.tokenAwaited(100);
        pacing.tokenAwaited(150);
        pacing.sent(300, 10, 320);
        pacing.tokenAwaited(400);
        pacing.quiet();
        pacing.sent(300, 10, 900);
        expect(pacing.take()).toMatchObject({ waits: 1, waitedMs: 220 });
    });
});
