import type { BreakerState } from '../support/circuit-breaker';
import { GAUGES } from './catalogue';
import type { Instruments } from './instruments';

/** What the gauges show: looked at when the metrics are read. */
export interface ProcessState {
    readonly activeCalls: number;
    readonly connections: number;
    readonly maxCalls: number;
    readonly isDraining: boolean;
    /** Why no further call is accepted, as `/ready` says; undefined: calls are accepted. */
    readonly unavailable: string | undefined;
    /** The smoothed readings of admission as parts of their limits; undefined: there is none. */
    readonly load: Readonly<Record<string, number>> | undefined;
    /** The services behind the fallback options that were used so far. */
    readonly upstreams: readonly { readonly name: string; readonly state: BreakerState }[];
    /** Of the Redis of REPLAY_STORE, since the start; undefined: there is none. */
    readonly replayStore:
        { readonly isDown: boolean; readonly outages: number; readonly undecided: number } | undefined;
    /** Of the records of calls; undefined: none are kept. */
    readonly callRecords:
        | { readonly isDown: boolean; readonly waiting: number; readonly stored: number; readonly dropped: number }
        | undefined;
}

const DOWN: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 0.5, open: 1 };

/** Sets the gauges to what is true now. */
export function showState(state: ProcessState, made: Instruments): void {
    made.gauge('active_calls').set(state.activeCalls);
    made.gauge('connections').set(state.connections);
    made.gauge('max_calls').set(state.maxCalls);
    made.gauge('draining').set(Number(state.isDraining));
    made.gauge('ready').set(Number(state.unavailable === undefined));
    for (const reason of GAUGES.not_ready.labels.reason)
        made.gauge('not_ready').set({ reason }, Number(state.unavailable === reason));
    for (const reading of GAUGES.load_ratio.labels.reading)
        made.gauge('load_ratio').set({ reading }, state.load?.[reading] ?? 0);
    made.gauge('replay_store_down').set(Number(state.replayStore?.isDown === true));
    made.gauge('call_store_down').set(Number(state.callRecords?.isDown === true));
    made.gauge('call_records_waiting').set(state.callRecords?.waiting ?? 0);
    for (const { name: upstream, state: current } of state.upstreams)
        made.gauge('upstream_down').set({ upstream }, DOWN[current]);
}
