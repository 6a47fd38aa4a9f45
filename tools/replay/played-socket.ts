import { byteParts, readFault, textParts } from '../../src/flight/format';
import type { RealtimeSocket, RefusalResponse } from '../../src/services/realtime/connection';
import type { Player } from './player';

type Listener = (...args: unknown[]) => void;

/** A socket to the Realtime API as it was recorded: nothing is connected. */
export class PlayedSocket implements RealtimeSocket {
    private readonly listeners = new Map<string, Listener[]>();
    private readonly responses = new Map<number, PlayedResponse>();

    constructor(
        private readonly player: Pick<Player, 'output' | 'read'>,
        private readonly number: number,
    ) {}

    get bufferedAmount(): number {
        return this.player.read(`socket ${this.number}`, () => 0);
    }

    on(event: string, listener: (...args: never[]) => void): this {
        this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener as Listener]);
        return this;
    }

    removeAllListeners(): this {
        this.listeners.clear();
        return this;
    }

    send(frame: string | Uint8Array): void {
        this.player.output('frame', this.number, ...(typeof frame === 'string' ? textParts(frame) : byteParts(frame)));
    }

    ping(): void {
        this.player.output('ping', this.number);
    }

    close(code: number): void {
        this.player.output('close-socket', this.number, code);
    }

    terminate(): void {
        this.player.output('terminate-socket', this.number);
    }

    /** What was recorded of an event happens. @returns false: the call does not listen */
    emit(event: string, parts: readonly unknown[]): boolean {
        const listeners = this.listeners.get(event) ?? [];
        const args = this.argumentsOf(event, parts);
        for (const listener of listeners) listener(...args);
        return listeners.length > 0;
    }

    /** Something of the response to a refused upgrade. */
    answer(number: number, event: string, chunk: unknown): boolean {
        return this.responses.get(number)?.emit(event, chunk) === true;
    }

    private argumentsOf(event: string, parts: readonly unknown[]): unknown[] {
        const [first, second] = parts;
        switch (event) {
            case 'message':
                return [Buffer.from(String(second), first === true ? 'base64' : 'utf8'), first === true];
            case 'close':
                return [Number(first), Buffer.from(String(second))];
            case 'error':
                return [readFault(first)];
            case 'unexpected-response': {
                const response = new PlayedResponse(typeof second === 'number' ? second : undefined);
                this.responses.set(Number(first), response);
                return [undefined, response];
            }
            default:
                return [];
        }
    }
}

class PlayedResponse implements RefusalResponse {
    private readonly listeners = new Map<string, (chunk: Buffer) => void>();

    constructor(readonly statusCode: number | undefined) {}

    on(event: 'data', listener: (chunk: Buffer) => void): this {
        this.listeners.set(event, listener);
        return this;
    }

    once(event: 'end' | 'error', listener: () => void): this {
        this.listeners.set(event, listener);
        return this;
    }

    emit(event: string, chunk: unknown): boolean {
        const listener = this.listeners.get(event);
        listener?.(Buffer.from(typeof chunk === 'string' ? chunk : ''));
        return listener !== undefined;
    }
}
