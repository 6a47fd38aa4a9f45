import type { Caller } from './client';

/** The part of a terminal's input that is used; `process.stdin` fits. */
export interface KeySource {
    isTTY?: boolean;
    setRawMode?: (raw: boolean) => unknown;
    on(event: 'data', listener: (data: Buffer | string) => void): unknown;
    off(event: 'data', listener: (data: Buffer | string) => void): unknown;
    resume(): unknown;
    pause(): unknown;
}

const CTRL_C = '\u0003';

/**
 * Lets a person take part in a call: 0-9 * # press keys, `b` says `speech` over the bot, `q` or Ctrl-C hangs up, a second
 * Ctrl-C cuts the line. Returns what gives the terminal back; without a terminal nothing happens.
 */
export function attachKeyboard(caller: Caller, speech: Uint8Array, keys: KeySource): () => void {
    if (keys.isTTY !== true || keys.setRawMode === undefined) return () => undefined;
    const onData = (data: Buffer | string): void => {
        for (const key of data.toString()) press(caller, speech, key);
    };
    keys.setRawMode(true);
    keys.resume();
    keys.on('data', onData);
    return () => {
        keys.off('data', onData);
        keys.setRawMode?.(false);
        keys.pause();
    };
}

function press(caller: Caller, speech: Uint8Array, key: string): void {
    if (key === 'q') caller.hangUp();
    if (key === CTRL_C) {
        if (caller.state === 'open') caller.hangUp();
        else caller.cut();
    }
    if (caller.state !== 'open') return;
    if (/^[0-9*#]$/.test(key)) caller.dtmf(key);
    if (key === 'b') caller.say(speech);
}
