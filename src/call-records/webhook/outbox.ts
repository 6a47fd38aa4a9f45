import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isFields } from '../../support/json';

const waitingDelivery = z.strictObject({
    version: z.literal(1),
    /** Names the document. A call has one, so that this is also the id of its delivery. */
    sessionId: z.uuid(),
    conversationId: z.string(),
    /** When the call ended, ISO 8601. */
    endedAt: z.iso.datetime(),
});

/** A document that is to be delivered. */
export type Delivery = Omit<z.infer<typeof waitingDelivery>, 'version'>;

const NAME = /^\d{17}-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.json$/;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/**
 * Deliveries that wait, one small file each, whose names sort by the end of the call. A file is written whole or not at all, and is removed
 * when its document was accepted.
 */
export class Outbox {
    constructor(private readonly folder: string) {}

    /** Keeps a delivery; a second time it is the same one. Rejects with the system's error. */
    async keep(delivery: Delivery): Promise<void> {
        await mkdir(this.folder, { recursive: true, mode: PRIVATE_FOLDER });
        const path = join(this.folder, nameOf(delivery));
        const beside = `${path}.part`;
        const file = await open(beside, 'w', PRIVATE_FILE);
        try {
            await file.writeFile(JSON.stringify({ version: 1, ...delivery }));
            await file.sync();
        } finally {
            await file.close();
        }
        await rename(beside, path);
    }

    async remove(delivery: Delivery): Promise<void> {
        await rm(join(this.folder, nameOf(delivery)), { force: true });
    }

    /** Whether it still waits: another process on the same folder may have delivered it. */
    async has(delivery: Delivery): Promise<boolean> {
        try {
            await readFile(join(this.folder, nameOf(delivery)));
            return true;
        } catch {
            return false;
        }
    }

    /**
     * The first deliveries by the end of the call, `most` at most, and whether there are more. Without a folder there are none. Rejects with the
     * system's error where it cannot be read.
     */
    async first(most: number): Promise<{ deliveries: Delivery[]; hasMore: boolean }> {
        const names = (await this.names()).filter((name) => NAME.test(name)).sort();
        const deliveries = await Promise.all(names.slice(0, most).map((name) => this.read(name)));
        return { deliveries, hasMore: names.length > most };
    }

    private async names(): Promise<string[]> {
        try {
            return await readdir(this.folder);
        } catch (fault) {
            if (isFields(fault) && fault['code'] === 'ENOENT') return [];
            throw fault;
        }
    }

    /** The name says enough where the file cannot be read: only the order within its conversation is lost. */
    private async read(name: string): Promise<Delivery> {
        try {
            const { sessionId, conversationId, endedAt } = waitingDelivery.parse(
                JSON.parse(await readFile(join(this.folder, name), 'utf8')),
            );
            if (nameOf({ sessionId, endedAt }) === name) return { sessionId, conversationId, endedAt };
        } catch {
            // Broken or gone: the delivery that its name tells of finds its document, or is over.
        }
        return deliveryIn(name);
    }
}

/** `20261128002558123-<session id>.json` */
function nameOf({ sessionId, endedAt }: Pick<Delivery, 'sessionId' | 'endedAt'>): string {
    const at = new Date(endedAt).toISOString().replace(/\D/g, '');
    return `${at}-${sessionId.toLowerCase()}.json`;
}

function deliveryIn(name: string): Delivery {
    const [, year, month, day, hour, minute, second, ms, sessionId = ''] =
        /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})-(.*)\.json$/.exec(name) ?? [];
    const endedAt = `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}.${ms ?? ''}Z`;
    return { sessionId, conversationId: sessionId, endedAt };
}
