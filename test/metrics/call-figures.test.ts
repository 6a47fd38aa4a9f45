import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertRules, dashboardPanels, metricsIn, readMonitoring } from '../../tools/monitoring-files';
import { wavToPcmu } from '../../src/audio/wav';
import { COUNTERS, GAUGES, HISTOGRAMS, PREFIX } from '../../src/metrics/catalogue';
import { ERRORS } from '../../src/support/errors';
import { INSTANT } from '../../tools/fake-openai';
import { TestBench, until } from '../support/test-bench';
import { scrape, scrapeUntil, type Scraped } from './scraped';

const SPEECH = wavToPcmu(readFileSync(join(__dirname, '../../samples/librivox_0930.wav')));
/** What Prometheus itself knows of a target. */
const OF_PROMETHEUS = ['up', 'scrape_duration_seconds'];

describe('the metrics of a server after a call', () => {
    let bench: TestBench;
    let during: Scraped;
    let after: Scraped;

    beforeAll(async () => {
        bench = await TestBench.start({
            openai: { vad: 'off' },
            env: { METRICS_PORT: '0', BARGE_IN: 'instant', OPENAI_REALTIME_MODEL: 'gpt-realtime-2.1' },
        });
        const caller = bench.caller({ audio: SPEECH });
        await caller.dial();
        const session = await bench.fake.nextSession();
        await until('the greeting is heard', () => caller.heardBytes > 4000);
        during = await scrape(bench.server);
        session.speechStarted();
        await session.waitFor('conversation.item.truncate');
        const before = caller.heardBytes;
        session.speechStopped();
        await until('the answer is heard', () => caller.heardBytes > before + 4000);
        caller.hangUp();
        await caller.ended;
        after = await scrapeUntil(bench.server, (each) => each.value('calls_ended_total{reason="client_end"}') === 1);
    });
    afterAll(() => bench.stop());

    it('show the call while it runs, and none afterwards', () => {
        expect([during.value('active_calls'), after.value('active_calls')]).toEqual([1, 0]);
        const option = 'fallback_calls{option="realtime"}';
        expect([during.value(option), after.value(option)]).toEqual([1, 0]);
        expect(during.value('ready')).toBe(1);
    });

    it('count it, from the request to its end', () => {
        expect(after.value('connections_accepted_total')).toBe(1);
        expect(after.value('calls_opened_total')).toBe(1);
        expect(after.value('call_duration_seconds_count')).toBe(1);
        expect(after.value('first_audio_seconds_count')).toBe(1);
        expect(after.value('upstream_connects_total{outcome="ready"}')).toBe(1);
        expect(after.value('upstream_connect_seconds_count')).toBe(1);
    });

    it('have the interruption, what it cut, and how long the answer took', () => {
        expect(after.value('barge_ins_total{outcome="yielded"}')).toBe(1);
        expect(after.value('truncated_items_total')).toBeGreaterThanOrEqual(1);
        expect(after.value('truncated_audio_seconds_total')).toBeGreaterThan(0);
        expect(after.value('turn_latency_seconds_count')).toBe(1);
        expect(after.value('bot_turns_total{disposition="match"}')).toBeGreaterThanOrEqual(1);
        expect(after.value('playback_lead_seconds_count')).toBeGreaterThanOrEqual(1);
        expect(after.value('playback_lead_seconds_sum')).toBeGreaterThan(0);
    });

    it('have tokens and their price', () => {
        expect(after.value('tokens_total{kind="output_audio"}')).toBeGreaterThan(0);
        expect(after.value('cost_usd_total{kind="response"}')).toBeGreaterThan(0);
    });

    it('show that no audio was dropped', () => {
        const series = after.seriesOf('dropped_audio_bytes_total');
        expect(series).toHaveLength(3);
        expect(series.map((each) => after.value(each.replace(PREFIX, '')))).toEqual([0, 0, 0]);
    });

    it('hold nothing of the caller and of the call', () => {
        const ids = new Set(
            bench.logs.lines.flatMap(({ fields: { session, conversation } }) => [session, conversation]),
        );
        expect(ids.size).toBeGreaterThan(2);
        for (const id of ids) if (typeof id === 'string') expect(after.text).not.toContain(id);
        expect(after.text).not.toMatch(/[\da-f]{8}-[\da-f]{4}/);
        expect(after.text).not.toContain('sk-test');
    });

    it('are those of the catalogue, each with its help', () => {
        const names = [COUNTERS, GAUGES, HISTOGRAMS].flatMap((entries) => Object.keys(entries));
        const own = [...after.types.keys()].filter((name) => name.startsWith(PREFIX));
        expect(own.sort()).toEqual(names.map((name) => PREFIX + name).sort());
        for (const name of own) expect(after.help.get(name)).toMatch(/\S.*[.)]$/);
        for (const name of Object.keys(COUNTERS)) expect(name).toMatch(/_total$/);
    });

    it('include those of the process', () => {
        for (const name of [
            'process_resident_memory_bytes',
            'nodejs_eventloop_lag_p99_seconds',
            'process_cpu_seconds_total',
        ])
            expect(after.knows(name)).toBe(true);
    });

    it('are all that the dashboard and the alerts ask for', () => {
        const expressions = [
            ...dashboardPanels().flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
            ...alertRules().map(({ expr }) => expr),
        ];
        expect(expressions.length).toBeGreaterThan(50);
        const asked = new Set(expressions.flatMap(metricsIn));
        expect(asked.size).toBeGreaterThan(35);
        expect([...asked].filter((name) => !after.knows(name) && !OF_PROMETHEUS.includes(name))).toEqual([]);
    });
});

describe('a call that the model is lost in', () => {
    it('shows the option that answers instead, the step, and the service that is down', async () => {
        const bench = await TestBench.start({
            openai: { ...INSTANT, vad: 'off' },
            env: { METRICS_PORT: '0', FORCE_FALLBACK: 'local' },
        });
        try {
            const caller = bench.caller();
            await caller.dial();
            const local = 'fallback_calls{option="local"}';
            await scrapeUntil(bench.server, (each) => each.value(local) === 1);
            caller.hangUp();
            await caller.ended;
            const after = await scrapeUntil(
                bench.server,
                (each) => each.value('calls_opened_total') === 1 && each.value(local) === 0,
            );
            expect(
                after.seriesOf('fallback_calls').every((series) => after.value(series.replace(PREFIX, '')) === 0),
            ).toBe(true);
        } finally {
            await bench.stop();
        }
    });

    it('counts why no session came about', async () => {
        const bench = await TestBench.start({
            openai: false,
            env: {
                METRICS_PORT: '0',
                OPENAI_API_KEY: 'sk-test',
                // A port on which no program listens: the connection is refused at once.
                OPENAI_REALTIME_URL: 'ws://127.0.0.1:9/v1/realtime',
            },
        });
        try {
            const caller = bench.caller();
            await caller.dial();
            const failed = 'upstream_errors_total{reason="ERR_OPENAI_CONNECT"}';
            const scraped = await scrapeUntil(
                bench.server,
                (each) => each.value(failed) === 1 && each.value('fallback_steps_total{to="local"}') === 1,
            );
            expect(scraped.value('fallback_reasons_total{reason="ERR_OPENAI_CONNECT"}')).toBe(1);
            expect(scraped.value('upstream_down{upstream="openai-realtime"}')).toBe(1);
            expect(scraped.value('call_faults_total{code="ERR_OPENAI_CONNECT"}')).toBeGreaterThan(0);
        } finally {
            await bench.stop();
        }
    });
});

describe('the alerts', () => {
    it('say what has happened and what to do, and how much it hurts', () => {
        for (const { alert, labels, annotations } of alertRules()) {
            expect(alert).toMatch(/^AudioConnector[A-Z]\w+$/);
            expect(['page', 'ticket']).toContain(labels['severity']);
            expect(annotations['summary']).toMatch(/\S.*\.$/);
            expect(annotations['description']?.length).toBeGreaterThan(80);
        }
    });

    it('name only codes that there are', () => {
        const codes = [...readMonitoring('alerts.yml').matchAll(/ERR_[A-Z_]+/g)].map(([code]) => code);
        expect(codes.length).toBeGreaterThan(3);
        expect(codes.filter((code) => !(code in ERRORS))).toEqual([]);
    });

    it('are each tested to fire and to recover', () => {
        const tests = readMonitoring('alerts.test.yml');
        for (const { alert } of alertRules()) expect(tests).toContain(`alertname="${alert}"`);
    });
});
