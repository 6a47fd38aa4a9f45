import type { Registry } from 'prom-client';
import type { AuthResult } from '../auth/authenticator';
import { systemClock } from '../support/clock';
import { codeLabel } from './bounded-label';
import { CallMetrics } from './call-metrics';
import type { CounterName } from './catalogue';
import { stolenSeconds } from './host-time';
import { Instruments } from './instruments';
import { LoopStallMeter } from './loop-stall-meter';
import { showState, type ProcessState } from './process-state';
import { loadPromClient } from './prom-client';
import { Scrape } from './scrape';

type Labels = Readonly<Partial<Record<string, string | number>>>;

export interface ServerMetricsOptions {
    /** What the gauges show: asked for when the metrics are read. */
    readonly state: () => ProcessState;
    /** Of package.json. */
    readonly version: string;
}

/** How often prom-client's histogram of the event loop's delay looks at it, in ms: at each look the event loop is woken. */
const LOOP_LOOK_MS = 50;

/**
 * Metrics of prom-client that are left out: they ask Node for its handles and requests by functions that are no public ones, of which one ends the
 * process when a handle is just being collected (seen with Node 20.20). `nodejs_active_resources` counts the same by a public one.
 */
const UNSAFE = ['handles', 'handles_total', 'requests', 'requests_total'].map((name) => `nodejs_active_${name}`);

let ofProcess: Registry | undefined;

/**
 * The metrics that prom-client keeps of every process. Made once, because they watch garbage collection and the event loop for as long as the
 * process lives; several servers in one process share them.
 */
function processRegistry(): Registry {
    if (ofProcess === undefined) {
        const { collectDefaultMetrics, Registry } = loadPromClient();
        ofProcess = new Registry();
        collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: LOOP_LOOK_MS });
        for (const name of UNSAFE) ofProcess.removeSingleMetric(name);
    }
    return ofProcess;
}

/** The metrics of one server (docs/METRICS.md). */
export class ServerMetrics {
    readonly calls: CallMetrics;
    /** The type of `text`. */
    readonly contentType: string;
    private readonly made: Instruments;
    private readonly scrape: Scrape;
    private readonly stalls: LoopStallMeter;
    /** What a counter of the system showed when it was read last. */
    private readonly shown = new Map<CounterName, number>();

    constructor(private readonly options: ServerMetricsOptions) {
        const { Registry } = loadPromClient();
        const own = new Registry();
        this.contentType = own.contentType;
        this.made = new Instruments([own]);
        this.calls = new CallMetrics(this.made);
        this.made.gauge('build_info').set({ version: options.version, node: process.version }, 1);
        this.stalls = new LoopStallMeter((cause, lateMs) => {
            this.made.counter('event_loop_stalls_total').inc({ cause });
            this.made.counter('event_loop_stall_seconds_total').inc({ cause }, lateMs / 1000);
            this.made.histogram('event_loop_stall_seconds').observe(lateMs / 1000);
        });
        const all = Registry.merge([own, processRegistry()]);
        this.scrape = new Scrape(systemClock, () => {
            this.look();
            return all.metrics();
        });
    }

    start(): void {
        this.stalls.start();
    }

    /** Frees all that watches the process for this server. May be called twice. */
    stop(): void {
        this.stalls.stop();
    }

    /** All metrics in the text format of Prometheus, a second old at most. */
    text(): Promise<string> {
        return this.scrape.text();
    }

    accepted(): void {
        this.made.counter('connections_accepted_total').inc();
    }

    /** A request was refused; `load`: the reading that was beyond its limit. */
    refused(code: string, load = ''): void {
        this.made.counter('refusals_total').inc({ reason: codeLabel(code), load });
    }

    /** A request has shown who it comes from, or has not. */
    authenticated(result: AuthResult): void {
        // 503: Redis could not be asked.
        if (!result.ok && result.status !== 503)
            this.made.counter('authentication_failures_total').inc({ reason: codeLabel(result.code) });
    }

    /** The sum of a counter, of the series that are chosen by their labels. */
    async total(name: CounterName, isChosen: (labels: Labels) => boolean = () => true): Promise<number> {
        const { values } = await this.made.counter(name).get();
        return values.reduce((sum, { labels, value }) => (isChosen(labels) ? sum + value : sum), 0);
    }

    private look(): void {
        const state = this.options.state();
        showState(state, this.made);
        this.showTotal('replay_store_outages_total', state.replayStore?.outages, 0);
        this.showTotal('replay_store_undecided_total', state.replayStore?.undecided, 0);
        this.showTotal('call_records_stored_total', state.callRecords?.stored, 0);
        this.showTotal('call_records_dropped_total', state.callRecords?.dropped, 0);
        this.showTotal('host_wait_seconds_total', this.stalls.waitedSeconds);
        this.showTotal('host_steal_seconds_total', stolenSeconds());
    }

    /** A counter whose total is kept elsewhere. @param from what it was at the beginning; left out: what it is at the first look */
    private showTotal(name: CounterName, total: number | undefined, from = total): void {
        if (total === undefined) return;
        const before = this.shown.get(name) ?? from ?? total;
        this.shown.set(name, total);
        if (total > before) this.made.counter(name).inc(total - before);
    }
}
