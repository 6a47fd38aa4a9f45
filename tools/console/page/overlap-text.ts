import type { Overlap } from '../../caller/call-picture';

/** What may stand beside a mark, the longest first. */
export function textsOf({ text, reason, verdict }: Overlap['verdicts'][number]): readonly string[] {
    return [text, reason, verdict];
}

/** The first of `texts` that is not wider than `room`; undefined: none. */
export function longestThatFits(
    texts: readonly string[],
    room: number,
    widthOf: (text: string) => number,
): string | undefined {
    return texts.find((text) => widthOf(text) <= room);
}
