import fastify, { type FastifyInstance } from 'fastify';
// In your application: from 'audioconnector-server'
import { Server, type ServerOptions } from '../../src/api';

/** A Fastify application with a route of its own. Upgrade requests at AUDIOHOOK_PATH become calls, everything else stays with Fastify. */
export function createApplication(options: ServerOptions = {}): { app: FastifyInstance; calls: Server } {
    const app = fastify();
    const calls = new Server({ ...options, server: app.server });
    app.get('/hello', () => 'Hello.\n');
    for (const path of ['/health', '/ready'])
        app.get(path, (request, reply) => {
            reply.hijack();
            calls.answer(request.raw, reply.raw);
        });
    // Fastify listens once the calls can be answered, and closes once the last one has had its goodbye.
    app.addHook('onReady', () => calls.start());
    app.addHook('preClose', () => calls.stop());
    return { app, calls };
}

/** `AUDIOHOOK_PATH=/audiohook npx tsx examples/embed-fastify/app.ts` */
async function main(): Promise<void> {
    const { app } = createApplication();
    await app.listen({ port: Number(process.env['PORT'] ?? 8080) });
    process.once('SIGTERM', () => void app.close());
}

if (require.main === module) void main();
