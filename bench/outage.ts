import type { TextToSpeech } from '../src/services/tts-service';
import type { Clock } from '../src/support/clock';
import type { PlaybackTimes } from './playback-times';
import { FaultBench } from './fault-bench';

/** What an outage of OpenAI under running calls came to. Milliseconds of the bench's clock. */
export interface OutageFigures {
    calls: number;
    /** How long OpenAI was away. */
    awayMs: number;
    /** Calls that were cut or ended while OpenAI was away. */
    dropped: number;
    /** Of each running call: the longest wait from the loss, or the end of what was still heard, to the next sound. */
    silencesMs: number[];
    /** From the beginning of the outage to the breaker's opening; undefined: it did not open. */
    openedAfterMs: number | undefined;
    /** New calls during the outage: from `opened` to the first sound; the calls that tried the service apart. */
    firstSoundsMs: number[];
    probesMs: number[];
    /** From the end of the outage to the first call that OpenAI's model answers; undefined: none did. */
    recoveredAfterMs: number | undefined;
    /** Callers who heard more than one greeting. */
    greetedTwice: number;
    freed: boolean;
}

/** Interval of new calls meanwhile, ms. */
const CALL_EVERY_MS = 1000;
const RECOVERY_LIMIT_MS = 30_000;

/** OpenAI is away for `awayMs`, under `calls` running calls, while others keep coming. */
export async function runOutage(
    calls: number,
    clock: Clock,
    voice: TextToSpeech,
    awayMs = 60_000,
): Promise<OutageFigures> {
    const bench = await FaultBench.start(clock, { vad: 'off' });
    try {
        return await new Outage(bench, voice).run(calls, awayMs);
    } finally {
        await bench.stop();
    }
}

class Outage {
    private readonly running: PlaybackTimes[] = [];
    private readonly firstSoundsMs: number[] = [];
    private readonly probesMs: number[] = [];

    constructor(
        private readonly bench: FaultBench,
        private readonly voice: TextToSpeech,
    ) {}

    async run(calls: number, awayMs: number): Promise<OutageFigures> {
        const { bench } = this;
        for (let i = 0; i < calls; i++) this.running.push((await bench.call()).playback);
        await bench.until(() => this.running.every((playback) => playback.endsMs.length > 0));
        const lostMs = this.goAway();
        await this.callsUntil(lostMs + awayMs);
        const dropped = bench.callers.filter((caller) => caller.state !== 'open').length;
        const recoveredAfterMs = await this.comeBack();
        const opened = bench.log.lines.find(({ fields }) => fields['breaker'] === 'open');
        const silencesMs = this.running.map((playback) => playback.silenceFrom(lostMs)?.ms ?? NaN);
        const freed = await bench.hangUp();
        return {
            calls,
            awayMs,
            dropped,
            silencesMs,
            openedAfterMs: opened === undefined ? undefined : opened.atMs - lostMs,
            firstSoundsMs: this.firstSoundsMs,
            probesMs: this.probesMs,
            recoveredAfterMs,
            greetedTwice: await this.countGreetedTwice(),
            freed,
        };
    }

    private async countGreetedTwice(): Promise<number> {
        const { bench, voice } = this;
        const sounds = await Promise.all(bench.callers.map((caller) => bench.soundOf(caller, voice)));
        return sounds.filter((sound) => bench.sentences.greetingsIn(sound) > 1).length;
    }

    private goAway(): number {
        this.bench.fake.plan({ httpStatus: 503 }, 'every');
        for (const session of this.bench.fake.sessions) session.cut();
        return this.bench.clock.nowMs();
    }

    private async callsUntil(endMs: number): Promise<void> {
        const { bench } = this;
        while (bench.clock.nowMs() < endMs) {
            const nextMs = bench.clock.nowMs() + CALL_EVERY_MS;
            await this.newCall();
            await bench.pass(Math.max(0, nextMs - bench.clock.nowMs()));
        }
    }

    private async newCall(): Promise<void> {
        const tried = this.bench.fake.connections.length;
        const { playback } = await this.bench.call();
        const openedMs = this.bench.clock.nowMs();
        await this.bench.until(() => playback.startsMs.length > 0, 10_000);
        const isProbe =
            this.bench.fake.connections.length > tried && this.bench.log.lines.some(isHalfOpenSince(openedMs));
        (isProbe ? this.probesMs : this.firstSoundsMs).push(playback.firstSoundMs);
    }

    private async comeBack(): Promise<number | undefined> {
        const { bench } = this;
        const backMs = bench.clock.nowMs();
        const before = bench.fake.sessions.length;
        bench.fake.plan({}, 'every');
        while (bench.clock.nowMs() - backMs < RECOVERY_LIMIT_MS) {
            const { playback } = await bench.call();
            await bench.until(() => playback.startsMs.length > 0, 10_000);
            if (bench.fake.sessions.length > before) return bench.clock.nowMs() - backMs;
            await bench.pass(CALL_EVERY_MS);
        }
        return undefined;
    }
}

/** The breaker let a call try the service at about the time at which this one came. */
function isHalfOpenSince(openedMs: number): (line: { atMs: number; fields: Record<string, unknown> }) => boolean {
    return ({ atMs, fields }) => fields['breaker'] === 'half-open' && Math.abs(atMs - openedMs) < CALL_EVERY_MS / 2;
}
