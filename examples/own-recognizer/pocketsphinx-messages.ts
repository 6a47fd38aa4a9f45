import { z } from 'zod';

/** What the recognizer's process is asked: one utterance and the phrases that it may be, each as its words. */
export interface RecognizerRequest {
    readonly id: number;
    readonly phrases: readonly (readonly string[])[];
    /** PCMU, 8 kHz, mono. */
    readonly pcmu: Uint8Array;
}

export const requestSchema: z.ZodType<RecognizerRequest> = z.object({
    id: z.number(),
    phrases: z.array(z.array(z.string())),
    pcmu: z.instanceof(Uint8Array),
});

/** What it answers: the words of the phrase heard, words that its dictionary lacks, or what is not installed. */
export const replySchema = z.union([
    z.object({ id: z.number(), kind: z.literal('heard'), words: z.string() }),
    z.object({ id: z.number(), kind: z.literal('nothing') }),
    z.object({ id: z.number(), kind: z.literal('unknownWords'), words: z.array(z.string()) }),
    z.object({ id: z.number(), kind: z.literal('missing'), what: z.string() }),
]);

export type RecognizerReply = z.infer<typeof replySchema>;
