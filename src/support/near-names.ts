/** The name that was meant by a misspelt one. */

/** Known names that differ from a misspelt one by a slip or two, the nearest first; empty: there is none. */
function namesNear(written: string, known: readonly string[]): string[] {
    const slips = known
        .map((name) => ({ name, slips: slipsBetween(written.toUpperCase(), name.toUpperCase()) }))
        .filter((near) => near.slips <= slipsAllowed(near.name))
        .sort((a, b) => a.slips - b.slips);
    if (slips.length > 0) return slips.filter((near) => near.slips === slips[0]?.slips).map(({ name }) => name);
    return known.filter((name) => isShortened(written, name));
}

/** `did you mean A or B?`; empty: no name is near. */
export function didYouMean(written: string, known: readonly string[]): string {
    const near = namesNear(written, known).slice(0, MAX_NAMES);
    return near.length === 0 ? '' : `did you mean ${near.join(' or ')}?`;
}

const MAX_NAMES = 4;

/** Short names are near too many others: PATH is none of PORT. */
function slipsAllowed(name: string): number {
    return name.length < 6 ? 1 : 2;
}

/** Whether a name has only some words of another: OPENAI_KEY of OPENAI_API_KEY. Two at least, or all would be near. */
function isShortened(written: string, name: string): boolean {
    const words = written.split('_');
    const rest = new Set(name.split('_'));
    return words.length > 1 && words.length === rest.size - 1 && words.every((word) => rest.delete(word));
}

/** Letters to put in, leave out, change, or swap with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
    if (Math.abs(a.length - b.length) > MAX_LENGTH_DIFFERENCE) return Infinity;
    let twoBack: number[] = [];
    let oneBack = Array.from({ length: b.length + 1 }, (_, at) => at);
    for (let i = 1; i <= a.length; i++) {
        const row = [i];
        for (let j = 1; j <= b.length; j++) {
            const change = a[i - 1] === b[j - 1] ? 0 : 1;
            let least = Math.min((oneBack[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (oneBack[j - 1] ?? 0) + change);
            const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
            if (isSwap) least = Math.min(least, (twoBack[j - 2] ?? 0) + 1);
            row.push(least);
        }
        twoBack = oneBack;
        oneBack = row;
    }
    return oneBack[b.length] ?? 0;
}

const MAX_LENGTH_DIFFERENCE = 2;
