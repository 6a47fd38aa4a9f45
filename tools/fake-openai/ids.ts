import { seededRandom } from './signal';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Makes ids as the service does: a prefix and 21 base62 characters (fact sheet, section 8). Same seed, same ids. */
export class IdMaker {
    private readonly random: () => number;

    constructor(seed: number) {
        this.random = seededRandom(seed);
    }

    make(prefix: 'event' | 'item' | 'resp' | 'conv' | 'sess' | 'call' | 'mcpl'): string {
        let id = `${prefix}_`;
        for (let i = 0; i < 21; i++) id += DIGITS.charAt(Math.floor(this.random() * DIGITS.length));
        return id;
    }
}
