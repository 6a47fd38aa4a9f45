const HEAD_BYTES = 44;

/** A WAV file of 16-bit PCM, 8 kHz; `samples` of several channels are interleaved. For what does not read µ-law. */
export function pcm16Wav(samples: Int16Array, channels: 1 | 2 = 1): Uint8Array<ArrayBuffer> {
    const view = new DataView(new ArrayBuffer(HEAD_BYTES + samples.length * 2));
    const tag = (at: number, letters: string): void => {
        for (let i = 0; i < letters.length; i++) view.setUint8(at + i, letters.charCodeAt(i));
    };
    tag(0, 'RIFF');
    view.setUint32(4, view.byteLength - 8, true);
    tag(8, 'WAVEfmt ');
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, channels, true);
    view.setUint32(24, 8000, true);
    view.setUint32(28, 8000 * 2 * channels, true);
    view.setUint16(32, 2 * channels, true);
    view.setUint16(34, 16, true);
    tag(36, 'data');
    view.setUint32(40, samples.length * 2, true);
    samples.forEach((sample, index) => {
        view.setInt16(HEAD_BYTES + 2 * index, sample, true);
    });
    return new Uint8Array(view.buffer);
}
