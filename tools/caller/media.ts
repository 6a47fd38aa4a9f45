/** One way of carrying audio, as offered in `open` (docs/PROTOCOL.md, 3.2). */
export interface Media {
    type: 'audio';
    format: 'PCMU' | 'L16';
    channels: readonly ('external' | 'internal')[];
    rate: 8000;
}

/** What every AudioConnector call offers. */
export const AUDIO_CONNECTOR_MEDIA: Media = { type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 };

/** PCMU at 8 kHz: one byte is one sample. */
export const BYTES_PER_MS = 8;

/** The µ-law code of silence; zero bytes would be a full-scale bang (docs/PROTOCOL.md, 5.1). */
export const PCMU_SILENCE = 0xff;

/** The most one message may carry, binary or text (docs/PROTOCOL.md, 2.1 and 2.4). */
export const MAX_MESSAGE_BYTES = 64_000;

/** Samples as the protocol's duration, exact: 9,600 → `PT1.2S`, 0 → `PT0.0S`. */
export function samplesToDuration(samples: number): string {
    const seconds = samples / (BYTES_PER_MS * 1000);
    return Number.isInteger(seconds) ? `PT${seconds}.0S` : `PT${seconds}S`;
}

/** Milliseconds as the protocol's duration, to the microsecond. */
export function msToDuration(ms: number): string {
    return `PT${Number((ms / 1000).toFixed(6))
        .toString()
        .replace(/e.*/, '')}S`;
}
