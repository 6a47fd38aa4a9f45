/**
 * Run in a process of its own, which trusts the certificate of the test (NODE_EXTRA_CA_CERTS): one request each of a tool, of
 * OpenAI over HTTP and of the Realtime socket, through the proxy of HTTPS_PROXY. Prints what came back, as JSON.
 */
import { HostList } from '../../src/services/functions/http/address-guard';
import { createHttpClient } from '../../src/services/functions/http/client';
import { RealtimeTransport } from '../../src/services/realtime/connection';
import { createHTTPClient } from '../../src/speech/openai-http-client';
import { systemClock } from '../../src/support/clock';

async function tool(): Promise<string> {
    const url = new URL('https://orders.service.test/status');
    const http = createHttpClient();
    const signal = AbortSignal.timeout(10_000);
    return (await http({ method: 'GET', url, headers: {}, hosts: new HostList([url.host]), signal })).text;
}

async function openaiOverHTTP(): Promise<string> {
    const client = createHTTPClient({ apiKey: 'sk-test', baseURL: 'https://api.service.test/v1' });
    const file = new File([new Uint8Array(2000)], 'words.wav');
    return (await client.audio.transcriptions.create({ file, model: 'm' })).text;
}

function realtime(): Promise<string> {
    return new Promise((resolve) => {
        const transport = new RealtimeTransport('wss://api.service.test/v1/realtime', {}, systemClock, {
            opened: () => undefined,
            frame: (frame) => {
                transport.close();
                resolve(frame.toString());
            },
            ended: (end) => {
                resolve(JSON.stringify(end));
            },
        });
    });
}

async function main(): Promise<void> {
    console.log(JSON.stringify({ tool: await tool(), http: await openaiOverHTTP(), realtime: await realtime() }));
    process.exit(0);
}

main().catch((fault: unknown) => {
    console.error(fault);
    process.exit(1);
});
