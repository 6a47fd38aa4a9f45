import type { OverlapControl } from '../conversation';

/** Passes what the call says about the caller's speech to the bot that is active, also when one takes the place of another meanwhile. */
export class ActiveOverlap implements OverlapControl {
    private isOn = false;

    constructor(private readonly active: () => OverlapControl | undefined) {}

    get givesWords(): boolean {
        return this.active()?.givesWords ?? false;
    }

    get turnSilenceMs(): number | undefined {
        return this.active()?.turnSilenceMs;
    }

    /** Another bot is active. */
    replaced(): void {
        if (this.isOn) this.active()?.begin();
    }

    begin(): void {
        this.isOn = true;
        this.active()?.begin();
    }

    end(): void {
        this.isOn = false;
        this.active()?.end();
    }

    transcribe(): void {
        this.active()?.transcribe();
    }

    dismiss(): void {
        this.active()?.dismiss();
    }

    accept(): void {
        this.active()?.accept();
    }

    endTurn(silenceMs: number): void {
        this.active()?.endTurn(silenceMs);
    }
}
