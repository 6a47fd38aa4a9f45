/**
 * A speech recognizer of your own: an object with `kind`, `recognize` and `close` (`SpeechToText` of src/services/asr-service).
 *
 * Name this file in EXTENSIONS and set LOCAL_ASR=custom; see README.md. `PocketSphinx` beside it is the recognizer: it implements
 * `SpeechToText`, and serves all calls of the process. What must be installed is loaded with the first utterance.
 */
import type { SpeechToText } from '../../src/services/asr-service';
import type { Clock } from '../../src/support/clock';
import type { Logger } from '../../src/support/logger';
import { PocketSphinx } from './pocketsphinx';

export default {
    recognizer: (deps: { clock: Clock; logger: Logger }): SpeechToText => new PocketSphinx(deps),
};
