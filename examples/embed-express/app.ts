import { createServer, type Server as HttpServer } from 'node:http';
import express from 'express';
// In your application: from 'audioconnector-server'
import { Server, type ServerOptions } from '../../src/api';

/** An Express application with a route of its own. Upgrade requests at AUDIOHOOK_PATH become calls, everything else stays with Express. */
export function createApplication(options: ServerOptions = {}): { http: HttpServer; calls: Server } {
    const app = express();
    const http = createServer(app);
    const calls = new Server({ ...options, server: http });
    app.get('/hello', (_request, response) => {
        response.send('Hello.\n');
    });
    // For the load balancer: while the calls of a stopping server run out, /ready says that no further ones may come.
    app.get(['/health', '/ready'], calls.answer);
    return { http, calls };
}

/** `AUDIOHOOK_PATH=/audiohook npx tsx examples/embed-express/app.ts` */
async function main(): Promise<void> {
    const { http, calls } = createApplication();
    await calls.start();
    http.listen(Number(process.env['PORT'] ?? 8080));
    process.once('SIGTERM', () => {
        // The calls first: closing the HTTP server alone would wait for them without telling them.
        void calls.stop().then(() => http.close());
    });
}

if (require.main === module) void main();
