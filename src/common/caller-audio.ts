import { callerSamples, type AcceptedMedia } from '../protocol/media';

/** Most caller audio kept while a call opens: ten seconds of PCMU. */
const MAX_KEPT_BYTES = 80_000;

/** Caller audio on its way in: what comes before `opened` is kept, the oldest given up first; the caller's channel is taken out. */
export class CallerAudio {
    private kept: Uint8Array[] = [];
    private keptBytes = 0;
    private media: AcceptedMedia = { item: undefined, channelCount: 1, callerChannel: 0 };

    /** How the frames are laid out, known once `opened` is sent. */
    setMedia(media: AcceptedMedia): void {
        this.media = media;
    }

    /** The caller's samples of one frame: the frame itself when it is mono. */
    samples(frame: Uint8Array): Uint8Array {
        return callerSamples(frame, this.media);
    }

    keep(frame: Uint8Array): void {
        this.kept.push(frame);
        this.keptBytes += frame.length;
        while (this.keptBytes > MAX_KEPT_BYTES) this.keptBytes -= this.kept.shift()?.length ?? this.keptBytes;
    }

    /** Everything that was kept, in order; nothing is kept afterwards. */
    takeKept(): readonly Uint8Array[] {
        const frames = this.kept;
        this.kept = [];
        this.keptBytes = 0;
        return frames;
    }
}
