import type { Clock } from '../../src/support/clock';
import type { Media } from './media';
import type { CreatePlayout } from './playout';
import type { Microphone } from './audio-source';
import type { JsonObject } from './server-message';

/** The caller's side of `open.parameters.participant`. */
interface Participant {
    id: string;
    ani: string;
    aniName: string;
    dnis: string;
}

export interface CallerOptions {
    /** ws:// or wss://, path and query included: Base Connection URI and Connector ID joined. */
    url: string;
    apiKey: string;
    /** Base64, as shown by Genesys; absent: the upgrade is not signed. */
    clientSecret?: string | undefined;
    /** Signed instead of the URL's host: what a proxy in front of the server would receive. */
    authority?: string;
    /** UUIDs; random unless given. The correlation id equals the session id unless given, as on real calls. */
    organizationId?: string;
    sessionId?: string;
    correlationId?: string;
    conversationId?: string;
    participant?: Partial<Participant>;
    /** Headers added to the upgrade, or put in place of the usual ones. */
    headers?: Readonly<Record<string, string>>;
    retryAttempt?: number;
    /** Certificates in PEM that are trusted as authorities, instead of those of Node. */
    ca?: readonly string[] | undefined;
    /** `open.parameters`, left out unless given. */
    inputVariables?: Readonly<Record<string, string>>;
    language?: string | undefined;
    supportedLanguages?: boolean;
    customConfig?: unknown;
    /** The offer; PCMU, external, 8000 Hz unless given. */
    media?: readonly Media[];
    /** What the caller says: PCMU, 8 kHz, mono. Silence when it has ended. */
    audio?: Uint8Array;
    /** Live caller audio, used while there is no recording to say. */
    microphone?: Microphone;
    /** Makes what plays bot audio; a playout by the clock unless given. */
    createPlayout?: CreatePlayout;
    /** Length of the audio frames, ms: a number (200 unless given), or a function asked for each frame. */
    frameMs?: number | (() => number);
    /** Audio that was kept during set-up and is sent at once after `opened`, ms. 0 unless given. */
    catchUpMs?: number;
    /** The connection probe of an administrator (docs/PROTOCOL.md, 3.3): opens, closes, sends no audio. */
    probe?: boolean;
    /** Sends `paused` right after `opened`, as a real call was seen to do. */
    startPaused?: boolean;
    /** Whether `playback_completed` follows a flush by `barge_in`; undocumented, so try both. True unless given. */
    completedAfterFlush?: boolean;
    /** Pings as Genesys does. True unless given. */
    pings?: boolean;
    /** Answers `disconnect` with `close`. True unless given. */
    answersDisconnect?: boolean;
    /** Answers breaches as Genesys' client does: `error`, and `close` where it would. True unless given. */
    reactsToFaults?: boolean;
    /** Keeps all audio for later. True unless given; false for load tests. */
    keepAudio?: boolean;
    clock?: Clock;
}

/** The null UUID that marks a connection probe (docs/PROTOCOL.md, 3.3). */
const NULL_UUID = '00000000-0000-0000-0000-000000000000';

const CALLER = { ani: 'tel:+12025550143', aniName: '', dnis: 'tel:+12025550199' };
const PROBE_PARTICIPANT = { id: NULL_UUID, ani: '', aniName: '', dnis: '' };

/** `open.parameters` as Genesys fills them (docs/PROTOCOL.md, 3.1); what was not asked for is left out. */
export function openParameters(
    options: CallerOptions,
    ids: { organizationId: string; conversationId: string; participantId: string },
    media: readonly Media[],
): JsonObject {
    const { organizationId, participantId: id } = ids;
    if (options.probe === true)
        return {
            organizationId,
            conversationId: NULL_UUID,
            participant: { ...PROBE_PARTICIPANT, ...options.participant },
            media,
        };
    return {
        organizationId,
        conversationId: ids.conversationId,
        participant: { id, ...CALLER, ...options.participant },
        media,
        ...pick(options, ['language', 'supportedLanguages', 'customConfig', 'inputVariables']),
    };
}

function pick(options: CallerOptions, names: readonly (keyof CallerOptions)[]): JsonObject {
    const named = names.map((name): [string, unknown] => [name, options[name]]);
    return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}
