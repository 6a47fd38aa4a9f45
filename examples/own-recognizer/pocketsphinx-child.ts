/**
 * The process in which PocketSphinx runs. A native library can hang or end the process that it is in: here that costs one
 * utterance, not every call. It ends when the server does.
 */
import { decodeMulaw } from '../../src/audio/mulaw';
import { resampleClip } from '../../src/audio/resampler';
import { finiteStateGrammar, isForeign } from './phrase-grammar';
import { MissingPart, PocketSphinxLibrary } from './pocketsphinx-library';
import { requestSchema, type RecognizerReply, type RecognizerRequest } from './pocketsphinx-messages';

const LINE_RATE_HZ = 8000;
const MODEL_RATE_HZ = 16_000;

function main(modelPath: string): void {
    let library: PocketSphinxLibrary | undefined;
    process.on('message', (message: unknown) => {
        const request = requestSchema.safeParse(message);
        if (!request.success) return;
        const { id } = request.data;
        try {
            library ??= new PocketSphinxLibrary(modelPath);
            process.send?.(recognize(library, request.data));
        } catch (fault) {
            // Anything else ends the process, and the server learns that it did.
            if (!(fault instanceof MissingPart)) throw fault;
            process.send?.({ id, kind: 'missing', what: fault.message } satisfies RecognizerReply);
        }
    });
    process.on('disconnect', () => process.exit(0));
    // Ctrl-C reaches the whole group of processes; the server says when it is over.
    process.on('SIGINT', () => undefined);
}

function recognize(library: PocketSphinxLibrary, { id, phrases, pcmu }: RecognizerRequest): RecognizerReply {
    const unknown = [...new Set(phrases.flat())].filter((word) => !library.hasWord(word));
    if (unknown.length > 0) return { id, kind: 'unknownWords', words: unknown };
    library.useGrammar(finiteStateGrammar(phrases.map((words) => ({ phrase: '', words }))));
    const words = library.decode(resampleClip(decodeMulaw(pcmu), LINE_RATE_HZ, MODEL_RATE_HZ));
    return words === '' || isForeign(words) ? { id, kind: 'nothing' } : { id, kind: 'heard', words };
}

main(process.argv[2] ?? '');
