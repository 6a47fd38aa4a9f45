import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import type * as ioredis from 'ioredis';

/** What is used of a connection to Redis. */
export interface RedisClient {
    /** Runs a script; rejects at once where there is no connection. */
    eval(script: string, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>;
    /** Resolves when it is connected, or has failed once; it goes on trying by itself. */
    readonly connected: Promise<void>;
    /** Cuts the connection off, with all that waits on it; a new one is made. */
    cut(): void;
    /** Why there is no connection; undefined: it is not known. */
    readonly lastFault: Error | undefined;
    /** Ends the connection for good. */
    close(): void;
}

export type ConnectRedis = (url: string) => RedisClient;

/** Time between two attempts to connect, in ms. */
const RECONNECT_MS = 1000;
/** How long an attempt to connect may take, in ms. */
const CONNECT_MS = 2000;
/** How long a connection that was cut off may take to close, in ms. */
const CLOSE_MS = 100;

/**
 * Connects with `ioredis`, which is loaded only here. Commands are never queued while there is no connection, nor sent again after one was lost:
 * what they decide is decided without Redis by then. RESP2, so that no version of Redis answers twice.
 */
export function connectRedis(url: string): RedisClient {
    const { Redis } = createRequire(__filename)('ioredis') as typeof ioredis;
    const redis = new Redis({
        ...placeOf(new URL(url)),
        protocol: 2,
        lazyConnect: true,
        connectionName: 'audioconnector',
        disableClientInfo: true,
        enableReadyCheck: false,
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
        maxRetriesPerRequest: 0,
        connectTimeout: CONNECT_MS,
        disconnectTimeout: CLOSE_MS,
        retryStrategy: () => RECONNECT_MS,
    });
    return new Client(redis);
}

class Client implements RedisClient {
    lastFault: Error | undefined;
    /** Redis has refused the database of the URL: ioredis would go on with database 0. */
    private wrongDatabase: Error | undefined;
    readonly connected: Promise<void>;

    constructor(private readonly redis: ioredis.Redis) {
        redis.on('error', (fault: Error) => {
            this.lastFault = fault;
            if (/DB index/i.test(fault.message)) this.wrongDatabase = fault;
        });
        redis.on('connect', () => {
            this.wrongDatabase = undefined;
        });
        redis.on('ready', () => {
            this.lastFault = undefined;
        });
        this.connected = redis.connect().catch(() => undefined);
    }

    eval(script: string, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
        if (this.wrongDatabase !== undefined) return Promise.reject(this.wrongDatabase);
        return this.redis.eval(script, keys.length, ...keys, ...values);
    }

    cut(): void {
        // In other states there is no connection, or an attempt that has its own time limit.
        if (['connect', 'ready'].includes(this.redis.status)) this.redis.disconnect(true);
    }

    close(): void {
        this.redis.disconnect();
    }
}

type Place = Pick<ioredis.RedisOptions, 'host' | 'port' | 'db' | 'username' | 'password' | 'tls'>;

/** The parts of a URL that the configuration has checked. */
function placeOf({ protocol, hostname, port, username, password, pathname }: URL): Place {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    return {
        host,
        port: port === '' ? 6379 : Number(port),
        db: Number(pathname.slice(1)),
        ...(username !== '' && { username: decodeURIComponent(username) }),
        ...(password !== '' && { password: decodeURIComponent(password) }),
        ...(protocol === 'rediss:' && { tls: isIP(host) === 0 ? { servername: host } : {} }),
    };
}
