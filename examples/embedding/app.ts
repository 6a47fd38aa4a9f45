import { createServer, type Server as HttpServer } from 'node:http';
import type { LogFields, Logger } from '../../src/support/logger';
import { Server, type ServerDeps } from '../../src/websocket/server';

/** The application's own logger: one line for each event, with the fields behind the message. */
export class LineLogger implements Logger {
    constructor(
        private readonly write: (line: string) => void,
        private readonly fields: LogFields = {},
    ) {}

    /** Not wanted here. pino, winston and others filter by level themselves. */
    debug(): void {
        return;
    }

    info(fields: LogFields, message: string): void {
        this.line('info', fields, message);
    }

    warn(fields: LogFields, message: string): void {
        this.line('warn', fields, message);
    }

    error(fields: LogFields, message: string): void {
        this.line('error', fields, message);
    }

    child(fields: LogFields): Logger {
        return new LineLogger(this.write, { ...this.fields, ...fields });
    }

    private line(level: string, fields: LogFields, message: string): void {
        this.write(`audiohook ${level}: ${message} ${JSON.stringify({ ...this.fields, ...fields })}\n`);
    }
}

/** An HTTP server that existed before, with a route of its own. */
export function createApplication(): HttpServer {
    return createServer((request, response) => {
        if (request.url === '/hello') response.end('Hello.\n');
        else response.writeHead(404).end();
    });
}

/**
 * Adds the calls to the application: upgrade requests at AUDIOHOOK_PATH become calls, everything else stays with the application.
 * Configuration comes from the environment, unless `deps.config` is given.
 */
export function addCalls(http: HttpServer, write: (line: string) => void, deps: Partial<ServerDeps> = {}): Server {
    return new Server({ logger: new LineLogger(write), ...deps, server: http });
}

/** `AUDIOHOOK_PATH=/audiohook npx tsx examples/embedding/app.ts` */
async function main(): Promise<void> {
    const http = createApplication();
    const calls = addCalls(http, (line) => process.stderr.write(line));
    await calls.start();
    http.listen(8080);
    process.once('SIGTERM', () => {
        // The calls first: closing the HTTP server alone would wait for them without telling them.
        void calls.stop().then(() => http.close());
    });
}

if (require.main === module) void main();
