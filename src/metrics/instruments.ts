import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import {
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    PREFIX,
    type CounterName,
    type GaugeName,
    type HistogramName,
    type LabelValues,
    type MetricEntry,
} from './catalogue';
import { loadPromClient } from './prom-client';

/** The metrics of the catalogue, made once for a registry. Labels whose values are known exist from the start, with 0. */
export class Instruments {
    private readonly counters: Readonly<Record<CounterName, Counter>>;
    private readonly gauges: Readonly<Record<GaugeName, Gauge>>;
    private readonly histograms: Readonly<Record<HistogramName, Histogram>>;

    constructor(registers: readonly Registry[]) {
        const { Counter, Gauge, Histogram } = loadPromClient();
        const made = { registers: [...registers] };
        this.counters = eachOf(COUNTERS, (name, entry) => {
            const counter = new Counter({ ...common(name, entry), ...made });
            for (const labels of knownLabels(entry)) counter.inc(labels, 0);
            return counter;
        });
        this.gauges = eachOf(GAUGES, (name, entry) => {
            const gauge = new Gauge({ ...common(name, entry), ...made });
            for (const labels of knownLabels(entry)) gauge.set(labels, 0);
            return gauge;
        });
        this.histograms = eachOf(HISTOGRAMS, (name, entry) => {
            const buckets = [...HISTOGRAMS[name].buckets];
            return new Histogram({ ...common(name, entry), buckets, ...made });
        });
    }

    counter(name: CounterName): Counter {
        return this.counters[name];
    }

    gauge(name: GaugeName): Gauge {
        return this.gauges[name];
    }

    histogram(name: HistogramName): Histogram {
        return this.histograms[name];
    }
}

function eachOf<Name extends string, Made>(
    entries: Readonly<Record<Name, MetricEntry>>,
    make: (name: Name, entry: MetricEntry) => Made,
): Record<Name, Made> {
    const names = Object.keys(entries) as Name[];
    return Object.fromEntries(names.map((name) => [name, make(name, entries[name])])) as Record<Name, Made>;
}

function common(
    name: string,
    { help, labels = {} }: MetricEntry,
): { name: string; help: string; labelNames: string[] } {
    return { name: PREFIX + name, help, labelNames: Object.keys(labels) };
}

/** The values of a metric with one label, where all of them are known. */
function knownLabels({ labels = {} }: MetricEntry): Record<string, string>[] {
    const [only, ...others] = Object.entries<LabelValues>(labels);
    if (only === undefined || others.length > 0 || typeof only[1] === 'string') return [];
    return only[1].map((value) => ({ [only[0]]: value }));
}
