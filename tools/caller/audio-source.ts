import { PCMU_SILENCE } from './media';

/** Live caller audio: PCMU, 8 kHz, mono, as it is being spoken. */
export interface Microphone {
    /** The next `samples` bytes, silence where there is none. The caller of the method may keep and change them. */
    take(samples: number): Uint8Array;
    /** Loses what was said in the meantime. */
    skip(samples: number): void;
}

/** What the caller sends: a recording while there is one, else the microphone, else silence. */
export class AudioSource {
    private offset = 0;
    private silence = new Uint8Array(1600).fill(PCMU_SILENCE);

    /** `speech`: PCMU, 8 kHz, mono, spoken from the first `take` on. */
    constructor(
        private speech: Uint8Array = new Uint8Array(0),
        private readonly microphone?: Microphone,
    ) {}

    /** There is speech left. */
    get speaking(): boolean {
        return this.offset < this.speech.length;
    }

    /** Speaks `pcmu` from its start, instead of what was being said. */
    say(pcmu: Uint8Array): void {
        this.speech = pcmu;
        this.offset = 0;
    }

    /** The next `samples` bytes. A view on shared memory wherever possible: send it, do not keep it. */
    take(samples: number): Uint8Array {
        const start = this.offset;
        const spoken = Math.min(samples, this.speech.length - start);
        this.skip(spoken);
        if (spoken === samples) return this.speech.subarray(start, this.offset);
        const rest = this.microphone?.take(samples - spoken) ?? this.quiet(samples - spoken);
        if (spoken === 0) return rest;
        const mixed = new Uint8Array(samples);
        mixed.set(this.speech.subarray(start, this.offset));
        mixed.set(rest, spoken);
        return mixed;
    }

    /** Loses `samples` bytes of speech, as during a pause. */
    skip(samples: number): void {
        this.offset = Math.min(this.speech.length, this.offset + samples);
        this.microphone?.skip(samples);
    }

    private quiet(samples: number): Uint8Array {
        if (this.silence.length < samples) this.silence = new Uint8Array(samples).fill(PCMU_SILENCE);
        return this.silence.subarray(0, samples);
    }
}
