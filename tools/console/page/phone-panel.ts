import { wavToPcmu } from '../../../src/audio/wav';
import { MASKED_KEY } from '../../caller/call-event';
import type { CallSettings, Sample } from '../page-protocol';
import type { BotPanel } from './bot-panel';
import { byId, make, minutes } from './dom';
import type { MicrophoneState } from './sound';
import { readCallSettings } from './call-settings';

/** What the telephone on the page is asked to do. */
export interface PhoneListener {
    call(settings: CallSettings): void;
    hangUp(): void;
    key(digit: string): void;
    mute(on: boolean): void;
    hold(on: boolean): void;
    /** A recording that comes with the server, or PCMU of a file. */
    say(what: string | Uint8Array): void;
    /** The microphone is wanted, or not any more. */
    voice(microphone: boolean): void;
}

export type PhoneState = 'closed' | 'ready' | 'calling' | 'talking';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const LETTERS = ['', 'ABC', 'DEF', 'GHI', 'JKL', 'MNO', 'PQRS', 'TUV', 'WXYZ', '', '+', ''];
const STATES: Readonly<Record<PhoneState, string>> = {
    closed: 'Not connected',
    ready: 'Ready',
    calling: 'Calling …',
    talking: 'On the line',
};
const VOICE_NOTES: Readonly<Record<MicrophoneState, string>> = {
    none: '',
    on: '',
    silent: 'The microphone gives silence. Is it the right one, is it switched on? It goes on as soon as it hears something.',
    denied: 'The browser may not use the microphone. Allow it for this page, or speak with a sample.',
    missing: 'There is no microphone here. Speak with a sample or a WAV file.',
};

/** The telephone: call, keys, mute, hold, and what to speak with. */
export class PhonePanel {
    private readonly callButton = byId('call', HTMLButtonElement);
    private readonly muteButton = byId('mute', HTMLButtonElement);
    private readonly holdButton = byId('hold', HTMLButtonElement);
    private readonly sayButton = byId('say', HTMLButtonElement);
    private readonly source = byId('source', HTMLSelectElement);
    private readonly wav = byId('wav', HTMLInputElement);
    private readonly keys = byId('keys', HTMLOutputElement);
    private state: PhoneState = 'closed';
    private recording: Uint8Array | undefined;
    private secure = false;

    constructor(
        private readonly listener: PhoneListener,
        private readonly botPanel: BotPanel,
    ) {
        this.buildKeypad();
        this.callButton.addEventListener('click', this.callOrHangUp);
        this.muteButton.addEventListener('click', this.mute);
        this.holdButton.addEventListener('click', this.hold);
        this.sayButton.addEventListener('click', this.say);
        this.source.addEventListener('change', this.chooseSource);
        this.wav.addEventListener('change', () => void this.readWav());
        document.addEventListener('keydown', this.onKey);
    }

    get speaksWithMicrophone(): boolean {
        return this.source.value === 'microphone';
    }

    /** The recordings to choose from. */
    offer(samples: readonly Sample[]): void {
        for (const { name, seconds } of samples)
            this.source.add(new Option(`sample: ${name} (${seconds.toFixed(1)} s)`, `sample:${name}`));
        this.source.add(new Option('a WAV file …', 'wav'));
        this.source.add(new Option('nothing, only keys', 'none'));
    }

    show(state: PhoneState): void {
        this.state = state;
        const busy = state === 'calling' || state === 'talking';
        byId('state', HTMLParagraphElement).textContent = STATES[state];
        this.callButton.textContent = busy ? 'Hang up' : 'Call';
        this.callButton.classList.toggle('busy', busy);
        this.callButton.disabled = state === 'closed';
        for (const button of [this.muteButton, this.holdButton, this.sayButton]) button.disabled = state !== 'talking';
        for (const button of byId('keypad', HTMLDivElement).querySelectorAll('button'))
            button.disabled = state !== 'talking';
        if (state !== 'calling') return;
        this.showReason('', false);
        this.keys.textContent = '';
        this.muteButton.setAttribute('aria-pressed', 'false');
        this.holdButton.setAttribute('aria-pressed', 'false');
    }

    /** How a call ended, or why there is none; `reason` stands beside it until the next call. */
    showEnd(state: string, reason: string, bad: boolean): void {
        byId('state', HTMLParagraphElement).textContent = state;
        this.showReason(reason, bad);
        this.showLevel(0);
    }

    private showReason(reason: string, bad: boolean): void {
        const place = byId('reason', HTMLParagraphElement);
        place.hidden = reason === '';
        place.textContent = reason;
        place.classList.toggle('bad', bad);
    }

    showDuration(ms: number): void {
        byId('duration', HTMLParagraphElement).textContent = minutes(ms);
    }

    /** How loud the caller is, 0 … 1. */
    showLevel(level: number): void {
        byId('level', HTMLElement).style.transform = `scaleX(${Math.sqrt(level).toFixed(2)})`;
    }

    showMicrophone(state: MicrophoneState): void {
        const words = VOICE_NOTES[state];
        const note = byId('voice-note', HTMLParagraphElement);
        if (this.speaksWithMicrophone && note.textContent !== words) note.textContent = words;
    }

    /** The bot has asked for keys that must not be shown, or has them. */
    showSecure(secure: boolean): void {
        this.secure = secure;
    }

    private buildKeypad(): void {
        const buttons = KEYS.map((digit, index) => {
            const button = make('button', '', digit, make('small', '', LETTERS[index] ?? ''));
            button.type = 'button';
            button.disabled = true;
            button.dataset['key'] = digit;
            if (digit === '*' || digit === '#') button.setAttribute('aria-label', digit === '*' ? 'star' : 'hash');
            button.addEventListener('click', () => {
                this.press(digit);
            });
            return button;
        });
        byId('keypad', HTMLDivElement).append(...buttons);
    }

    private press(digit: string): void {
        if (this.state !== 'talking') return;
        const hidden = this.secure || byId('hide-keys', HTMLInputElement).checked;
        this.keys.textContent = `${this.keys.textContent}${hidden ? MASKED_KEY : digit}`.slice(-16);
        this.listener.key(digit);
    }

    private readonly callOrHangUp = (): void => {
        if (this.state === 'ready') this.listener.call(readCallSettings(this.botPanel));
        else if (this.state !== 'closed') this.listener.hangUp();
    };

    private readonly mute = (): void => {
        this.listener.mute(toggle(this.muteButton));
    };

    private readonly hold = (): void => {
        const on = toggle(this.holdButton);
        byId('state', HTMLParagraphElement).textContent = on ? 'On hold' : STATES.talking;
        this.listener.hold(on);
    };

    private readonly say = (): void => {
        const { value } = this.source;
        if (value.startsWith('sample:')) this.listener.say(value.slice('sample:'.length));
        else if (this.recording !== undefined) this.listener.say(this.recording);
    };

    private readonly chooseSource = (): void => {
        const { value } = this.source;
        this.sayButton.hidden = value === 'microphone' || value === 'none';
        byId('voice-note', HTMLParagraphElement).textContent = '';
        if (value === 'wav') this.wav.click();
        this.listener.voice(value === 'microphone');
    };

    private async readWav(): Promise<void> {
        const note = byId('voice-note', HTMLParagraphElement);
        const [file] = this.wav.files ?? [];
        if (file === undefined) return;
        try {
            this.recording = wavToPcmu(new Uint8Array(await file.arrayBuffer()));
            note.textContent = `${file.name}, ${(this.recording.length / 8000).toFixed(1)} s`;
        } catch (fault) {
            note.textContent = fault instanceof Error ? fault.message : 'This file cannot be read.';
        }
    }

    private readonly onKey = (event: KeyboardEvent): void => {
        if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
        const key = event.key.toLowerCase();
        if (KEYS.includes(key)) this.press(key);
        else if (key === 'c' && this.state === 'ready') this.callOrHangUp();
        else if (key === 'h' && this.state !== 'ready') this.callOrHangUp();
        else if (key === 'm' && !this.muteButton.disabled) this.mute();
        else if (key === 'p' && !this.holdButton.disabled) this.hold();
    };
}

function toggle(button: HTMLButtonElement): boolean {
    const on = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(on));
    return on;
}

function isWriting(target: EventTarget | null): boolean {
    return (
        target instanceof HTMLInputElement ||
        target instanceof HTMLTextAreaElement ||
        target instanceof HTMLSelectElement
    );
}
