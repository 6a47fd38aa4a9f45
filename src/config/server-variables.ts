/** How the server listens, how much it takes on, how it ends, and what it logs. */
import { z } from 'zod';
import { CAPACITY } from './capacity';
import { choice, flag, host, matching, variable, whole } from './fields';

/** How late the event loop may be before new calls are refused, in ms, when MAX_EVENT_LOOP_DELAY_MS is not set. */
export const DEFAULT_MAX_EVENT_LOOP_DELAY_MS = 30;

/** Where the metrics are served when METRICS_HOST is not set: for a Prometheus on the same machine. */
export const DEFAULT_METRICS_HOST = '127.0.0.1';

const urlPath = z
    .string()
    .regex(/^(\/[\w.~!$&'()*+,;=:@%-]+)*\/?$/)
    .transform((given) => (given === '/' ? given : given.replace(/\/$/, '')))
    .describe('a path that begins with `/`, without query');

export const SERVER_VARIABLES = {
    PORT: variable(
        whole(0, 65_535).describe('a whole number from 0 to 65535; 0 takes any free port').default(8080),
        'TCP port to listen on. Genesys connects with TLS to port 443 only: a proxy or a tunnel in front forwards to this port.',
    ),
    HOST: variable(
        host.default('127.0.0.1'),
        'Address to listen on. The default can be reached from this machine only; `0.0.0.0` opens the server to the network, as a container needs it.',
    ),
    AUDIOHOOK_PATH: variable(
        urlPath.default('/'),
        'Path of the Base Connection URI. This path and all paths below it are served, because Genesys appends the Connector ID.',
    ),
    NODE_ENV: variable(
        z.string().toLowerCase().describe('`production`, `development` or another word').default('development'),
        '`production` refuses development keys and FORCE_FALLBACK.',
    ),
    MAX_SESSIONS: variable(
        whole(1, 100_000).optional(),
        'Most calls at a time. Further calls are answered 503, and Architect continues on its failure path. The default is what one core carries, because one process works on one core; where the container has less than a core, it is that part of it. The log names the number at the start (docs/CAPACITY.md).',
        {
            unset: `\`${CAPACITY.pcmu.callsPerCore}\` with OPENAI_AUDIO_FORMAT=pcmu, \`${CAPACITY.pcm16.callsPerCore}\` with pcm16, \`${CAPACITY.local.callsPerCore}\` without a key of OpenAI`,
            example: '500',
        },
    ),
    ADMISSION: variable(
        choice(['load', 'off']).default('load'),
        '`load`: new calls are answered 503 while the calls that are running would suffer from one more: the event loop is late, the CPU or the memory is nearly used up, or too many calls begin at once. `off`: only MAX_SESSIONS and MAX_UNOPENED_CONNECTIONS count (docs/CAPACITY.md).',
    ),
    MAX_EVENT_LOOP_DELAY_MS: variable(
        whole(10, 1000).optional(),
        'Only with ADMISSION=load: how late the event loop may be, in ms, before new calls are refused: the 99th percentile of each 250 ms, smoothed over about a second. The default keeps what callers say under way to the model for less than 50 ms (p99).',
        { unset: `\`${DEFAULT_MAX_EVENT_LOOP_DELAY_MS}\``, example: String(DEFAULT_MAX_EVENT_LOOP_DELAY_MS) },
    ),
    MAX_MEMORY_MIB: variable(
        whole(256, 16_777_216).optional(),
        'Only with ADMISSION=load: memory of this process, in MiB; new calls are refused when 90 % of it is used.',
        { unset: 'the limit of the container, or else the memory of the machine', example: '2048' },
    ),
    MAX_UNOPENED_CONNECTIONS: variable(
        whole(1, 100_000).default(200),
        'Most connections at a time whose client has not sent `open`, for which it has 5 s. Further ones are answered 503. They do not count as calls.',
    ),
    MAX_CALL_MINUTES: variable(whole(1, 1440).default(60), 'Longest call, in minutes.'),
    SHUTDOWN_DRAIN_SECONDS: variable(
        whole(0, 3600).default(30),
        'How long running calls go on after SIGTERM, in seconds, while further calls are refused. 0: each gets its goodbye at once. A second signal ends all calls at once.',
    ),
    SHUTDOWN_GRACE_SECONDS: variable(
        whole(0, 3600).default(10),
        'How long each call that is left then has to finish its sentence, say goodbye and end, in seconds. 0: they end in mid-word. The process manager must wait longer than both times together.',
    ),
    PLAYBACK_LEAD_MS: variable(
        whole(300, 5000).default(600),
        'Most audio, in ms, that is sent ahead of the playhead. Small: the bot is quiet at once when it is interrupted. Large: no gaps on an unsteady network.',
    ),
    METRICS_PORT: variable(
        whole(0, 65_535).describe('a whole number from 0 to 65535, other than PORT; 0 takes any free port').optional(),
        'TCP port of the metrics: `GET /metrics` is answered there in the text format of Prometheus (docs/METRICS.md). Calls are never served on it.',
        { unset: 'no metrics are kept', example: '9464' },
    ),
    METRICS_HOST: variable(
        host.optional(),
        'Only with METRICS_PORT: the address on which the metrics are served. Another one than the default shows to the network how many calls there are and what they cost: set METRICS_TOKEN too, or let only Prometheus reach the port.',
        { unset: `\`${DEFAULT_METRICS_HOST}\`: this machine only`, example: DEFAULT_METRICS_HOST },
    ),
    METRICS_TOKEN: variable(
        matching(/^[\x21-\x7e]{16,}$/, 'at least 16 characters, without blanks').optional(),
        'Only with METRICS_PORT: a request without `Authorization: Bearer` and this token is answered 401.',
        { unset: 'every request that reaches the port is answered', secret: true, example: 'a-long-random-token' },
    ),
    LOG_LEVEL: variable(choice(['debug', 'info', 'warn', 'error', 'silent']).default('info'), 'How much is logged.'),
    LOG_TRANSCRIPTS: variable(
        flag.default(false),
        'Write the transcript of caller and bot into the log. It contains private matters: only for tests.',
    ),
};
