/**
 * A voice of your own: an object with `kind`, `voice`, `speak`, `warm` and `close` (`SpeechEngine` of src/services/tts-service).
 *
 * Name this file in EXTENSIONS and set LOCAL_TTS=custom; see README.md. `EspeakEngine` beside it is the voice. It is given one sentence
 * at a time; the server cuts texts, caches speech, and speaks with flite when this voice fails.
 */
import type { SpeechEngine } from '../../src/services/tts-service';
import type { Clock } from '../../src/support/clock';
import { EspeakEngine } from './espeak-engine';

/** A language or voice of espeak-ng, such as `de`, `fr-fr` or `en-us+f3`. */
const VOICE = process.env['ESPEAK_VOICE'] ?? 'en-us';

export default {
    voice: ({ clock }: { clock: Clock }): SpeechEngine => new EspeakEngine({ voice: VOICE, clock }),
};
