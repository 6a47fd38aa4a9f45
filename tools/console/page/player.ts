import { decodeMulaw } from '../../../src/audio/mulaw';
import { encodePcm16Wav } from '../../../src/audio/wav';
import { byId } from './dom';
import { mixOf, type Played } from './mix';

const NOTES = {
    none: 'When the call is over, it can be heard from any point of the picture.',
    ready: 'Click into the picture to hear the call from there.',
    silent: 'There was no sound on this call.',
    file: 'This call was opened from a file, which holds no sound.',
} as const;

/** What can be played: a `CallStore`, or a recording. */
export interface PlayedCall {
    readonly hasSound: boolean;
    readonly picture: { readonly lastMs: number };
    /** The caller's side from the moment of dialling to the end of the call: PCMU, mono. */
    readonly callerTrack: Uint8Array;
    /** What the caller heard, on the same time line: PCMU, mono. */
    readonly heardTrack: Uint8Array;
}

/** Plays the call that is over: both voices on its time line, from the cursor of the picture on. */
export class Player {
    private readonly button = byId('play', HTMLButtonElement);
    private readonly what = byId('play-what', HTMLSelectElement);
    private readonly audio = new Audio();
    private store: PlayedCall | undefined;
    private url: string | undefined;

    /** `onCursor`: where it plays now, ms since the call was dialled; `playing`: it moves on with the sound. */
    constructor(private readonly onCursor: (ms: number, playing: boolean) => void) {
        this.button.addEventListener('click', () => {
            this.toggle();
        });
        this.what.addEventListener('change', () => {
            this.changeVoices();
        });
        for (const event of ['play', 'pause', 'ended'])
            this.audio.addEventListener(event, () => {
                this.showState();
            });
        this.audio.addEventListener('play', this.follow);
    }

    /** A call that is over. Without sound there is nothing to play: `fromFile` is why. */
    load(store: PlayedCall, fromFile = false): void {
        this.unload();
        const withoutSound = fromFile ? NOTES.file : NOTES.silent;
        byId('player-note', HTMLParagraphElement).textContent = store.hasSound ? NOTES.ready : withoutSound;
        byId('total', HTMLOutputElement).textContent = tenths(store.picture.lastMs);
        if (!store.hasSound) return;
        this.store = store;
        this.button.disabled = false;
    }

    /** A call begins: silence, and no cursor. */
    unload(): void {
        this.audio.pause();
        this.audio.removeAttribute('src');
        if (this.url !== undefined) URL.revokeObjectURL(this.url);
        this.store = this.url = undefined;
        this.button.disabled = true;
        byId('player-note', HTMLParagraphElement).textContent = NOTES.none;
        for (const id of ['position', 'total']) byId(id, HTMLOutputElement).textContent = tenths(0);
    }

    /** From there it plays on, or will play. */
    seek(ms: number): void {
        if (!this.prepare()) return;
        this.audio.currentTime = ms / 1000;
        this.tell();
    }

    toggle(): void {
        if (!this.prepare()) return;
        if (!this.audio.paused) this.audio.pause();
        else
            this.audio.play().catch((fault: unknown) => {
                byId('player-note', HTMLParagraphElement).textContent = `It cannot be played: ${String(fault)}`;
            });
    }

    /** The sound is made when it is first wanted. */
    private prepare(): boolean {
        if (this.store === undefined) return false;
        if (this.url !== undefined) return true;
        const { callerTrack, heardTrack } = this.store;
        const stereo = mixOf(decodeMulaw(callerTrack), decodeMulaw(heardTrack), readPlayed(this.what.value));
        this.url = URL.createObjectURL(new Blob([encodePcm16Wav(stereo, 8000, 2)], { type: 'audio/wav' }));
        this.audio.src = this.url;
        return true;
    }

    private changeVoices(): void {
        if (this.url === undefined) return;
        const { currentTime, paused } = this.audio;
        this.audio.pause();
        URL.revokeObjectURL(this.url);
        this.url = undefined;
        this.seek(currentTime * 1000);
        if (!paused) this.toggle();
    }

    private readonly follow = (): void => {
        this.tell();
        if (!this.audio.paused) requestAnimationFrame(this.follow);
    };

    private tell(): void {
        const ms = this.audio.currentTime * 1000;
        byId('position', HTMLOutputElement).textContent = tenths(ms);
        if (this.store !== undefined) this.onCursor(ms, !this.audio.paused);
    }

    private showState(): void {
        this.button.textContent = this.audio.paused ? 'Play' : 'Pause';
    }
}

function readPlayed(value: string): Played {
    return value === 'caller' || value === 'bot' ? value : 'both';
}

/** `1:05.3`: minutes, seconds and tenths. */
function tenths(ms: number): string {
    const whole = Math.floor(Math.max(0, ms) / 100);
    return `${Math.floor(whole / 600)}:${String(Math.floor(whole / 10) % 60).padStart(2, '0')}.${whole % 10}`;
}
