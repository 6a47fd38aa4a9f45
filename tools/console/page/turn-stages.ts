import type { Turn } from '../../caller/turn-times';

/** One step of the waiting: a piece of the waterfall. */
export interface Stage {
    name: 'listen' | 'think' | 'carry' | 'play';
    words: string;
    fromMs: number;
    toMs: number;
}

const WORDS = {
    listen: 'until the end of speech is noticed',
    think: 'until the model begins to speak',
    carry: 'until its sound arrives at the telephone',
    play: 'until the telephone plays it',
} as const;

/** The steps of a turn that are known, without holes: what cannot be seen from outside is part of the next step. */
export function stagesOf({ endMs, noticedMs, modelMs, audioMs, playbackMs }: Turn): Stage[] {
    const marks = [
        ['listen', noticedMs],
        ['think', modelMs],
        ['carry', audioMs],
        ['play', playbackMs],
    ] as const;
    const stages: Stage[] = [];
    let fromMs = endMs;
    for (const [name, atMs] of marks) {
        if (atMs === undefined || atMs < fromMs) continue;
        stages.push({ name, words: WORDS[name], fromMs, toMs: atMs });
        fromMs = atMs;
    }
    return stages;
}

const TRIGGERS: Readonly<Record<Turn['trigger'], string>> = { speech: 'speech', keys: 'keys', opened: 'greeting' };

/** What the bot answers in this turn, in a word. */
export function triggerOf({ trigger }: Turn): string {
    return TRIGGERS[trigger];
}
