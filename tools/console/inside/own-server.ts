import type { Config } from '../../../src/config/config';
import { systemClock } from '../../../src/support/clock';
import { CodedError } from '../../../src/support/errors';
import type { Logger } from '../../../src/support/logger';
import type { ServerExtensions } from '../../../src/extensions';
import { Server } from '../../../src/websocket/server';
import type { WatchInside } from '../call-controller';
import { RealtimeTap } from './realtime-tap';
import type { Tell } from './watch-conversation';
import { WatchedBots } from './watched-bots';

/** A server that the console started in its own process, and can look into. */
export interface OwnServer {
    /** ws:// address on loopback. */
    url: string;
    bots: readonly string[];
    watchInside: WatchInside;
    /** Ends all calls with a goodbye, and frees everything. */
    close(): Promise<void>;
}

/**
 * Starts the real server, with two windows in it: the bots of a watched call are listened to, and a socket in between shows
 * what passes between the server and OpenAI. Calls of others on the same server are not looked at, and are not slowed down.
 *
 * Listens where `config` says; on any free port if that one is taken. Rejects with a coded error as `Server.start` does. `extensions`: what
 * the module of EXTENSIONS gives, as for `npm start`.
 */
export async function startOwnServer(
    config: Config,
    logger: Logger,
    extensions: ServerExtensions = {},
): Promise<OwnServer> {
    let tellWatchers: Tell = () => undefined;
    const tap =
        config.openai &&
        (await RealtimeTap.start(config.openai.url, (event) => {
            tellWatchers(event);
        }));
    const { bots, server } = await startSomewhere({ config, tap, logger, extensions });
    tellWatchers = (event) => {
        bots.tellWatchers(event);
    };
    return {
        url: urlOf(server, config),
        bots: bots.names,
        watchInside: (conversationId, tell) => bots.watchCall(conversationId, tell),
        close: async () => {
            await server.cutOff();
            await tap?.close();
        },
    };
}

interface Running {
    server: Server;
    bots: WatchedBots;
}

interface Start {
    config: Config;
    tap: RealtimeTap | undefined;
    logger: Logger;
    extensions: ServerExtensions;
}

async function startSomewhere({ config, tap, logger, extensions }: Start): Promise<Running> {
    const deps = { clock: systemClock, logger };
    const { secrets, ...ofBots } = extensions;
    const bots = new WatchedBots(config, throughTap(config, tap), { ...deps, ...ofBots });
    const server = new Server({ config, ...deps, ...(secrets !== undefined && { secrets }), botService: bots });
    try {
        await server.start();
        return { server, bots };
    } catch (fault) {
        await bots.close();
        const portTaken = fault instanceof CodedError && fault.code === 'ERR_LISTEN' && config.port !== 0;
        if (!portTaken) throw fault;
        return startSomewhere({ config: { ...config, port: 0 }, tap, logger, extensions });
    }
}

function throughTap(config: Config, tap: RealtimeTap | undefined): Config | undefined {
    if (tap === undefined || config.openai === undefined) return undefined;
    return { ...config, openai: { ...config.openai, url: tap.url } };
}

function urlOf(server: Server, { audiohookPath }: Config): string {
    const { address } = server;
    if (address === undefined) throw new Error('The server has no address.');
    // An address to listen on everywhere is not one to call.
    const everywhere = address.address === '0.0.0.0' || address.address === '::';
    const host = everywhere ? '127.0.0.1' : address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `ws://${host}:${address.port}${audiohookPath}`;
}
