import { WebSocket } from 'ws';

/** What is used of the part of `ws` that reads frames; it is not among its documented interfaces. */
interface FrameReader {
    _fragments: unknown[];
    dataMessage(this: FrameReader, next: unknown): void;
}

/**
 * Frees the memory of a WebSocket message as soon as it was handled. `ws` puts the parts of a message into an array and then begins a new one.
 * On a connection that is some seconds old that array lies among V8's old objects, and holds its message until all of them are
 * collected: a thousand calls would fill 12 MB a second. For the whole process, and once; with a `ws` of another structure nothing changes.
 */
export function freeFragments(): void {
    const { prototype } = (WebSocket as unknown as { Receiver?: { prototype: Partial<FrameReader> } }).Receiver ?? {};
    const dataMessage = prototype?.dataMessage;
    if (prototype === undefined || dataMessage === undefined || dataMessage.name !== 'dataMessage') return;
    prototype.dataMessage = function freeingMessage(next): void {
        const fragments = this._fragments;
        dataMessage.call(this, next);
        // The same array: the message goes on.
        if (Array.isArray(fragments) && this._fragments !== fragments) fragments.length = 0;
    };
}
