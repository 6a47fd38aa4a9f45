import { CallRecord } from '../../src/common/call-record';
import { SessionLog } from '../../src/common/session-log';
import { BotResponse } from '../../src/services/bot-response';
import type { CallMeter } from '../../src/services/call-meter';
import { LogRecorder } from '../support/log-recorder';

/** A meter that keeps what it is told, in order. */
function recorder(): { told: unknown[][]; meter: CallMeter } {
    const told: unknown[][] = [];
    const meter = new Proxy({} as CallMeter, {
        get:
            (_, name) =>
            (...facts: unknown[]) =>
                void told.push([name, ...facts]),
    });
    return { told, meter };
}

describe('what the metrics hear of a call', () => {
    it('is its opening, its first audio, its waits and its end', () => {
        const { told, meter } = recorder();
        const record = new CallRecord(meter);
        record.opened(1000);
        record.botAudio(1400);
        record.botAudio(1600);
        record.turnClock.callerStopped(5000);
        record.botAudio(5900);
        record.botAudio(6200);
        record.turnClock.playbackStarted(6000);
        record.endedBy('bot_ended');
        record.ended(9000);
        expect(told).toEqual([
            ['opened'],
            ['firstAudio', 400],
            ['turnLatency', 900],
            ['turnPlayback', 1000],
            ['ended', { reason: 'bot_ended', durationMs: 8000 }],
        ]);
    });

    it('is an interruption, with what of it was not heard; what was heard whole is not cut', () => {
        const { told, meter } = recorder();
        const item = (itemId: string, heardMs: number) => ({
            responseId: 'r',
            itemId,
            contentIndex: 0,
            heardMs,
            receivedMs: 2000,
        });
        const record = new CallRecord(meter);
        record.interrupted({ items: [item('a', 2000), item('b', 500), item('c', 0)] });
        record.interrupted({ items: [] });
        expect(told).toEqual([
            ['bargeIn', 'yielded'],
            ['truncated', 2, 3500],
            ['bargeIn', 'yielded'],
        ]);
    });

    it('is the pace of a turn, once, and what is left of it at the end', () => {
        const { told, meter } = recorder();
        const record = new CallRecord(meter);
        record.pacing.sent(200, 0, 0);
        record.turnReported(new BotResponse('match', ''));
        record.turnReported(new BotResponse('no_match', ''));
        record.pacing.sent(300, 0, 0);
        record.ended(0);
        expect(told.map(([name]) => name)).toEqual(['turnReported', 'turnPaced', 'turnReported', 'turnPaced', 'ended']);
    });

    it('is the audio that was dropped, once, when the call is over', () => {
        const { told, meter } = recorder();
        const record = new CallRecord(meter);
        record.opened(0);
        // A minute ahead of the clock is taken, and no more.
        for (let frames = 0; frames < 70; frames++) record.callerAudio(8000, 0);
        record.pacing.dropped(800);
        record.ended(0);
        expect(told.filter(([name]) => name === 'dropped')).toEqual([
            ['dropped', 'playback', 800],
            ['dropped', 'flood', 9 * 8000],
        ]);
    });

    it('of a call that was never opened has no length', () => {
        const { told, meter } = recorder();
        new CallRecord(meter).ended(5000);
        expect(told).toEqual([['ended', { reason: 'socket_lost', durationMs: undefined }]]);
    });

    it('is the code of each warning and error, and of a step what it was taken for', () => {
        const { told, meter } = recorder();
        const log = new SessionLog(new LogRecorder(), (code) => {
            meter.fault(code);
        });
        log.note('ERR_SERVER_FULL');
        log.logger.warn({ code: 'ERR_FALLBACK_STEP', why: 'ERR_OPENAI_CONNECT' }, 'a step');
        log.logger.info({ code: 'ERR_BOT_STALLED' }, 'no warning');
        log.logger.child({ bot: 'x' }).error({ code: 'ERR_OPENAI_LOST', why: 'in plain words' }, 'a loss');
        log.logger.warn({}, 'without a code');
        expect(told).toEqual([
            ['fault', 'ERR_SERVER_FULL'],
            ['fault', 'ERR_OPENAI_CONNECT'],
            ['fault', 'ERR_OPENAI_LOST'],
        ]);
    });
});
