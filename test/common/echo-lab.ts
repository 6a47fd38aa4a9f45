/** A telephone line that gives the bot's voice back, for the tests of the echo guard. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { levelDbfs } from '../../src/audio/loudness';
import { decodeMulaw, encodeMulaw } from '../../src/audio/mulaw';
import { SpeechGate } from '../../src/audio/speech-gate';
import { wavToPcmu } from '../../src/audio/wav';
import { EchoGuard } from '../../src/common/echo/echo-guard';
import { EnergyVad } from '../../tools/fake-openai/vad';

export interface LineOptions {
    delayMs: number;
    /** How much quieter the echo is than the bot, dB. */
    lossDb: number;
    /** Cut-off of a one-pole low-pass in the echo's way; 0: none. */
    lowPassHz?: number;
    /** The echo of a room: it fades by 60 dB in so long. */
    roomMs?: number;
}

/** A recording of samples/, 16 bits at 8 kHz. */
export function recording(name: string): Int16Array {
    return decodeMulaw(wavToPcmu(readFileSync(join(__dirname, '..', '..', 'samples', `${name}.wav`))));
}

export function joined(...parts: readonly Int16Array[]): Int16Array {
    const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}

/** `voice` from `atMs` on in silence of `samples` samples, by `gainDb` louder. */
export function placed(voice: Int16Array, atMs: number, samples: number, gainDb = 0): Float64Array {
    const gain = 10 ** (gainDb / 20);
    const whole = new Float64Array(samples);
    const count = Math.min(voice.length, samples - atMs * 8);
    for (let i = 0; i < count; i++) whole[atMs * 8 + i] = gain * (voice[i] ?? 0);
    return whole;
}

/** What the line gives back of the bot's voice. */
export function echoOf(bot: Int16Array, options: LineOptions, samples: number): Float64Array {
    const { delayMs, lossDb, lowPassHz = 0, roomMs = 0 } = options;
    const delay = Math.round(delayMs * 8);
    const gain = 10 ** (-lossDb / 20);
    const smoothing = lowPassHz === 0 ? 1 : 1 - Math.exp((-2 * Math.PI * lowPassHz) / 8000);
    // Reflections every 13 ms or so, the first of them half as strong as the direct sound.
    const fade = roomMs === 0 ? 0 : 10 ** ((-3 * 13.4) / roomMs);
    const room = new Float64Array(samples);
    const echo = new Float64Array(samples);
    let low = 0;
    for (let i = 0; i < samples; i++) {
        const direct = gain * (bot[i - delay] ?? 0);
        room[i] = fade * ((room[i - 107] ?? 0) + (gain * (bot[i - delay - 107] ?? 0)) / 2);
        low += smoothing * (direct + (room[i] ?? 0) - low);
        echo[i] = low;
    }
    return echo;
}

/** Sounds on one line, with white noise of `noiseDbfs`, as PCMU. */
export function lineAudio(noiseDbfs: number, ...sounds: readonly Float64Array[]): Uint8Array {
    const samples = Math.max(...sounds.map((sound) => sound.length));
    const peak = 32_768 * Math.sqrt(3 * 10 ** (noiseDbfs / 10));
    const pcm = new Int16Array(samples);
    let state = 7;
    for (let i = 0; i < samples; i++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
        let sum = peak * (state / 0x4000_0000 - 1);
        for (const sound of sounds) sum += sound[i] ?? 0;
        pcm[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
    }
    return encodeMulaw(pcm);
}

export interface CallOptions {
    frameBytes?: number;
    /** Frames come late by up to so much, and the playhead is ahead by it. */
    jitterMs?: number;
    guard?: EchoGuard;
}

/** A call in which the bot's voice is sent 600 ms ahead of the playhead, and the caller's audio comes through the guard. */
export function guarded(bot: Int16Array, caller: Uint8Array, options: CallOptions = {}): Uint8Array {
    const { frameBytes = 1600, jitterMs = 0, guard = new EchoGuard() } = options;
    const voice = encodeMulaw(bot);
    const clean = new Uint8Array(caller.length);
    let sent = 0;
    for (let start = 0, frame = 0; start < caller.length; start += frameBytes, frame++) {
        const end = Math.min(caller.length, start + frameBytes);
        const playhead = end + ((frame * 37) % (jitterMs * 8 + 1));
        for (; sent < voice.length && sent < playhead + 4800; sent += 2400)
            guard.sent(voice.subarray(sent, sent + 2400));
        clean.set(guard.filter(caller.subarray(start, end), playhead), start);
    }
    return clean;
}

/** When the speech gate starts, ms. */
export function gateStarts(pcmu: Uint8Array): number[] {
    const gate = new SpeechGate();
    const starts: number[] = [];
    for (let end = 160; end <= pcmu.length; end += 160) {
        if (gate.feed(pcmu.subarray(end - 160, end)) === 'started') starts.push(end / 8);
    }
    return starts;
}

/** When the stand-in's voice activity detection starts, ms. */
export function vadStarts(pcmu: Uint8Array): number[] {
    const starts: number[] = [];
    const vad = new EnergyVad({ speechStarted: (atMs) => starts.push(atMs), speechStopped: () => undefined });
    const settings = {
        type: 'server_vad' as const,
        threshold: 0.5,
        prefix_padding_ms: 300,
        silence_duration_ms: 500,
        create_response: true,
        interrupt_response: true,
        idle_timeout_ms: null,
    };
    vad.add(Buffer.from(pcmu), { type: 'audio/pcmu' }, settings, pcmu.length / 8);
    return starts;
}

/** Share of the bytes of a voice above -45 dBFS (`alone`) that came through unchanged. */
export function passedShare(alone: Float64Array, caller: Uint8Array, clean: Uint8Array): number {
    const voice = encodeMulaw(Int16Array.from(alone, Math.round));
    let voiced = 0;
    let passed = 0;
    for (let start = 0; start < voice.length; start += 160) {
        const window = voice.subarray(start, start + 160);
        if (levelDbfs(window) < -45) continue;
        voiced += window.length;
        for (let i = start; i < start + window.length; i++) if (clean[i] === caller[i]) passed += 1;
    }
    return passed / voiced;
}
