import { createServer } from 'node:net';

/** A TCP port of 127.0.0.1 on which no program listened a moment ago. */
export function freePort(): Promise<number> {
    return new Promise((resolve) => {
        const probe = createServer();
        probe.listen(0, '127.0.0.1', () => {
            const address = probe.address();
            probe.close(() => {
                resolve(typeof address === 'object' && address !== null ? address.port : 0);
            });
        });
    });
}

/** Whether a GET of `url` gives a status of 200 to 299. Never rejects. */
export async function isUp(url: string): Promise<boolean> {
    try {
        return (await fetch(url)).ok;
    } catch {
        return false;
    }
}
