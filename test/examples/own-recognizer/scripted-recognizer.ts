/**
 * Stands in for the recognizer's process. Its first argument, where the real one has the model's folder, says how it behaves;
 * a file of that name beside the temporary ones keeps what must outlive a process.
 */
import { existsSync, writeFileSync } from 'node:fs';

interface Request {
    id: number;
    phrases: string[][];
    pcmu: Uint8Array;
}

const [behaviour = '', memory = ''] = (process.argv[2] ?? '').split('|');

process.on('disconnect', () => process.exit(0));
process.on('message', ({ id, phrases, pcmu }: Request) => {
    const isFirst = memory !== '' && !existsSync(memory);
    if (isFirst) writeFileSync(memory, '');
    if (behaviour === 'dies once' && isFirst) process.exit(7);
    if (behaviour === 'hangs once' && isFirst) for (;;);
    if (behaviour === 'missing')
        process.send?.({ id, kind: 'missing', what: 'the library is missing: apt install it' });
    else if (behaviour === 'unknown') process.send?.({ id, kind: 'unknownWords', words: ['xyzzy'] });
    else if (behaviour === 'nonsense')
        for (const reply of [17, { id: id + 1, kind: 'nothing' }, { id, kind: 'nothing' }]) process.send?.(reply);
    else if (behaviour === 'environment')
        process.send?.({ id, kind: 'heard', words: process.env['A_SECRET'] ?? 'none' });
    // The length of the utterance chooses the phrase, so that a test sees what arrived.
    else process.send?.({ id, kind: 'heard', words: phrases[pcmu.length % phrases.length]?.join(' ') });
});
