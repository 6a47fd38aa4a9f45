import type { AudioCursor, CallerAudioBuffer } from '../../audio/caller-audio-buffer';
import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import type { OpenAIRealtimeService } from '../openai-realtime-service';

/** No session is used for longer, even if it names a later end. */
const MAX_AGE_MS = 55 * 60_000;
/** Before the end: when a quiet moment is looked for, and when any moment will do. */
const SPARE_MS = 5 * 60_000;
const LAST_CALL_MS = 2 * 60_000;
/** A session that lives shorter than that is used for these shares of its life. */
const SOON_SHARE = 0.5;
const LATEST_SHARE = 0.8;
/** It must have been quiet for so long: a transcript that comes late still arrives. */
const QUIET_MS = 1000;
const LOOK_EVERY_MS = 200;
const RETRY_MS = 30_000;
/** A word that has just begun is heard by the new session from its beginning: PCMU, 8 bytes each millisecond. */
const PRE_ROLL_BYTES = 500 * 8;

/** What a change needs of the call. */
export interface RenewalPort {
    /** Makes another session, not yet connected. */
    make(): OpenAIRealtimeService;
    /** No answer is asked for or given, and the caller does not speak. */
    isQuiet(): boolean;
    /**
     * Goes on with `next`, which is ready, and sends it the last `recentBytes` of the caller's audio again (PCMU; half a second at most).
     * The old session is the owner's to close.
     */
    take(next: OpenAIRealtimeService, recentBytes: number): void;
}

/**
 * Changes the session before it expires (docs/REALTIME.md, 9.1): opens the next one while the old one goes on, and switches when
 * neither the caller nor the bot speaks, so that the caller does not notice. If that fails, the old one is used until it ends.
 */
export class SessionRenewal {
    private readonly timers: TimerSet;
    /** While a session is prepared: the caller's last half second. */
    private recent: AudioCursor | undefined;
    private next: OpenAIRealtimeService | undefined;
    private isReady = false;
    private latestMs = Infinity;
    private audibleUntilMs = -Infinity;
    private quietSinceMs: number | undefined;

    constructor(
        private readonly clock: Clock,
        private readonly logger: Logger,
        private readonly callerAudio: CallerAudioBuffer,
        private readonly port: RenewalPort,
    ) {
        this.timers = new TimerSet(clock, (fault) => {
            logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'The change of session failed.');
        });
    }

    /** A session has become the call's, and says when it ends (ms since 1970; undefined: it does not). */
    watch(expiresAtEpochMs: number | undefined): void {
        this.drop();
        const saidMs = expiresAtEpochMs === undefined ? 0 : expiresAtEpochMs - this.clock.epochMs();
        // A session that has just begun has not ended: such a time says nothing.
        const lifeMs = saidMs > 0 ? saidMs : Infinity;
        const soonMs = Math.min(MAX_AGE_MS, Math.max(lifeMs - SPARE_MS, lifeMs * SOON_SHARE));
        const latestMs = Math.max(lifeMs - LAST_CALL_MS, lifeMs * LATEST_SHARE);
        this.latestMs = this.clock.nowMs() + latestMs;
        this.timers.set('due', soonMs, this.open);
    }

    /** The session is gone: there is nothing to change. */
    drop(): void {
        this.timers.cancel('due');
        this.timers.cancel('look');
        this.forget();
    }

    /** Bot audio of `ms` milliseconds went out: the caller hears it for that long. */
    played(ms: number): void {
        this.audibleUntilMs = Math.max(this.clock.nowMs(), this.audibleUntilMs) + ms;
    }

    /** Milliseconds for which the caller still hears what went out. */
    get audibleMs(): number {
        return Math.max(0, this.audibleUntilMs - this.clock.nowMs());
    }

    /** The caller interrupted, and hears nothing more. */
    interrupted(): void {
        this.audibleUntilMs = this.clock.nowMs();
    }

    /** Frees everything, for good. */
    close(): void {
        this.drop();
        this.timers.clear();
    }

    private readonly open = (): void => {
        const next = this.port.make();
        this.next = next;
        this.recent = this.callerAudio.open(PRE_ROLL_BYTES);
        const giveUp = (why: unknown): void => {
            if (this.next === next) this.failed(why);
        };
        next.on('ready', () => {
            this.isReady = true;
        });
        next.on('lost', giveUp);
        next.on('fatal', giveUp);
        next.connect().catch(giveUp);
        this.look();
    };

    private readonly look = (): void => {
        const nowMs = this.clock.nowMs();
        const isQuiet = nowMs >= this.audibleUntilMs && this.port.isQuiet();
        this.quietSinceMs = isQuiet ? (this.quietSinceMs ?? nowMs) : undefined;
        const quietMs = this.quietSinceMs === undefined ? 0 : nowMs - this.quietSinceMs;
        if (this.isReady && (quietMs >= QUIET_MS || nowMs >= this.latestMs)) this.change();
        else this.timers.set('look', LOOK_EVERY_MS, this.look);
    };

    private change(): void {
        const { next, recent } = this;
        if (next === undefined) return;
        next.removeAllListeners();
        this.next = undefined;
        // Closed last: until then the audio is kept for the next session.
        this.recent = undefined;
        this.drop();
        this.port.take(next, recent?.length ?? 0);
        recent?.close();
    }

    /** The old one is still there: later again. */
    private failed(why: unknown): void {
        this.drop();
        const fields = why instanceof Error ? faultFields(why) : { why };
        this.logger.warn({ ...fields, retryMs: RETRY_MS }, 'The next session did not come; the old one goes on.');
        this.timers.set('due', RETRY_MS, this.open);
    }

    private forget(): void {
        this.next?.close();
        this.next = undefined;
        this.isReady = false;
        this.quietSinceMs = undefined;
        this.recent?.close();
        this.recent = undefined;
    }
}
