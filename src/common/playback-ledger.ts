import type { AudioOrigin, HeardItem } from '../services/conversation';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** One conversation item: how much audio of it was received, and where in the sent stream its audio lies. */
interface Account {
    origin: AudioOrigin;
    receivedBytes: number;
    sentBytes: number;
    /** Runs of this item's bytes in the sent stream, oldest first; neighbours are joined. */
    runs: { start: number; end: number }[];
}

/**
 * Records every byte of bot audio under its item: received from the bot, sent to the client. With a playhead (bytes of the sent
 * stream that the caller has heard) it computes how much of each item was heard.
 *
 * Entries outlive the response: an item is forgotten only when the caller has heard all that was received of it.
 */
export class PlaybackLedger {
    private readonly accounts = new Map<string, Account>();
    private streamBytes = 0;

    /** Length of the whole sent stream, in bytes. */
    get sentBytes(): number {
        return this.streamBytes;
    }

    /** Items that are remembered. */
    get itemCount(): number {
        return this.accounts.size;
    }

    bookReceived(origin: AudioOrigin, byteCount: number): void {
        this.account(origin).receivedBytes += byteCount;
    }

    bookSent(origin: AudioOrigin, byteCount: number): void {
        const account = this.account(origin);
        const start = this.streamBytes;
        this.streamBytes += byteCount;
        account.sentBytes += byteCount;
        const last = account.runs.at(-1);
        if (last?.end === start) last.end = this.streamBytes;
        else account.runs.push({ start, end: this.streamBytes });
    }

    /** Items that the caller has not heard to their end, in the order in which they came, with what was heard of each. */
    unheard(playhead: number): HeardItem[] {
        const items: HeardItem[] = [];
        for (const account of this.accounts.values()) {
            const heardBytes = heardOf(account, playhead);
            if (heardBytes < account.receivedBytes) items.push(toHeardItem(account, heardBytes));
        }
        return items;
    }

    /** Forgets items that were heard to their end; `isOpen`: more audio of that response may come. */
    forgetHeard(playhead: number, isOpen: (responseId: string) => boolean): void {
        for (const [key, account] of this.accounts) {
            const done = heardOf(account, playhead) >= account.receivedBytes;
            if (done && !isOpen(account.origin.responseId)) this.accounts.delete(key);
        }
    }

    /** Forgets everything, after a barge-in: what was not heard by now is not played any more. */
    forgetAll(): void {
        this.accounts.clear();
    }

    private account(origin: AudioOrigin): Account {
        const key = `${origin.itemId}/${origin.contentIndex}`;
        let account = this.accounts.get(key);
        if (account === undefined) {
            account = { origin, receivedBytes: 0, sentBytes: 0, runs: [] };
            this.accounts.set(key, account);
        }
        return account;
    }
}

function heardOf(account: Account, playhead: number): number {
    let heard = 0;
    for (const run of account.runs) heard += Math.max(0, Math.min(playhead, run.end) - run.start);
    return heard;
}

function toHeardItem(account: Account, heardBytes: number): HeardItem {
    return {
        ...account.origin,
        heardMs: Math.floor(heardBytes / BYTES_PER_MS),
        receivedMs: Math.floor(account.receivedBytes / BYTES_PER_MS),
    };
}
