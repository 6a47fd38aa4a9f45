import type { Clock } from '../../src/support/clock';
import type { TimerSet } from '../../src/support/timer-set';
import type { ResponseScript } from './responses';
import type { ConnectionPlan, FaultState } from './faults';
import type { ItemStore } from './item-store';
import type { Settings } from './options';
import type { Outbox, IdMaker } from './outbox';
import type { Recorder } from './recorder';
import type { SessionConfig } from './session-config';
import type { SignalCache } from './signal';

/** What the parts of one session share. */
export interface SessionParts {
    readonly index: number;
    readonly conversationId: string;
    readonly clock: Clock;
    readonly timers: TimerSet;
    readonly settings: Settings;
    readonly plan: ConnectionPlan;
    readonly faults: FaultState;
    readonly ids: IdMaker;
    readonly random: () => number;
    readonly outbox: Outbox;
    readonly recorder: Recorder;
    readonly config: SessionConfig;
    readonly store: ItemStore;
    readonly script: ResponseScript;
    readonly signals: SignalCache;
}
