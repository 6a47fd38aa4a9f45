/**
 * How well the offline recognizer understands the phrases of a menu: `npm run bench:asr -- --audio <folder>`, a folder with a
 * `manifest.json` ([{ file, text }]) and WAV files. Files whose name contains `menu` are phrases, the other speech is none.
 * Each goes through the voice activity detector first, as on a call.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { silencePcmu } from '../src/audio/tone';
import { wavToPcmu } from '../src/audio/wav';
import { PocketSphinx } from '../examples/own-recognizer/pocketsphinx';
import { loadSileroNetwork } from '../src/speech/vad/speech-meter';
import { SileroDetector } from '../src/speech/vad/voice-activity-detector';
import { systemClock } from '../src/support/clock';
import { silentLogger } from '../src/support/logger';
import { answerHelp } from '../tools/usage';
import { writeChart } from './chart';
import { Progress } from './progress';

const OTHER_CHOICES = ['cancel', 'help', 'operator', 'new order'];
const BAR_PERCENT = 90;
const manifestSchema = z.array(z.object({ file: z.string(), text: z.string() }));

answerHelp(`How well the offline recognizer of examples/own-recognizer understands the phrases of a menu.

  npm run bench:asr -- --audio FOLDER

  --audio FOLDER    a folder with manifest.json ([{ file, text }]) and WAV files; files whose name contains "menu" are phrases
  --help            this page`);

const { values } = parseArgs({ options: { audio: { type: 'string' } } });
const network = loadSileroNetwork();

async function main(): Promise<void> {
    const { audio } = values;
    if (audio === undefined) throw new Error('--audio is missing: the folder with manifest.json and the recordings.');
    const speech = manifestSchema
        .parse(JSON.parse(readFileSync(join(audio, 'manifest.json'), 'utf8')))
        .filter(({ file }) => /^(human|synthetic)\//.test(file));
    const menu = speech.filter(({ file }) => file.includes('menu'));
    const foreign = speech.filter((entry) => !menu.includes(entry));
    const phrases = [...new Set(menu.map(({ text }) => text)), ...OTHER_CHOICES];
    const recognizer = new PocketSphinx({ clock: systemClock, logger: silentLogger });
    const progress = new Progress(speech.length, 'recordings');
    let [right, wrong, taken, waitedMs] = [0, 0, 0, 0];
    const hear = async (file: string): Promise<string | undefined> => {
        const utterance = utteranceOf(wavToPcmu(readFileSync(join(audio, file))));
        const startMs = performance.now();
        const heard = await recognizer.recognize(utterance, { phrases });
        waitedMs += performance.now() - startMs;
        progress.add();
        return heard?.text;
    };
    try {
        for (const { file, text } of menu) {
            const heard = await hear(file);
            if (heard === text) right++;
            else if (heard !== undefined) wrong++;
            if (heard !== text) progress.print(`  ${file}: ${heard ?? 'not recognized'}`);
        }
        for (const { file } of foreign) if ((await hear(file)) !== undefined) taken++;
    } finally {
        progress.end();
        await recognizer.close();
    }
    const percent = (100 * right) / menu.length;
    console.log(
        `phrases right   ${right} of ${menu.length} (${percent.toFixed(0)} %)   ${percent >= BAR_PERCENT ? 'met' : 'MISSED'}`,
    );
    console.log(`phrases wrong   ${wrong}`);
    console.log(`other speech taken for a phrase   ${taken} of ${foreign.length}`);
    console.log(`response after  ${(waitedMs / speech.length).toFixed(0)} ms on average`);
    writeChart('asr', 'Offline recognizer', [
        {
            title: 'phrases right',
            unit: '%',
            limit: BAR_PERCENT,
            limitIs: 'least',
            rows: [{ label: `${right} of ${menu.length}`, value: percent }],
        },
        {
            title: 'not right',
            unit: 'recordings',
            rows: [
                { label: 'another phrase', value: wrong },
                { label: 'other speech taken for a phrase', value: taken },
            ],
        },
    ]);
}

/** What the detector cuts out of a file; all of it where it hears nothing. */
function utteranceOf(pcmu: Uint8Array): Uint8Array {
    const detector = new SileroDetector(network);
    detector.feed(Buffer.concat([silencePcmu(500), pcmu, silencePcmu(1000)]));
    return detector.utterance().length > 0 ? detector.utterance() : pcmu;
}

main().catch((fault: unknown) => {
    console.error(fault instanceof Error ? fault.message : fault);
    process.exitCode = 1;
});
