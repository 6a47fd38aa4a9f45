import type { OpenAIConfig } from '../../config/config';
import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';

/**
 * Keeps a greeting from being interrupted (docs/REALTIME.md, 5.3): until its audio is over, the caller's speech is not reported. Then
 * `lift` is called once. The end of the audio is computed from its length and the moment it began to go out.
 */
export class GreetingGuard {
    private readonly timers: TimerSet;
    private state: 'on' | 'ending' | 'off';
    private startedMs: number | undefined;
    private playedMs = 0;

    constructor(
        on: boolean,
        private readonly clock: Clock,
        private readonly lift: () => void,
        onFault: (fault: unknown) => void,
    ) {
        this.state = on ? 'on' : 'off';
        this.timers = new TimerSet(clock, onFault);
    }

    get isOn(): boolean {
        return this.state !== 'off';
    }

    /** Audio of the greeting went out. */
    played(ms: number): void {
        if (this.state !== 'on') return;
        this.startedMs ??= this.clock.nowMs();
        this.playedMs += ms;
    }

    /** No more audio of the greeting will come: waits until what went out has been heard. */
    greeted(): void {
        if (this.state !== 'on') return;
        this.state = 'ending';
        const endMs = (this.startedMs ?? this.clock.nowMs()) + this.playedMs;
        this.timers.set('end', Math.max(0, endMs - this.clock.nowMs()), () => {
            this.cut();
        });
    }

    /** The greeting is over, or a key has stopped it, although it may not be interrupted by voice: lifted at once. */
    cut(): void {
        if (this.state === 'off') return;
        this.state = 'off';
        this.timers.cancel('end');
        this.lift();
    }

    /** Off at once, without `lift`: the session that it guarded is gone, or the call is over. */
    drop(): void {
        this.state = 'off';
        this.timers.clear();
    }
}

/** The guard of a call; `lift` is called when the caller may interrupt. */
export function greetingGuard(
    { config, clock, logger }: { config: OpenAIConfig; clock: Clock; logger: Logger },
    lift: () => void,
): GreetingGuard {
    const protects = config.greetingProtected && config.greeting !== '';
    return new GreetingGuard(protects, clock, lift, (fault: unknown) => {
        logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'The greeting’s timer failed.');
    });
}
