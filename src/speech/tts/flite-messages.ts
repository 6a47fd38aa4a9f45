/** What the speech thread and its owner say to each other. Each checks what it receives. */
import { types } from 'node:util';
import { isFliteVoice, type FliteVoice } from './flite';

/** To the thread: speak this. */
export interface SpeechRequest {
    id: number;
    voice: FliteVoice;
    text: string;
}

/** From the thread. `broken`: its program cannot be loaded, and never will be. */
export type SpeechReply =
    | { kind: 'ready' }
    | { kind: 'broken'; why: string }
    | { kind: 'spoken'; id: number; pcmu: Uint8Array }
    | { kind: 'failed'; id: number; why: string };

/** undefined: not a request. */
export function readRequest(message: unknown): SpeechRequest | undefined {
    if (!isRecord(message)) return undefined;
    const { id, voice, text } = message;
    if (typeof id !== 'number' || typeof text !== 'string') return undefined;
    return typeof voice === 'string' && isFliteVoice(voice) ? { id, voice, text } : undefined;
}

/** undefined: not a reply. */
export function readReply(message: unknown): SpeechReply | undefined {
    if (!isRecord(message)) return undefined;
    const { kind, id, why, pcmu } = message;
    if (kind === 'ready') return { kind };
    if (kind === 'broken' && typeof why === 'string') return { kind, why };
    if (typeof id !== 'number') return undefined;
    if (kind === 'spoken' && types.isUint8Array(pcmu)) return { kind, id, pcmu };
    return kind === 'failed' && typeof why === 'string' ? { kind, id, why } : undefined;
}

function isRecord(
    value: unknown,
): value is Readonly<Record<'id' | 'voice' | 'text' | 'kind' | 'why' | 'pcmu', unknown>> {
    return typeof value === 'object' && value !== null;
}
