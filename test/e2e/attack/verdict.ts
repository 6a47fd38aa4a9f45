import type { RawClient } from './raw-client';

/**
 * `lives`: the session takes no harm; `ended`: it was told to disconnect; `closed`: what was sent counted as `close`; a number:
 * the WebSocket was closed with it.
 */
export type Verdict = 'lives' | 'ended' | 'closed' | number;

const LONGEST_INFO = 100;

/**
 * What a hostile message led to. Whatever it was: unless the WebSocket itself broke, `close` is still answered with `closed`,
 * which is the last word; a `disconnect` came once, and says little.
 */
export async function verdictOn(client: RawClient): Promise<Verdict> {
    client.send('ping', {}, { serverseq: 0 });
    const signs = ['pong', 'disconnect', 'closed'];
    await client.when(() => signs.some((type) => client.has(type)));
    if (client.has('closed')) {
        expectFinished(client);
        return 'closed';
    }
    const ended = client.has('disconnect');
    if (!client.ended && client.closeCode === undefined) {
        client.send('close', { reason: 'end' }, { serverseq: 0 });
        await client.when(() => client.has('closed'));
    }
    if (client.has('closed')) expectFinished(client);
    if (client.closeCode !== undefined || client.ended) return client.closeCode ?? 1006;
    return ended ? 'ended' : 'lives';
}

function expectFinished(client: RawClient): void {
    expect(client.types().at(-1)).toBe('closed');
    expect(client.messages.map(({ seq }) => seq)).toEqual(client.messages.map((_, index) => index + 1));
    const disconnects = client.messages.filter(({ type }) => type === 'disconnect');
    expect(disconnects.length).toBeLessThanOrEqual(1);
    for (const { parameters } of disconnects) {
        expect(['error', 'unauthorized']).toContain(parameters?.['reason']);
        expect(String(parameters?.['info']).length).toBeLessThan(LONGEST_INFO);
    }
}
