import type { BargeInOutcome, CallMeter, DropPlace, EndedCall, TurnPace } from '../services/call-meter';
import type { ToolRecord } from '../services/functions/tool';
import type { ResponseUsage } from '../services/realtime/events';
import { BoundedLabel, codeLabel, endLabel, oneOf } from './bounded-label';
import { COUNTERS } from './catalogue';
import type { Instruments } from './instruments';

/** Names of functions that get series of their own. */
const MAX_TOOL_NAMES = 50;
const MS_PER_SECOND = 1000;
const OUTCOMES: readonly string[] = ['ok', 'error', 'timeout', 'aborted', 'refused'];

/** Counts what happens in the calls of a server. */
export class CallMetrics implements CallMeter {
    private readonly toolNames = new BoundedLabel(MAX_TOOL_NAMES);

    constructor(private readonly made: Instruments) {}

    opened(): void {
        this.made.counter('calls_opened_total').inc();
    }

    firstAudio(ms: number): void {
        this.made.histogram('first_audio_seconds').observe(seconds(ms));
    }

    turnLatency(ms: number): void {
        this.made.histogram('turn_latency_seconds').observe(seconds(ms));
    }

    turnPlayback(ms: number): void {
        this.made.histogram('turn_playback_seconds').observe(seconds(ms));
    }

    turnReported(disposition: string): void {
        this.made.counter('bot_turns_total').inc({
            disposition: oneOf(COUNTERS.bot_turns_total.labels.disposition, disposition),
        });
    }

    turnPaced({ mostLeadMs, leastLeadMs, waits, waitedMs }: TurnPace): void {
        this.made.histogram('playback_lead_seconds').observe(seconds(mostLeadMs));
        if (leastLeadMs !== undefined) {
            this.made.histogram('playback_least_lead_seconds').observe(seconds(leastLeadMs));
            if (leastLeadMs <= 0) this.made.counter('playback_gaps_total').inc();
        }
        if (waits > 0) this.waited('audio', waits, waitedMs);
    }

    bargeIn(outcome: BargeInOutcome): void {
        this.made.counter('barge_ins_total').inc({ outcome });
    }

    truncated(items: number, unheardMs: number): void {
        this.made.counter('truncated_items_total').inc(items);
        this.made.counter('truncated_audio_seconds_total').inc(seconds(unheardMs));
    }

    tool({ name, ms, outcome }: ToolRecord): void {
        const tool = this.toolNames.of(name);
        this.made.counter('tool_calls_total').inc({ tool, outcome: oneOf(OUTCOMES, outcome) });
        if (outcome !== 'refused') this.made.histogram('tool_duration_seconds').observe({ tool }, seconds(ms));
    }

    fault(code: string): void {
        this.made.counter('call_faults_total').inc({ code: codeLabel(code) });
    }

    clientError(isRateLimit: boolean): void {
        this.made.counter('genesys_errors_total').inc({ kind: isRateLimit ? 'rate_limit' : 'other' });
    }

    eventWaited(ms: number): void {
        this.waited('event', 1, ms);
    }

    ended({ reason, durationMs }: EndedCall): void {
        this.made.counter('calls_ended_total').inc({ reason: endLabel(reason) });
        if (durationMs !== undefined) this.made.histogram('call_duration_seconds').observe(seconds(durationMs));
    }

    upstreamReady(ms: number): void {
        this.made.counter('upstream_connects_total').inc({ outcome: 'ready' });
        this.made.histogram('upstream_connect_seconds').observe(seconds(ms));
    }

    upstreamFailed(code: string): void {
        this.made.counter('upstream_connects_total').inc({ outcome: 'failed' });
        this.made.counter('upstream_errors_total').inc({ reason: codeLabel(code) });
    }

    upstreamLost(): void {
        this.made.counter('upstream_losses_total').inc();
    }

    upstreamRoundTrip(ms: number): void {
        this.made.histogram('upstream_round_trip_seconds').observe(seconds(ms));
    }

    modelUsed(usage: ResponseUsage, costUsd: number | undefined): void {
        const cachedText = Math.min(usage.cachedTextTokens, usage.inputTextTokens);
        const cachedAudio = Math.min(usage.cachedAudioTokens, usage.inputAudioTokens);
        this.tokens('input_text', usage.inputTextTokens - cachedText);
        this.tokens('input_text_cached', cachedText);
        this.tokens('input_audio', usage.inputAudioTokens - cachedAudio);
        this.tokens('input_audio_cached', cachedAudio);
        this.tokens('output_text', usage.outputTextTokens);
        this.tokens('output_audio', usage.outputAudioTokens);
        if (costUsd === undefined) this.made.counter('unpriced_responses_total').inc();
        else this.made.counter('cost_usd_total').inc({ kind: 'response' }, plain(costUsd));
    }

    transcribed(duration: number, tokens: number, costUsd: number | undefined): void {
        this.tokens('transcription', tokens);
        this.made.counter('transcribed_seconds_total').inc(plain(duration));
        if (costUsd !== undefined) this.made.counter('cost_usd_total').inc({ kind: 'transcription' }, plain(costUsd));
    }

    optionBegan(option: string): void {
        this.made.gauge('fallback_calls').inc({ option });
    }

    optionEnded(option: string): void {
        this.made.gauge('fallback_calls').dec({ option });
    }

    steppedDown(to: string, why: string): void {
        this.made.counter('fallback_steps_total').inc({ to });
        this.made.counter('fallback_reasons_total').inc({ reason: codeLabel(why) });
    }

    dropped(place: DropPlace, byteCount: number): void {
        this.made.counter('dropped_audio_bytes_total').inc({ place }, plain(byteCount));
    }

    private waited(kind: 'audio' | 'event', waits: number, ms: number): void {
        this.made.counter('message_budget_waits_total').inc({ kind }, waits);
        this.made.counter('message_budget_wait_seconds_total').inc({ kind }, seconds(ms));
    }

    private tokens(kind: string, count: number): void {
        this.made.counter('tokens_total').inc({ kind }, plain(count));
    }
}

function seconds(ms: number): number {
    return plain(ms) / MS_PER_SECOND;
}

/** A counter throws for a number below 0 and for one without end: what a service says of itself must not reach the call that way. */
function plain(value: number): number {
    return Number.isFinite(value) ? Math.max(0, value) : 0;
}
