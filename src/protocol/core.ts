import { NIL } from 'uuid';

/** The words that every AudioHook message shares (protocol sheet, sections 4 and 6). */

export type Uuid = string;

/** ISO 8601, seconds only: `PT1.25S`. See duration.ts. */
export type Duration = string;

/** BCP 47, in whatever case the client writes it: `en-us`. */
export type LanguageCode = string;

/** The id that marks a connection probe. */
export const NULL_UUID: Uuid = NIL;

export type MediaChannel = 'external' | 'internal';

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

/** Version of the protocol that both sides name in every message. */
export const PROTOCOL_VERSION = '2';

/** Most bytes of one text message that we send. */
export const MAX_TEXT_MESSAGE_BYTES = 64_000;

/** Most bytes of one binary message, either way. */
export const MAX_BINARY_MESSAGE_BYTES = 64_000;
