import { decodeMulaw } from '../../audio/mulaw';
import { resampleClip } from '../../audio/resampler';
import { encodePcm16Wav } from '../../audio/wav';

/** The rate that recognizers are made for. */
export const WIDE_RATE_HZ = 16_000;

const LINE_RATE_HZ = 8000;

/** PCMU of 8 kHz as 16-bit samples of 16 kHz. */
export function widePcm(pcmu: Uint8Array): Int16Array {
    return resampleClip(decodeMulaw(pcmu), LINE_RATE_HZ, WIDE_RATE_HZ);
}

/** The same as a WAV file: 16 kHz, 16 bits, mono. */
export function wideWav(pcmu: Uint8Array): Uint8Array<ArrayBuffer> {
    return encodePcm16Wav(widePcm(pcmu), WIDE_RATE_HZ);
}
