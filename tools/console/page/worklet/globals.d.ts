/** The part of AudioWorkletGlobalScope that is used here (Web Audio API, section 1.32); the DOM library has no types for it. */
declare const sampleRate: number;

declare class AudioWorkletProcessor {
    readonly port: MessagePort;
}

declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
