import type { Server } from '../../src/websocket/server';

/** The metrics of a server, as Prometheus gets them. */
export class Scraped {
    private readonly samples = new Map<string, number>();
    /** The names of all metrics, with and without samples. */
    readonly types = new Map<string, string>();
    readonly help = new Map<string, string>();

    constructor(readonly text: string) {
        for (const line of text.split('\n')) this.read(line);
    }

    /** The value of a series, such as `active_calls` or `barge_ins_total{outcome="ignored"}`; the prefix is added. 0 where there is none. */
    value(series: string): number {
        return this.samples.get(`audioconnector_${series}`) ?? 0;
    }

    /** The series of a metric, with their labels. */
    seriesOf(name: string): string[] {
        return [...this.samples.keys()].filter((series) => series.split('{')[0] === `audioconnector_${name}`);
    }

    /** Whether a name can be asked for in PromQL: a metric, or a part of a histogram or summary. */
    knows(name: string): boolean {
        const whole = name.replace(/_(?:bucket|sum|count)$/, '');
        return this.types.has(name) || ['histogram', 'summary'].includes(this.types.get(whole) ?? '');
    }

    private read(line: string): void {
        const [, kind = '', name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
        if (kind === 'TYPE') this.types.set(name, rest);
        else if (kind === 'HELP') this.help.set(name, rest);
        const [, series = '', value = ''] = /^([a-z_]+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
        if (series !== '') this.samples.set(series, Number(value));
    }
}

export function metricsUrl({ metricsAddress }: Server): string {
    if (metricsAddress === undefined) throw new Error('the server serves no metrics');
    return `http://127.0.0.1:${metricsAddress.port}/metrics`;
}

/** A reading that is as old as a second at most. */
export async function scrape(server: Server): Promise<Scraped> {
    const response = await fetch(metricsUrl(server));
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Scraped(await response.text());
}

/** Reads until `condition` holds; the time limit of Jest ends a wait in vain. */
export async function scrapeUntil(server: Server, condition: (scraped: Scraped) => boolean): Promise<Scraped> {
    for (;;) {
        const scraped = await scrape(server);
        if (condition(scraped)) return scraped;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}
