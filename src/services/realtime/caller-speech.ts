/** More silence than any voice activity detection waits for: a number beyond it is a mistake, and not a length. */
const MAX_SILENCE_MS = 10_000;

/** What the call is told of the caller's speech. */
export interface SpeechPort {
    speechStarted(): void;
    speechStopped(silenceMs: number): void;
}

/** Does the caller speak, and does the call know? A start that was kept from it has no end either. */
export class CallerSpeech {
    private speaking = false;
    private reported = false;

    constructor(private readonly port: SpeechPort) {}

    get isOn(): boolean {
        return this.speaking;
    }

    /** Voice activity began; `report`: the call is to know. */
    started(report: boolean): void {
        this.speaking = true;
        if (!report) return;
        this.reported = true;
        this.port.speechStarted();
    }

    /** It ended at `audioEndMs` (undefined: nobody knows) of the `appendedMs` of audio that were sent by now. */
    stopped(appendedMs: number, audioEndMs: number | undefined): void {
        this.speaking = false;
        if (!this.reported) return;
        this.reported = false;
        const silenceMs = audioEndMs === undefined ? 0 : Math.round(appendedMs - audioEndMs);
        this.port.speechStopped(Math.min(MAX_SILENCE_MS, Math.max(0, silenceMs)));
    }
}
