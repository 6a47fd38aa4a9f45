import { decodeMulaw } from '../../audio/mulaw';
import { resampleClip } from '../../audio/resampler';

/** The rate that recognizers are made for. */
export const WIDE_RATE_HZ = 16_000;

const LINE_RATE_HZ = 8000;
const HEADER_BYTES = 44;
const TAG_PCM = 1;

/** PCMU of 8 kHz as 16-bit samples of 16 kHz. */
export function widePcm(pcmu: Uint8Array): Int16Array {
    return resampleClip(decodeMulaw(pcmu), LINE_RATE_HZ, WIDE_RATE_HZ);
}

/** The same as a WAV file: 16 kHz, 16 bits, mono. */
export function wideWav(pcmu: Uint8Array): Uint8Array<ArrayBuffer> {
    const pcm = widePcm(pcmu);
    const wav = new Uint8Array(HEADER_BYTES + 2 * pcm.length);
    const view = new DataView(wav.buffer);
    const tag = (offset: number, text: string): void => {
        for (let i = 0; i < 4; i++) view.setUint8(offset + i, text.charCodeAt(i));
    };
    tag(0, 'RIFF');
    view.setUint32(4, wav.length - 8, true);
    tag(8, 'WAVE');
    tag(12, 'fmt ');
    view.setUint32(16, 16, true);
    view.setUint16(20, TAG_PCM, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, WIDE_RATE_HZ, true);
    view.setUint32(28, 2 * WIDE_RATE_HZ, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    tag(36, 'data');
    view.setUint32(40, 2 * pcm.length, true);
    for (let i = 0; i < pcm.length; i++) view.setInt16(HEADER_BYTES + 2 * i, pcm[i] ?? 0, true);
    return wav;
}
