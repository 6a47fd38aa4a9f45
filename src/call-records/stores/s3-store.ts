import { createRequire } from 'node:module';
import { readFile, rm } from 'node:fs/promises';
import type * as S3 from '@aws-sdk/client-s3';
import type { CallDocument } from '../document';
import type { CallPage, CallQuery, CallStore, StoredCall } from '../call-store';
import { checkFileName, checkQuery, checkSessionId, dayOf, isSessionId, jsonOf } from './stored-call';
import { pageOf, parsedDocument, storedCallOf } from './stored-call';
import { CodedError } from '../../support/errors';
import { isFields, recordIn, textIn } from '../../support/json';
import { proxyAgentFor, proxyFaultIn } from '../../support/proxy';
import { loggedAddress } from '../../support/redact';

/** Requests of one question that run at a time. */
const AT_ONCE = 16;
/** How long a connection, and an answer, may take, ms. */
const CONNECT_MS = 3000;
const ANSWER_MS = 30_000;
const ATTEMPTS = 3;

export interface S3StoreOptions {
    readonly bucket: string;
    /** Without a slash at its end; empty: the records are at the top of the bucket. */
    readonly prefix: string;
}

interface Listed {
    readonly key: string;
    /** Changes with the content. */
    readonly etag: string;
}

/**
 * Records in an S3 bucket: the object `<prefix>/<YYYY-MM-DD>/<session id>.json`, and files beside it. Region, endpoint and credentials are those of
 * AWS's own environment variables and files. There is no index: docs/CALL-STORES.md says what a list costs, and how old records are removed.
 */
export class S3Store implements CallStore {
    private readonly sdk: typeof S3;
    private readonly client: S3.S3Client;
    private readonly address: string;
    /** What lists show of the objects that were read already, by key. */
    private readonly read = new Map<string, { etag: string; call: StoredCall }>();

    /** @throws CodedError `ERR_CALL_STORE_CLIENT`: the client is not installed; `ERR_PROXY` as `proxyFor` */
    constructor(private readonly options: S3StoreOptions) {
        this.sdk = loadSdk();
        const endpoint = process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
        const url = endpoint === undefined || endpoint === '' ? 'https://s3.amazonaws.com' : endpoint;
        this.address = loggedAddress(url);
        const agent = proxyAgentFor(url);
        this.client = new this.sdk.S3Client({
            maxAttempts: ATTEMPTS,
            // Servers other than AWS's know the bucket by the path, and many know no checksums in trailers.
            ...(endpoint !== undefined &&
                endpoint !== '' && { forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' as const }),
            requestHandler: {
                connectionTimeout: CONNECT_MS,
                requestTimeout: ANSWER_MS,
                ...(agent !== undefined && { httpsAgent: agent }),
            },
        });
    }

    async put(document: CallDocument): Promise<void> {
        checkSessionId(document.sessionId);
        const key = this.keyOf(dayOf(document.startedAt), `${document.sessionId}.json`);
        await this.upload(key, await jsonOf(document), 'application/json');
    }

    async putFile(sessionId: string, name: string, path: string): Promise<void> {
        checkFileName(sessionId, name);
        const [record] = await this.keysOf(sessionId);
        const day = record === undefined ? dayOf(new Date().toISOString()) : this.dayOfKey(record);
        let bytes: Uint8Array;
        try {
            bytes = await readFile(path);
        } catch (fault) {
            throw new CodedError('ERR_CALL_STORE_WRITE', fault instanceof Error ? `${fault.message}.` : undefined);
        }
        await this.upload(this.keyOf(day, name), bytes, 'application/octet-stream');
        await rm(path, { force: true });
    }

    async list(query: CallQuery): Promise<CallPage> {
        checkQuery(query);
        const days = (await this.days()).filter((day) => isDayWanted(day, query));
        const listed = (await inParallel(days, (day) => this.listed(`${day}/`))).flat();
        const records = listed.filter(({ key }) => key.endsWith('.json'));
        const calls = await inParallel(records, (record) => this.callOf(record));
        return pageOf(
            calls.filter((call) => call !== undefined),
            query,
        );
    }

    async get(id: string): Promise<CallDocument | undefined> {
        const key = isSessionId(id) ? await this.keyWith(id, `${id}.json`) : undefined;
        if (key !== undefined) return this.document(key);
        const { calls } = await this.list({ id, limit: 500 });
        const call = calls.find(({ conversationId }) => conversationId === id);
        return call && this.document(this.keyOf(dayOf(call.startedAt), `${call.sessionId}.json`));
    }

    async file(sessionId: string, name: string): Promise<Uint8Array | undefined> {
        checkFileName(sessionId, name);
        const key = await this.keyWith(sessionId, name);
        return key === undefined ? undefined : this.download(key);
    }

    /** Removes the record of a call and all files beside it. @returns whether there was anything */
    async remove(sessionId: string): Promise<boolean> {
        checkSessionId(sessionId);
        const keys = await this.keysOf(sessionId);
        // The record goes last: as long as it is there, the call can be removed again.
        for (const key of keys.reverse()) {
            this.read.delete(key);
            const { bucket: Bucket } = this.options;
            await this.asked(this.client.send(new this.sdk.DeleteObjectCommand({ Bucket, Key: key })));
        }
        return keys.length > 0;
    }

    /** Does nothing: a lifecycle rule of the bucket removes what is old. */
    tidy(): Promise<number> {
        return Promise.resolve(0);
    }

    close(): Promise<void> {
        this.client.destroy();
        return Promise.resolve();
    }

    private below(path: string): string {
        const { prefix } = this.options;
        return prefix === '' ? path : `${prefix}/${path}`;
    }

    private keyOf(day: string, name: string): string {
        return this.below(`${day}/${name}`);
    }

    private dayOfKey(key: string): string {
        return key.split('/').at(-2) ?? '';
    }

    /** The keys of a call: the record first, if there is one. */
    private async keysOf(sessionId: string): Promise<string[]> {
        const days = await this.days();
        const listed = await inParallel(days, (day) => this.listed(`${day}/${sessionId}.`));
        const keys = listed.flat().map(({ key }) => key);
        return keys.sort((a, b) => Number(b.endsWith('.json')) - Number(a.endsWith('.json')));
    }

    private async keyWith(sessionId: string, name: string): Promise<string | undefined> {
        return (await this.keysOf(sessionId)).find((key) => key.endsWith(`/${name}`));
    }

    /** The days that have objects. */
    private async days(): Promise<string[]> {
        const days: string[] = [];
        for await (const page of this.pages(this.below(''), '/'))
            for (const { Prefix = '' } of page.CommonPrefixes ?? []) days.push(Prefix.split('/').at(-2) ?? '');
        return days.filter((day) => /^\d{4}-\d{2}-\d{2}$/.test(day));
    }

    /** The objects whose keys begin so, after the prefix of the store. */
    private async listed(beginning: string): Promise<Listed[]> {
        const listed: Listed[] = [];
        for await (const page of this.pages(this.below(beginning)))
            for (const { Key = '', ETag = '' } of page.Contents ?? []) listed.push({ key: Key, etag: ETag });
        return listed;
    }

    private async *pages(prefix: string, delimiter?: string): AsyncGenerator<S3.ListObjectsV2CommandOutput> {
        const { bucket: Bucket } = this.options;
        let token: string | undefined;
        do {
            const command = new this.sdk.ListObjectsV2Command({
                Bucket,
                Prefix: prefix,
                ...(delimiter !== undefined && { Delimiter: delimiter }),
                ...(token !== undefined && { ContinuationToken: token }),
            });
            const page = await this.asked(this.client.send(command));
            yield page;
            token = page.NextContinuationToken;
        } while (token !== undefined);
    }

    /** undefined: it is no record that can be read, or has gone. */
    private async callOf({ key, etag }: Listed): Promise<StoredCall | undefined> {
        const known = this.read.get(key);
        if (known?.etag === etag) return known.call;
        try {
            const document = await this.document(key);
            if (document === undefined) return undefined;
            const call = storedCallOf(document);
            this.read.set(key, { etag, call });
            return call;
        } catch (fault) {
            if (fault instanceof CodedError && fault.code === 'ERR_CALL_STORE_RECORD') return undefined;
            throw fault;
        }
    }

    private async document(key: string): Promise<CallDocument | undefined> {
        const bytes = await this.download(key);
        const sessionId = (key.split('/').at(-1) ?? '').replace(/\.json$/, '');
        return bytes && parsedDocument(Buffer.from(bytes).toString(), sessionId, key);
    }

    private async upload(key: string, body: string | Uint8Array, contentType: string): Promise<void> {
        const { bucket: Bucket } = this.options;
        const command = new this.sdk.PutObjectCommand({ Bucket, Key: key, Body: body, ContentType: contentType });
        await this.asked(this.client.send(command));
    }

    private async download(key: string): Promise<Uint8Array | undefined> {
        const { bucket: Bucket } = this.options;
        try {
            const { Body } = await this.client.send(new this.sdk.GetObjectCommand({ Bucket, Key: key }));
            return await Body?.transformToByteArray();
        } catch (fault) {
            if (isFields(fault) && textIn(fault, 'name') === 'NoSuchKey') return undefined;
            throw this.coded(fault);
        }
    }

    private async asked<T>(answer: Promise<T>): Promise<T> {
        try {
            return await answer;
        } catch (fault) {
            throw this.coded(fault);
        }
    }

    private coded(fault: unknown): CodedError {
        if (fault instanceof CodedError) return fault;
        const proxyFault = proxyFaultIn(fault);
        if (proxyFault !== undefined) return proxyFault;
        const fields = isFields(fault) ? fault : {};
        const status = recordIn(fields, '$metadata')['httpStatusCode'];
        const name = textIn(fields, 'name');
        const apiCode = name === 'Error' ? undefined : name;
        const apiMessage = textIn(fields, 'message')?.slice(0, 200);
        const systemError = textIn(fields, 'code');
        const words = [apiCode, systemError, apiMessage].filter((each) => each !== undefined && each !== '').join(': ');
        return new CodedError('ERR_CALL_STORE_BUCKET', `${this.options.bucket}: ${words}.`, {
            apiCode,
            apiMessage,
            systemError,
            address: this.address,
            ...(typeof status === 'number' && { status }),
        });
    }
}

/** Whether calls of this day can be among those that are wanted. */
function isDayWanted(day: string, { from, until }: CallQuery): boolean {
    if (from !== undefined && day < dayOf(from)) return false;
    return until === undefined || day <= dayOf(until);
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const results = new Array<R>(items.length);
    let next = 0;
    const goOn = async (): Promise<void> => {
        for (let at = next++; at < items.length; at = next++) {
            const item = items[at];
            if (item !== undefined) results[at] = await work(item);
        }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, goOn));
    return results;
}

/** Loaded where it is needed: it takes a fifth of a second, and an installation may leave it out. */
function loadSdk(): typeof S3 {
    try {
        return createRequire(__filename)('@aws-sdk/client-s3') as typeof S3;
    } catch (fault) {
        throw new CodedError(
            'ERR_CALL_STORE_CLIENT',
            fault instanceof Error ? fault.message.split('\n')[0] : undefined,
        );
    }
}
