/**
 * Every metric of this server: its kind, its help and its labels in one entry. `npm run docs` writes the table of docs/METRICS.md from these
 * entries. Names begin with `audioconnector_`, times are seconds, counters end with `_total`.
 */

/** The values of a label: all of them, which then exist from the start with 0, or in words where they come from. */
export type LabelValues = readonly string[] | string;

export interface MetricEntry {
    readonly help: string;
    readonly labels?: Readonly<Record<string, LabelValues>>;
}

export interface HistogramEntry extends MetricEntry {
    /** Upper bounds, ascending. */
    readonly buckets: readonly number[];
}

export const PREFIX = 'audioconnector_';

const CODE = 'a code of docs/ERRORS.md, or `other`';

const WAIT_BUCKETS = [0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15];

export const COUNTERS = {
    connections_accepted_total: { help: 'Connections that were accepted: signed, and within all limits.' },
    refusals_total: {
        help: 'Requests that were refused before they were a call, by code; `load` says which reading was beyond its limit.',
        labels: { reason: CODE, load: '`event-loop-delay`, `cpu`, `memory`, `arrivals`, or empty' },
    },
    authentication_failures_total: {
        help: 'Upgrade requests that could not prove who they come from, by code. They are among the refusals too.',
        labels: { reason: CODE },
    },
    calls_opened_total: { help: 'Calls that were opened.' },
    calls_ended_total: {
        help: 'Connections that are over, by the reason of their end.',
        labels: {
            reason: 'an `end_reason`, `client_…` as Genesys closed it, `socket_lost`, a code of docs/ERRORS.md, or `other`',
        },
    },
    call_faults_total: {
        help: 'Warnings and errors of calls in the log, by code; of the same code at most five in a call.',
        labels: { code: CODE },
    },
    bot_turns_total: {
        help: 'Turns of the bot that were reported to Genesys.',
        labels: { disposition: ['match', 'no_match', 'no_input'] },
    },
    barge_ins_total: {
        help: 'Callers who spoke over the bot or pressed a key: the bot gave up the floor (yielded), did not stop (ignored), or stopped and went on (resumed).',
        labels: { outcome: ['yielded', 'ignored', 'resumed'] },
    },
    truncated_items_total: { help: 'Items of the conversation that an interruption cut to what the caller had heard.' },
    truncated_audio_seconds_total: {
        help: 'Bot audio that was generated and not heard, because the caller interrupted.',
    },
    message_budget_waits_total: {
        help: 'Messages to Genesys that waited for a token of the message budget.',
        labels: { kind: ['audio', 'event'] },
    },
    message_budget_wait_seconds_total: {
        help: 'How long messages to Genesys waited for a token of the message budget.',
        labels: { kind: ['audio', 'event'] },
    },
    playback_gaps_total: {
        help: 'Turns in which sent bot audio ran out before the next piece left: the caller heard a gap.',
    },
    genesys_errors_total: {
        help: 'Messages `error` of Genesys: 429 (rate_limit), or another code.',
        labels: { kind: ['rate_limit', 'other'] },
    },
    upstream_connects_total: {
        help: 'Realtime sessions that became ready, or did not.',
        labels: { outcome: ['ready', 'failed'] },
    },
    upstream_errors_total: { help: 'Realtime sessions that did not come about, by code.', labels: { reason: CODE } },
    upstream_losses_total: { help: 'Realtime sessions that were lost in a call and are connected again.' },
    fallback_steps_total: {
        help: 'Calls that another fallback option took over, or that began without their best one.',
        labels: { to: ['realtime', 'rest', 'local', 'apology'] },
    },
    fallback_reasons_total: { help: 'The same steps, by the code of what was wrong.', labels: { reason: CODE } },
    tool_calls_total: {
        help: 'Function calls of the model that are over.',
        labels: {
            tool: 'the name of a function; `other` beyond 50 names',
            outcome: '`ok`, `error`, `timeout`, `aborted` or `refused`',
        },
    },
    tokens_total: {
        help: 'Tokens of the model that were billed, and those of transcriptions.',
        labels: {
            kind: [
                'input_text',
                'input_text_cached',
                'input_audio',
                'input_audio_cached',
                'output_text',
                'output_audio',
                'transcription',
            ],
        },
    },
    transcribed_seconds_total: { help: 'Caller audio that was transcribed by the Realtime API.' },
    cost_usd_total: {
        help: 'US dollars for responses and transcriptions of the Realtime API, by the prices of assets/prices.json.',
        labels: { kind: ['response', 'transcription'] },
    },
    unpriced_responses_total: {
        help: 'Responses of models without a known price: `cost_usd_total` has no part of them.',
    },
    dropped_audio_bytes_total: {
        help: 'Audio that was thrown away: of the bot because ten minutes waited (playback); of the caller because it outran the clock (flood), or because no session could take it for longer than it is kept (upstream). Stays 0 while the model can be reached.',
        labels: { place: ['playback', 'upstream', 'flood'] },
    },
    replay_store_outages_total: { help: 'Times in which the Redis of REPLAY_STORE did not answer.' },
    replay_store_undecided_total: {
        help: 'Questions that were decided without Redis: by what this process knows itself, or by a refusal.',
    },
    call_records_stored_total: { help: 'Records of calls that were stored (CALL_RECORD).' },
    call_records_dropped_total: {
        help: 'Records of calls that were given up: the store did not take them, and their journal could not be written.',
    },
    event_loop_stalls_total: {
        help: 'Times at which the event loop was late by 30 ms or more, by what took at least half of that time: this program (code), garbage collection (gc), or neither: the process waited for a processor, the machine or a disk (host).',
        labels: { cause: ['code', 'gc', 'host'] },
    },
    event_loop_stall_seconds_total: {
        help: 'How late the event loop was in these stalls together.',
        labels: { cause: ['code', 'gc', 'host'] },
    },
    host_wait_seconds_total: {
        help: 'How long the main thread was ready to run and waited for a processor; Linux only.',
    },
    host_steal_seconds_total: {
        help: 'Processor time that the hypervisor gave to other virtual machines, all processors together; Linux only.',
    },
} as const satisfies Record<string, MetricEntry>;

export const GAUGES = {
    active_calls: { help: 'Calls that are running: clients that have sent `open`.' },
    connections: { help: 'Connections that are served, calls included.' },
    max_calls: { help: 'Most calls at a time (MAX_SESSIONS).' },
    ready: { help: '1: further calls are accepted, as `/ready` says; 0: they are not.' },
    not_ready: {
        help: 'Why further calls are not accepted: 1 for that reason.',
        labels: {
            reason: ['draining', 'replay-store', 'full', 'unopened', 'event-loop-delay', 'cpu', 'memory', 'arrivals'],
        },
    },
    draining: { help: '1: the server is shutting down and lets its calls run out.' },
    load_ratio: {
        help: 'The smoothed readings of ADMISSION=load as parts of their limits: from 1 on, new calls are refused.',
        labels: { reading: ['event-loop-delay', 'cpu', 'memory'] },
    },
    fallback_calls: {
        help: 'Calls by the fallback option that answers them; bots without fallback options are not counted.',
        labels: { option: ['realtime', 'rest', 'local', 'apology'] },
    },
    upstream_down: {
        help: '1: a service is down, and calls begin with the next fallback option; 0.5: one call tries it again.',
        labels: {
            upstream: 'a name of this server: `openai-realtime`, `openai-rest`, or one with the name of a profile',
        },
    },
    replay_store_down: { help: '1: the Redis of REPLAY_STORE does not answer; 0 also where there is none.' },
    call_store_down: {
        help: '1: the store of the call records takes nothing; records wait, and calls go on. 0 also where nothing is recorded.',
    },
    call_records_waiting: { help: 'Records of calls that wait to be stored.' },
    build_info: {
        help: 'Always 1; its labels say what runs.',
        labels: { version: 'of package.json', node: 'of Node.js' },
    },
} as const satisfies Record<string, MetricEntry>;

export const HISTOGRAMS = {
    call_duration_seconds: {
        help: 'From `opened` to the end of the socket.',
        buckets: [5, 15, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600],
    },
    first_audio_seconds: { help: 'From `opened` to the first bot audio that was sent.', buckets: WAIT_BUCKETS },
    turn_latency_seconds: {
        help: 'From the end of the caller’s voice to the first bot audio that was sent.',
        buckets: WAIT_BUCKETS,
    },
    turn_playback_seconds: {
        help: 'From the end of the caller’s voice to the moment at which Genesys began to play (`playback_started`).',
        buckets: WAIT_BUCKETS,
    },
    playback_lead_seconds: {
        help: 'Most bot audio of a turn that was sent ahead of what the caller heard.',
        buckets: [0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 2, 5],
    },
    playback_least_lead_seconds: {
        help: 'Least bot audio of a turn that was still ahead of what the caller heard when the next piece left; at 0 they heard a gap.',
        buckets: [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 5],
    },
    upstream_connect_seconds: {
        help: 'From the first attempt to connect to a Realtime session that is ready.',
        buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8],
    },
    upstream_round_trip_seconds: {
        help: 'From a WebSocket ping to the Realtime API to its pong, every 15 s in each session.',
        buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 10],
    },
    tool_duration_seconds: {
        help: 'How long function calls of the model took, refused ones apart.',
        labels: { tool: 'as in `tool_calls_total`' },
        buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 20],
    },
    event_loop_stall_seconds: {
        help: 'How late the event loop was in each stall of 30 ms or more.',
        buckets: [0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    },
} as const satisfies Record<string, HistogramEntry>;

export type CounterName = keyof typeof COUNTERS;
export type GaugeName = keyof typeof GAUGES;
export type HistogramName = keyof typeof HISTOGRAMS;
