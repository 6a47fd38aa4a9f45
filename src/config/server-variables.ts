/** How the server listens, how much it takes on, how it ends, and what it logs. */
import { z } from 'zod';
import { choice, flag, host, variable, whole } from './fields';

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
        whole(1, 100_000).default(1000),
        'Most calls at a time. Further calls are answered 503, and Architect continues on its failure path.',
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
    LOG_LEVEL: variable(choice(['debug', 'info', 'warn', 'error', 'silent']).default('info'), 'How much is logged.'),
    LOG_TRANSCRIPTS: variable(
        flag.default(false),
        'Write the transcript of caller and bot into the log. It contains private matters: only for tests.',
    ),
};
