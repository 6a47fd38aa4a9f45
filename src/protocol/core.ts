import { NIL } from 'uuid';

/** The types and constants that all AudioHook messages share (docs/PROTOCOL.md, 2). */

export type Uuid = string;

/** ISO 8601, seconds only: `PT1.25S`. */
export type Duration = string;

/** BCP 47, in any case of letters, as the client writes it: `en-us`. */
export type LanguageCode = string;

/** The id that marks a connection probe. */
export const NULL_UUID: Uuid = NIL;

/** One media item of an offer. A bot call gets PCMU, `["external"]`, 8000. */
export interface MediaParameter {
    type: string;
    format: string;
    channels: readonly string[];
    rate: number;
}

/** The caller. `ani` and `dnis` may be empty, a SIP URI, or begin with `tel:`: personal data, never logged whole. */
export interface Participant {
    id: string;
    ani: string;
    aniName: string;
    dnis: string;
}

/** Input and output variables of the Architect action: strings only. */
export type StringMap = Readonly<Record<string, string>>;

/** The version of the protocol that every message carries. */
export const PROTOCOL_VERSION = '2';

/** The longest text message that this server sends, in bytes (docs/PROTOCOL.md, 2.4). */
export const MAX_TEXT_MESSAGE_BYTES = 64_000;

const DURATION = /^PT(\d{0,15})(?:\.(\d{1,15}))?S$/;

/** `PT1.5S` → 1500 (ms). undefined for anything that is not a duration in seconds (docs/PROTOCOL.md, 2.1). */
export function durationToMs(text: string): number | undefined {
    const match = DURATION.exec(text);
    if (match === null) return undefined;
    const [, whole = '', fraction = ''] = match;
    if (whole === '' && fraction === '') return undefined;
    return Number(`${whole === '' ? '0' : whole}.${fraction === '' ? '0' : fraction}`) * 1000;
}
