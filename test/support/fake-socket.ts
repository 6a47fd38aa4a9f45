import type { SessionSocket } from '../../src/common/session-wire';

export interface SentMessage {
    type: string;
    seq: number;
    clientseq: number;
    id: string;
    version: string;
    parameters: Record<string, unknown>;
}

/** A socket that keeps what is sent to it. */
export class FakeSocket implements SessionSocket {
    readonly texts: string[] = [];
    readonly audio: Uint8Array[] = [];
    /** Text and audio in the order in which they left: a message's type, or `audio`. */
    readonly order: string[] = [];
    bufferedAmount = 0;
    closed = false;
    terminated = false;

    send(data: string | Uint8Array): void {
        if (typeof data === 'string') {
            this.texts.push(data);
            this.order.push(parse(data).type);
        } else {
            this.audio.push(data);
            this.order.push('audio');
        }
    }

    close(): void {
        this.closed = true;
    }

    terminate(): void {
        this.terminated = true;
    }

    get messages(): SentMessage[] {
        return this.texts.map(parse);
    }

    get types(): string[] {
        return this.messages.map((message) => message.type);
    }

    last(type: string): SentMessage | undefined {
        return this.messages.filter((message) => message.type === type).at(-1);
    }

    get audioBytes(): Buffer {
        return Buffer.concat(this.audio);
    }
}

function parse(text: string): SentMessage {
    return JSON.parse(text) as SentMessage;
}
