import type { WebSocket } from 'ws';
import type { ApiFault } from './api-faults';
import type { ConnectionPlan, CutHow } from './faults';
import type { JsonObject, ServerEvent } from './protocol';
import type { Recorder } from './recorder';
import { seededRandom } from './signal';

/** The way out to one client: numbers the events, records them, and cuts the line where the plan says so. */
export class Outbox {
    private framesSent = 0;
    private deltasSent = 0;
    private muted = false;

    constructor(
        private readonly socket: WebSocket,
        private readonly ids: IdMaker,
        private readonly recorder: Recorder,
        private readonly plan: ConnectionPlan,
        /** Called right after the line was cut. */
        private readonly onCut: () => void,
    ) {}

    get isOpen(): boolean {
        return this.socket.readyState === this.socket.OPEN;
    }

    send(type: string, fields: JsonObject = {}): void {
        this.sendEvent({ type, ...fields });
    }

    /** As `send`, for an event whose type is among its fields. */
    sendEvent(event: ServerEvent): void {
        if (!this.isOpen || this.muted) return;
        const { type, ...fields } = event;
        const whole = { type, event_id: this.ids.make('event'), ...fields };
        this.recorder.eventSent(whole);
        this.transmit(JSON.stringify(whole));
        if (type === 'response.output_audio.delta') this.countDelta();
    }

    error(fault: ApiFault, eventId: string | null): void {
        const { type, code, message, param } = fault;
        this.send('error', { error: { type, code, message, param, event_id: eventId } });
    }

    /** Sends a frame as it is: junk (docs/REALTIME.md, 8.1). */
    raw(frame: string | Buffer): void {
        if (this.isOpen) this.transmit(frame);
    }

    ping(): void {
        if (this.isOpen && !this.muted) this.socket.ping(Buffer.from([0, 0, 0, this.framesSent & 0xff]));
    }

    /** Sends nothing more; the socket stays open. */
    mute(): void {
        this.muted = true;
    }

    cut(how: CutHow = this.plan.cutHow ?? 'terminate'): void {
        if (how === 'terminate') this.socket.terminate();
        else this.socket.close(how.code, how.reason);
        this.onCut();
    }

    private transmit(frame: string | Buffer): void {
        this.socket.send(frame);
        this.framesSent += 1;
        if (this.framesSent === this.plan.cutAfterFrames) this.cut();
    }

    private countDelta(): void {
        this.deltasSent += 1;
        if (this.deltasSent === this.plan.cutAfterDeltas) this.cut();
    }
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Makes ids as the service does: a prefix and 21 base62 characters (docs/REALTIME.md, 4.1). Same seed, same ids. */
export class IdMaker {
    private readonly random: () => number;

    constructor(seed: number) {
        this.random = seededRandom(seed);
    }

    make(prefix: 'event' | 'item' | 'resp' | 'conv' | 'sess' | 'call' | 'mcpl'): string {
        let id = `${prefix}_`;
        for (let i = 0; i < 21; i++) id += DIGITS.charAt(Math.floor(this.random() * DIGITS.length));
        return id;
    }
}
