import { isDeepStrictEqual } from 'node:util';
import type { Media } from './media';

/** The item of `offer` that the server took; undefined: none of them, or one that was not offered. */
export function takenMedia(offer: readonly Media[], answer: unknown): Media | undefined {
    const taken: unknown = Array.isArray(answer) ? answer[0] : undefined;
    return offer.find((item) => isDeepStrictEqual(item, taken));
}
