const { PI, cos } = Math;

const RATE_HZ = 8000;
/** The tones of a keypad (ITU-T Q.23): a key sounds one of the lower and one of the upper group. */
const LOWER_HZ = [697, 770, 852, 941];
const UPPER_HZ = [1209, 1336, 1477, 1633];
/** Share of the energy that the two tones have: all of it when a key sounds throughout, a third when it does for a third. */
const BOTH_SHARE = 0.35;
/** Share that each of them has at least. Of 4,931 steps of speech one reached as much, by chance. */
const EACH_SHARE = 0.1;

const LOWER_TURNS = LOWER_HZ.map(turnOf);
const UPPER_TURNS = UPPER_HZ.map(turnOf);

/**
 * Whether samples of 8 kHz are a telephone key and nothing else. A row of keys has the rhythm of syllables, and a network
 * that knows only speech is taken in by it now and then. Made for steps of 32 ms; allocates nothing.
 */
export function isKeyTone(pcm: Int16Array): boolean {
    let energy = 0;
    for (let i = 0; i < pcm.length; i++) energy += (pcm[i] ?? 0) * (pcm[i] ?? 0);
    if (energy === 0) return false;
    const scale = 2 / (pcm.length * energy);
    const lower = scale * strongest(pcm, LOWER_TURNS);
    if (lower < EACH_SHARE) return false;
    const upper = scale * strongest(pcm, UPPER_TURNS);
    return upper >= EACH_SHARE && lower + upper >= BOTH_SHARE;
}

function strongest(pcm: Int16Array, turns: readonly number[]): number {
    let most = 0;
    for (const turn of turns) {
        const power = goertzel(pcm, turn);
        if (power > most) most = power;
    }
    return most;
}

/** The squared magnitude of one frequency, by Goertzel's recurrence. */
function goertzel(pcm: Int16Array, turn: number): number {
    let last = 0;
    let before = 0;
    for (let i = 0; i < pcm.length; i++) {
        const next = (pcm[i] ?? 0) + turn * last - before;
        before = last;
        last = next;
    }
    return last * last + before * before - turn * last * before;
}

function turnOf(frequencyHz: number): number {
    return 2 * cos((2 * PI * frequencyHz) / RATE_HZ);
}
