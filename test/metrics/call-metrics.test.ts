import { CallMetrics } from '../../src/metrics/call-metrics';
import { Instruments } from '../../src/metrics/instruments';
import { loadPromClient } from '../../src/metrics/prom-client';
import type { ToolRecord } from '../../src/services/functions/tool';
import { readUsage } from '../../src/services/realtime/events';
import { Scraped } from './scraped';

const { Registry } = loadPromClient();

function metrics() {
    const registry = new Registry();
    const calls = new CallMetrics(new Instruments([registry]));
    return { calls, read: async () => new Scraped(await registry.metrics()) };
}

const USAGE = readUsage({
    total_tokens: 500,
    input_tokens: 400,
    output_tokens: 100,
    input_token_details: {
        text_tokens: 300,
        audio_tokens: 100,
        cached_tokens_details: { text_tokens: 200, audio_tokens: 40 },
    },
    output_token_details: { text_tokens: 20, audio_tokens: 80 },
});

describe('the metrics of calls', () => {
    it('exist before the first call, those with known labels with 0', async () => {
        const { read } = metrics();
        const scraped = await read();
        expect(scraped.seriesOf('barge_ins_total')).toHaveLength(3);
        expect(scraped.value('dropped_audio_bytes_total{place="playback"}')).toBe(0);
        expect(scraped.types.get('audioconnector_turn_latency_seconds')).toBe('histogram');
    });

    it('are seconds', async () => {
        const { calls, read } = metrics();
        calls.turnLatency(1500);
        calls.ended({ reason: 'bot_ended', durationMs: 90_000 });
        calls.truncated(2, 2500);
        const scraped = await read();
        expect(scraped.value('turn_latency_seconds_sum')).toBe(1.5);
        expect(scraped.value('call_duration_seconds_sum')).toBe(90);
        expect(scraped.value('truncated_audio_seconds_total')).toBe(2.5);
        expect(scraped.value('truncated_items_total')).toBe(2);
    });

    it('count each token under one kind', async () => {
        const { calls, read } = metrics();
        calls.modelUsed(USAGE, 0.25);
        const scraped = await read();
        const tokens = scraped
            .seriesOf('tokens_total')
            .map((series) => scraped.value(series.replace('audioconnector_', '')));
        expect(tokens.reduce((sum, each) => sum + each, 0)).toBe(500);
        expect(scraped.value('tokens_total{kind="input_text_cached"}')).toBe(200);
        expect(scraped.value('cost_usd_total{kind="response"}')).toBe(0.25);
        expect(scraped.value('unpriced_responses_total')).toBe(0);
    });

    it('say when the cost is not known', async () => {
        const { calls, read } = metrics();
        calls.modelUsed(USAGE, undefined);
        expect((await read()).value('unpriced_responses_total')).toBe(1);
    });

    it('tell a gap in the playback from a turn without one', async () => {
        const { calls, read } = metrics();
        calls.turnPaced({ mostLeadMs: 600, leastLeadMs: 120, waits: 2, waitedMs: 300 });
        calls.turnPaced({ mostLeadMs: 200, leastLeadMs: 0, waits: 0, waitedMs: 0 });
        calls.turnPaced({ mostLeadMs: 200, leastLeadMs: undefined, waits: 0, waitedMs: 0 });
        const scraped = await read();
        expect(scraped.value('playback_gaps_total')).toBe(1);
        expect(scraped.value('playback_least_lead_seconds_count')).toBe(2);
        expect(scraped.value('message_budget_waits_total{kind="audio"}')).toBe(2);
        expect(scraped.value('message_budget_wait_seconds_total{kind="audio"}')).toBeCloseTo(0.3);
    });

    it('never throw into a call, whatever a service says of itself', async () => {
        const { calls, read } = metrics();
        for (const odd of [NaN, Infinity, -Infinity, -5, 1e308]) {
            const all = Object.fromEntries(Object.keys(USAGE).map((key) => [key, odd])) as unknown as typeof USAGE;
            calls.modelUsed(all, odd);
            calls.transcribed(odd, odd, odd);
            calls.turnLatency(odd);
            calls.turnPaced({ mostLeadMs: odd, leastLeadMs: odd, waits: 1, waitedMs: odd });
            calls.dropped('upstream', odd);
            calls.upstreamRoundTrip(odd);
        }
        expect((await read()).value('turn_latency_seconds_count')).toBe(5);
    });

    it('keep a limit on the number of series, and show nothing of a caller', async () => {
        const { calls, read } = metrics();
        for (let at = 0; at < 1000; at++) {
            const odd = `+4930${at} Jane Doe`;
            calls.tool({ name: `tool_${at}`, callId: odd, ms: 5, outcome: odd as ToolRecord['outcome'] });
            calls.ended({ reason: `client_${odd}`, durationMs: at });
            calls.fault(odd);
            calls.upstreamFailed(odd);
            calls.turnReported(odd);
            calls.steppedDown('local', odd);
        }
        const scraped = await read();
        expect(scraped.text).not.toContain('Jane');
        expect(scraped.seriesOf('tool_calls_total')).toHaveLength(51);
        for (const name of ['calls_ended_total', 'call_faults_total', 'upstream_errors_total'])
            expect(scraped.seriesOf(name)).toHaveLength(1);
    });
});
