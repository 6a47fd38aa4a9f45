import type { MediaParameter } from './core';

/** The layout of caller audio in binary messages, after a media item has been accepted. */
export interface AcceptedMedia {
    /** The offered item, unchanged; undefined: a session without audio (empty offer). */
    item: MediaParameter | undefined;
    /** Channels interleaved in each binary message. */
    channelCount: number;
    /** Position of the caller among them. */
    callerChannel: number;
}

const LAYOUTS = ['external', 'internal', 'external,internal', 'internal,external'];

/**
 * Chooses from the client's offer (docs/PROTOCOL.md, 3.2): the first PCMU 8 kHz item that carries the caller, a one-channel item
 * before a two-channel one. `anyChannels`, for a bot that sends no audio: the first PCMU item of any layout. An empty offer is
 * accepted as a session without audio.
 *
 * @returns undefined when none of the offered items can be used
 */
export function chooseMedia(offer: readonly MediaParameter[], anyChannels: boolean): AcceptedMedia | undefined {
    if (offer.length === 0) return { item: undefined, channelCount: 1, callerChannel: 0 };
    const pcmu = offer.filter(isPcmu8k);
    const item = anyChannels ? pcmu[0] : (pcmu.find(isCallerOnly) ?? pcmu.find(hasCaller));
    if (item === undefined) return undefined;
    return {
        item,
        channelCount: item.channels.length,
        callerChannel: Math.max(0, item.channels.indexOf('external')),
    };
}

/** The caller's samples from an interleaved frame: the frame itself when it is mono. A byte of an incomplete last frame is dropped. */
export function callerSamples(frame: Uint8Array, media: AcceptedMedia): Uint8Array {
    if (media.channelCount === 1) return frame;
    const frames = Math.floor(frame.length / media.channelCount);
    const mono = new Uint8Array(frames);
    for (let i = 0; i < frames; i++) mono[i] = frame[i * media.channelCount + media.callerChannel] ?? 0xff;
    return mono;
}

function isPcmu8k(item: MediaParameter): boolean {
    return (
        item.type === 'audio' &&
        item.format === 'PCMU' &&
        item.rate === 8000 &&
        LAYOUTS.includes(item.channels.join(','))
    );
}

function isCallerOnly(item: MediaParameter): boolean {
    return item.channels.length === 1 && hasCaller(item);
}

function hasCaller(item: MediaParameter): boolean {
    return item.channels.includes('external');
}
