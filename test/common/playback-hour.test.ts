import { CallRecord } from '../../src/common/call-record';
import { Playback } from '../../src/common/playback';
import { PlaybackLedger } from '../../src/common/playback-ledger';
import { seededRandom } from '../../tools/fake-openai/signal';
import { FakeClock } from '../support/fake-clock';
import { DriftingClient } from './drifting-client';

const HOUR_MS = 3_600_000;
const LEAD_MS = 600;
/** What the client's reports may move the lead, beside the bound. */
const LEAD_SLACK_MS = 60;
const STEP_MS = 7;

interface Hour {
    answers: number;
    interruptions: number;
    messages: number;
    worstLeadMs: number;
    /** |where we thought the client was − where it was|, ms, at each interruption. */
    errorsMs: number[];
    /** What had been heard of the answer, by our count, ms, at each. */
    heardMs: number[];
    starvedSteps: number;
    excess: number;
    lostBytes: number;
    mostItems: number;
    /** Timers that are left when the call is over. */
    pendingTimers: number;
}

interface Network {
    oneWayMs: number;
    jitterMs: number;
    ppm: number;
    startLagMs: number;
}

/** An hour of answers of all lengths, interrupted or heard out, over a network, to an client with a clock of its own. */
function runHour(network: Network, seed: number): Hour {
    const clock = new FakeClock();
    const random = seededRandom(seed);
    const between = (from: number, to: number): number => from + (to - from) * random();
    const hour: Hour = {
        answers: 0,
        interruptions: 0,
        messages: 0,
        worstLeadMs: 0,
        errorsMs: [],
        heardMs: [],
        starvedSteps: 0,
        excess: 0,
        lostBytes: 0,
        mostItems: 0,
        pendingTimers: 0,
    };
    let tokens = 25;
    let tokensAtMs = 0;
    const client = new DriftingClient({
        clock,
        ...network,
        random,
        onStarted: () => {
            playback.playbackStarted();
        },
        onCompleted: () => {
            playback.playbackCompleted();
        },
        onRoundTrip: (ms) => {
            playback.setRoundTrip(ms);
        },
    });
    const playback = new Playback({
        clock,
        maxLeadMs: LEAD_MS,
        keepsHistory: true,
        wire: {
            bufferedBytes: () => 0,
            sendAudio: (pcmu) => {
                const nowMs = clock.nowMs();
                tokens = Math.min(25, tokens + ((nowMs - tokensAtMs) / 1000) * 5) - 1;
                tokensAtMs = nowMs;
                hour.excess = Math.max(hour.excess, -tokens);
                hour.messages += 1;
                client.send(pcmu.length);
            },
        },
        record: new CallRecord(),
        echoGuard: undefined,
        onDrained: () => undefined,
        onFault: (fault) => {
            throw fault;
        },
    });
    const pass = (ms: number): void => {
        for (let left = ms; left > 0; left -= STEP_MS) {
            clock.advance(Math.min(STEP_MS, left));
            hour.worstLeadMs = Math.max(hour.worstLeadMs, playback.leadMs);
            if (playback.queuedMs > 0 && playback.leadMs === 0) hour.starvedSteps += 1;
        }
    };
    while (clock.nowMs() < HOUR_MS) {
        hour.answers += 1;
        answer(hour, { playback, client, between, pass, number: hour.answers });
    }
    playback.close();
    client.close();
    clock.advance(10_000);
    hour.pendingTimers = clock.pendingCount;
    return hour;
}

interface AnswerParts {
    playback: Playback;
    client: DriftingClient;
    between: (from: number, to: number) => number;
    pass: (ms: number) => void;
    number: number;
}

/** Most answers are short; one in forty is a long one, in which a clock that drifts shows. */
function answer(hour: Hour, { playback, client, between, pass, number }: AnswerParts): void {
    const wholeMs = Math.round(number % 40 === 0 ? between(30_000, 120_000) : between(100, 1500));
    const origin = { responseId: `r${number}`, itemId: `i${number}`, contentIndex: 0 };
    client.beginAnswer();
    for (let madeMs = 0; madeMs < wholeMs;) {
        const ms = Math.min(wholeMs - madeMs, Math.round(between(10, 800)));
        playback.enqueue(new Uint8Array(ms * 8), origin);
        madeMs += ms;
        pass(ms / between(3, 20));
    }
    playback.responseEnded(origin.responseId);
    if (between(0, 1) < 0.3) {
        pass(playback.queuedMs + playback.leadMs + between(200, 400));
        hour.lostBytes += wholeMs * 8 - client.answerBytes;
        return;
    }
    pass(between(0, playback.queuedMs + playback.leadMs));
    interrupt(hour, playback, client, wholeMs);
    pass(between(150, 300));
}

function interrupt(hour: Hour, playback: Playback, client: DriftingClient, wholeMs: number): void {
    if (!playback.isAudible) return;
    hour.interruptions += 1;
    const { items } = playback.flush();
    hour.mostItems = Math.max(hour.mostItems, items.length);
    const heardMs = items[0]?.heardMs ?? wholeMs;
    client.bargeIn((reallyMs) => {
        hour.heardMs.push(heardMs);
        hour.errorsMs.push(Math.abs(heardMs - reallyMs));
    });
}

function percentile(values: number[], share: number): number {
    return [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? NaN;
}

describe('an hour of playback', () => {
    it.each([
        { name: 'a clock that is 50 ppm fast', ppm: 50, oneWayMs: 40, jitterMs: 0, startLagMs: 0 },
        { name: 'a clock that is 50 ppm slow', ppm: -50, oneWayMs: 40, jitterMs: 0, startLagMs: 0 },
    ])(
        'knows within 20 ms what was heard, with $name',
        (network) => {
            const hour = runHour(network, 5);
            expect(hour.answers).toBeGreaterThan(1000);
            expect(hour.interruptions).toBeGreaterThan(700);
            // The first second has no round trip yet: a client that begins late is not noticed there.
            expect(Math.max(...hour.errorsMs.slice(3))).toBeLessThan(20);
            expect(hour.starvedSteps).toBe(0);
            expect(hour.lostBytes).toBe(0);
            expect(hour.worstLeadMs).toBeLessThanOrEqual(LEAD_MS + LEAD_SLACK_MS);
            expect(hour.excess).toBe(0);
            expect(hour.pendingTimers).toBe(0);
        },
        30_000,
    );

    it('believes a client that begins late, as soon as its word can have come', () => {
        const hour = runHour({ ppm: 20, oneWayMs: 30, jitterMs: 0, startLagMs: 120 }, 5);
        const inKnowledge = hour.errorsMs.filter((_errorMs, index) => (hour.heardMs[index] ?? 0) > 60 + 120);
        expect(inKnowledge.length).toBeGreaterThan(500);
        // Only the answers of the first second, which has no round trip yet, are reckoned without it.
        expect(inKnowledge.filter((errorMs) => errorMs >= 20).length).toBeLessThanOrEqual(2);
        expect(hour.starvedSteps).toBe(0);
        expect(hour.lostBytes).toBe(0);
        expect(hour.worstLeadMs).toBeLessThanOrEqual(LEAD_MS + 120 + LEAD_SLACK_MS);
    }, 30_000);

    it('on an unsteady network is off by no more than the network is, and breaks no limit', () => {
        const hour = runHour({ ppm: 50, oneWayMs: 40, jitterMs: 10, startLagMs: 0 }, 7);
        expect(percentile(hour.errorsMs, 0.5)).toBeLessThan(10);
        expect(percentile(hour.errorsMs, 0.99)).toBeLessThan(25);
        expect(Math.max(...hour.errorsMs)).toBeLessThan(40);
        expect(hour.starvedSteps).toBe(0);
        expect(hour.lostBytes).toBe(0);
        expect(hour.excess).toBe(0);
        expect(hour.worstLeadMs).toBeLessThanOrEqual(LEAD_MS + LEAD_SLACK_MS);
    }, 30_000);
});

describe('the ledger over an hour', () => {
    it('knows the furthest byte that was heard of an item, however often it was stopped and sent again', () => {
        const ledger = new PlaybackLedger();
        const origin = { responseId: 'r', itemId: 'i', contentIndex: 0 };
        ledger.received(origin, 8000);
        ledger.sent(origin, 0, 4000);
        ledger.held(3000);
        expect(ledger.sentBytes).toBe(3000);
        ledger.sent(origin, 1000, 3000);
        expect(ledger.unheard(4500)[0]?.heardMs).toBe(3000 / 8);
        expect(ledger.unheard(5200)[0]?.heardMs).toBe(3200 / 8);
        ledger.held(3800);
        ledger.sent(origin, 1800, 6200);
        expect(ledger.unheard(4000)[0]?.heardMs).toBe(3000 / 8);
        ledger.forgetHeard(9999, () => false);
        expect(ledger.itemCount).toBe(1);
        ledger.forgetHeard(10_000, () => false);
        expect(ledger.itemCount).toBe(0);
    });

    it('remembers no item that was heard to its end, and joins the pieces of one', () => {
        const ledger = new PlaybackLedger();
        for (let answer = 0; answer < 5000; answer++) {
            const origin = { responseId: `r${answer}`, itemId: `i${answer}`, contentIndex: 0 };
            for (let piece = 0; piece < 10; piece++) {
                ledger.sent(origin, ledger.received(origin, 2400), 2400);
            }
            ledger.forgetHeard(ledger.sentBytes, () => false);
            expect(ledger.itemCount).toBeLessThanOrEqual(1);
        }
        expect(ledger.sentBytes).toBe(5000 * 10 * 2400);
    });
});
