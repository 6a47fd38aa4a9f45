import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import type { CallQuery } from '../../../src/call-records/call-store';
import { createStore } from '../../../src/call-records/stores/create-store';
import type * as S3StoreModule from '../../../src/call-records/stores/s3-store';
import { S3Store } from '../../../src/call-records/stores/s3-store';
import { pageOf, storedCallOf } from '../../../src/call-records/stores/stored-call';
import { silentLogger } from '../../../src/support/logger';
import { manyCalls } from '../../support/many-calls';

const BUCKET = 'calls';
const ENVIRONMENT = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

let folder: string;
let server: S3rver;
const before = { ...process.env };
const stores: S3Store[] = [];

beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 's3-'));
    server = new S3rver({
        port: 0,
        address: '127.0.0.1',
        silent: true,
        directory: folder,
        configureBuckets: [{ name: BUCKET, configs: [] }],
    });
    const { port } = await server.run();
    Object.assign(process.env, ENVIRONMENT, { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` });
});

afterAll(async () => {
    for (const store of stores) await store.close();
    await server.close();
    process.env = before;
    rmSync(folder, { recursive: true, force: true });
});

function open(prefix: string, bucket = BUCKET): S3Store {
    const store = new S3Store({ bucket, prefix });
    stores.push(store);
    return store;
}

it.each(['', 'calls/production'])('gives back what was put, below the prefix %j', async (prefix) => {
    const store = open(prefix);
    const documents = manyCalls(1, 12, { days: 4 });
    await Promise.all(documents.map((document) => store.put(document)));
    const [one] = documents;
    if (one === undefined) throw new Error('no document');
    // Another process reads what this one wrote.
    const reader = open(prefix);
    expect(await reader.get(one.sessionId)).toEqual(one);
    const newest = documents.filter(({ conversationId }) => conversationId === one.conversationId).at(-1);
    expect(await reader.get(one.conversationId)).toEqual(newest);
    expect(await reader.get('d7934305-0972-4844-938e-9060eef73d06')).toBeUndefined();
    const queries: CallQuery[] = [
        { limit: 500 },
        { limit: 3, offset: 2 },
        { limit: 500, sort: 'worst' },
        { limit: 500, sort: 'costliest', withFallback: false },
        { limit: 500, from: documents[4]?.startedAt ?? '', until: documents[9]?.startedAt ?? '' },
        { limit: 500, bot: 'support' },
    ];
    for (const query of queries) expect(await reader.list(query)).toEqual(pageOf(documents.map(storedCallOf), query));
    for (const { sessionId } of documents) expect(await store.remove(sessionId)).toBe(true);
    expect(await reader.list({ limit: 5 })).toEqual({ calls: [], total: 0 });
});

it('keeps files beside the record, and removes them with it', async () => {
    const store = open('files');
    const [one] = manyCalls(2, 1);
    if (one === undefined) throw new Error('no document');
    const [name, path] = [`${one.sessionId}.wav`, join(folder, 'made.wav')];
    await store.put(one);
    writeFileSync(path, Buffer.alloc(100_000, 'RIFF'));
    await store.putFile(one.sessionId, name, path);
    expect(existsSync(path)).toBe(false);
    expect((await store.file(one.sessionId, name))?.length).toBe(100_000);
    expect(await store.file(one.sessionId, `${one.sessionId}.flight`)).toBeUndefined();
    await store.put({ ...one, endReason: 'changed' });
    expect((await store.list({ limit: 5 })).calls[0]?.endReason).toBe('changed');
    expect(await store.remove(one.sessionId)).toBe(true);
    expect(await store.remove(one.sessionId)).toBe(false);
    expect(await store.file(one.sessionId, name)).toBeUndefined();
    expect(await store.tidy()).toBe(0);
});

it('refuses ids that are none, and queries that are wrong', async () => {
    const store = open('ids');
    await expect(store.file('..', '...wav')).rejects.toMatchObject({ code: 'ERR_CALL_STORE_ID' });
    await expect(store.remove('x')).rejects.toMatchObject({ code: 'ERR_CALL_STORE_ID' });
    await expect(store.list({ limit: 0 })).rejects.toMatchObject({ code: 'ERR_CALL_STORE_QUERY' });
});

it('names what S3 says: no such bucket, and no server there', async () => {
    const [document] = manyCalls(3, 1);
    if (document === undefined) throw new Error('no document');
    await expect(open('', 'another').put(document)).rejects.toMatchObject({
        code: 'ERR_CALL_STORE_BUCKET',
        facts: { apiCode: 'NoSuchBucket', status: 404 },
    });
    const endpoint = process.env['AWS_ENDPOINT_URL_S3'];
    process.env['AWS_ENDPOINT_URL_S3'] = 'http://127.0.0.1:1';
    const store = createStore({ kind: 's3', bucket: BUCKET, prefix: '' }, { maxDays: 1, maxMiB: 1 }, silentLogger);
    await expect(store.list({ limit: 1 })).rejects.toMatchObject({
        code: 'ERR_CALL_STORE_BUCKET',
        message: expect.stringContaining('ECONNREFUSED') as string,
        facts: { address: 'http://127.0.0.1:1/' },
    });
    await store.close();
    process.env['AWS_ENDPOINT_URL_S3'] = endpoint;
});

it('says what to install where the client is missing', () => {
    jest.isolateModules(() => {
        jest.doMock('@aws-sdk/client-s3', () => {
            throw new Error('Cannot find module');
        });
        const isolated = jest.requireActual<typeof S3StoreModule>('../../../src/call-records/stores/s3-store');
        expect(() => new isolated.S3Store({ bucket: BUCKET, prefix: '' })).toThrow('is not installed');
    });
});
