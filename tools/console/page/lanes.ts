import type { ShownRow } from './call-store';

/** Where each lane of the picture lies, in CSS pixels. */
export const LANES = {
    axis: { top: 0, height: 24 },
    caller: { top: 30, height: 72 },
    bot: { top: 110, height: 72 },
    wait: { top: 192, height: 16 },
    protocol: { top: 222, height: 44 },
    openai: { top: 280, height: 40 },
} as const;

export const PICTURE_HEIGHT = 330;

type LaneName = keyof typeof LANES;

/** The lane and the height in it at which a row's mark lies; undefined: it has none, being drawn as something longer. */
export function placeOf(row: ShownRow): { lane: LaneName; y: number } | undefined {
    const { protocol, openai } = LANES;
    if (row.event.kind === 'openai' || row.event.kind === 'tool')
        return { lane: 'openai', y: openai.top + openai.height * (row.arrow === '⇢' ? 0.28 : 0.75) };
    if (row.topic === 'talk' || row.topic === 'quiet' || row.topic === 'vad on' || row.topic === 'vad off')
        return undefined;
    if (row.topic === 'transcript' || row.topic === 'heard' || row.topic === 'keypad') return undefined;
    const share = row.arrow === '→' ? 0.22 : row.arrow === '←' ? 0.8 : 0.5;
    return { lane: 'protocol', y: protocol.top + protocol.height * share };
}
