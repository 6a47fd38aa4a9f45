/**
 * Makes the recordings of assets/prompts with the embedded voice: `npx tsx tools/make-prompts.ts`. Run it after a change of
 * their words in assets/words/en.json; the same words and voice give the same bytes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeMulawWav } from '../src/audio/wav';
import { PROMPTS_FOLDER } from '../src/speech/prompts';
import { TTSService, SHIPPED_PROMPTS } from '../src/services/tts-service';
import { FliteEngine } from '../src/speech/tts/flite-engine';

/** What a text sounds like: the bytes of its WAV file. */
export async function promptWav(speech: TTSService, text: string): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of speech.speak(text)) pieces.push(piece);
    return encodeMulawWav(Buffer.concat(pieces));
}

async function main(): Promise<void> {
    const speech = new TTSService({ engine: new FliteEngine({ voice: 'rms' }) });
    // The speech thread alone does not keep a process alive.
    const hold = setInterval(() => undefined, 1000);
    try {
        for (const [name, text] of Object.entries(SHIPPED_PROMPTS)) {
            const wav = await promptWav(speech, text);
            writeFileSync(join(PROMPTS_FOLDER, `${name}.wav`), wav);
            console.log(`${name}.wav: ${wav.length} bytes, "${text}"`);
        }
    } finally {
        clearInterval(hold);
        await speech.close();
    }
}

if (require.main === module)
    main().catch((fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    });
