import type { ConversationEnd } from '../services/conversation';
import type { DigitResult } from '../services/dtmf-service';
import { Dialog, PLAYBACK, type DialogInput, type DialogNext, type DialogStep } from './dialog/dialog';
import { defaultDialog, takeoverDialog, type TakeoverReason } from './dialog/default-dialog';
import type { DialogScript } from '../services/profiles/dialog-script';
import type { ResponsePart } from '../services/tts/speech-queue';
import { SpeakingBot, type SpeakingBotDeps } from './speaking-bot';
import type { Recognition } from '../services/asr-service';
import type { ShippedPrompt } from '../services/words';

export interface LocalBotOptions {
    /** What is said and done. Default: the dialog that comes with the server, in the bot's language. */
    dialog?: DialogScript;
    /** It takes over a call that another bot could not go on with. */
    takeover?: TakeoverReason;
}

/** A caller is not asked whether they are still there before they have had this much time to answer, ms. */
const LEAST_SILENCE_MS = 6000;
/** The name of the output variable that holds the last key of a menu. */
const MENU = 'menu';

/**
 * A bot without OpenAI (`?bot=local`): a synthesizer speaks, the keypad and, where there is one, a recognizer hear, and a
 * dialog decides. It says what it can understand and nothing more.
 *
 * While a menu is open it asks the call for single keys, so that a key counts at once; the silence of a caller who then presses
 * none is reported by that request's end.
 */
export class LocalBot extends SpeakingBot {
    readonly botName = 'local';
    readonly speaksFirst = true;
    readonly costUsd = 0;
    private readonly dialog: Dialog;
    /** Its dialog is its own, and no other bot takes over: what the dialog says of failure holds. */
    private readonly followsOnFailure: boolean;
    private next: DialogNext | undefined;
    private recording: Uint8Array | undefined;
    private awaitsKey = false;

    constructor(deps: SpeakingBotDeps, { dialog, takeover }: LocalBotOptions = {}) {
        super(deps, 'local');
        const { words } = this;
        this.followsOnFailure = dialog !== undefined && takeover === undefined && deps.recordings !== undefined;
        const own = dialog ?? defaultDialog(words);
        const script = takeover === undefined ? own : takeoverDialog(takeover, own, words);
        this.dialog = new Dialog(script, deps.recognizer.kind, words.sentences);
    }

    /** Notes for a bot that reads are not for this one. */
    tell(): void {
        // It reads nothing; keys come by `digits`.
    }

    override digits(entry: string): void {
        this.takeKeys(entry);
    }

    askAgain(): void {
        this.advance({ type: 'silence' }, undefined, 'still-there');
    }

    protected bidFarewell(): void {
        this.advance({ type: 'goodbye' }, undefined, 'goodbye');
    }

    protected begin(): void {
        this.advance({ type: 'begin' });
    }

    protected onRecognized({ text, confidence }: Recognition): void {
        this.advance({ type: 'heard', text }, confidence);
    }

    protected onUnheard(): void {
        this.advance({ type: 'unheard' });
    }

    /** A phrase that is listened for, or the word that a question asks for, counts also where it is said before the end of the question. */
    protected override isAnswer(text: string): boolean {
        if (text === '' || this.next?.do !== 'listen') return false;
        return this.next.expect === 'yesno' || this.deps.recognizer.kind === 'closed';
    }

    protected override onUtterance(pcmu: Uint8Array): boolean {
        if (this.next?.do !== 'record') return false;
        this.recording = pcmu;
        this.advance({ type: 'recorded' });
        return true;
    }

    protected override failureEnd(code: string): ConversationEnd | undefined {
        return this.followsOnFailure ? this.dialog.failureEnd(code) : undefined;
    }

    /** A response that has no sound yet cannot be interrupted by the call: the key is not made to wait for it. */
    private takeKeys(keys: string): void {
        if (this.isTalking && this.speechQueue.isBusy && !this.speechQueue.isSounding) this.speechQueue.stop();
        this.advance({ type: 'keys', keys });
    }

    private advance(input: DialogInput, confidence?: number, standIn?: ShippedPrompt): void {
        if (!this.isTalking) return;
        this.perform(this.dialog.step(input), confidence, standIn);
    }

    private perform(step: DialogStep, confidence: number | undefined, standIn: ShippedPrompt | undefined): void {
        const { next, disposition } = step;
        this.next = next;
        if (next.do === 'listen') this.deps.recognizer.expect(next.expect, next.phrases);
        if (next.do === 'record') this.deps.recognizer.expect('open');
        // Before it speaks: the request ends the watch over silence, and only the bot's next sound may begin it again.
        if (next.do === 'listen' && next.keys) this.askForKey();
        if (!this.isTalking) return;
        this.respond({
            parts: this.parts(step),
            disposition,
            confidence,
            ...(standIn === undefined ? {} : { standIn }),
            ...(next.do === 'end' ? { end: next.end } : {}),
        });
    }

    private parts({ say }: DialogStep): ResponsePart[] {
        const recording = this.recording ?? new Uint8Array(0);
        this.recording = undefined;
        return say.map((part) => (part === PLAYBACK ? recording : part));
    }

    /** One request at a time: a second one would cancel the first. */
    private askForKey(): void {
        if (this.awaitsKey) return;
        this.awaitsKey = true;
        const done = (result: DigitResult): void => {
            this.awaitsKey = false;
            this.onKey(result);
        };
        const isTaken = this.emit('collectDigits', { name: MENU, maxDigits: 1, secure: false, done });
        if (!isTaken) this.awaitsKey = false;
    }

    private onKey({ digits, by }: DigitResult): void {
        if (by === 'cancelled' || !this.isTalking) return;
        if (by !== 'timeout') this.takeKeys(digits);
        else if (this.callerSpeaks || this.speechQueue.isBusy || this.speechQueue.quietMs < LEAST_SILENCE_MS)
            this.askForKey();
        else this.askAgain();
    }
}
