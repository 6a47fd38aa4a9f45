import { entry, type ErrorDescription } from './entry';

/** Codes of speech that is heard or made on this server. */
export const SPEECH_ERRORS = {
    // Hearing: voice activity and speech recognition
    ERR_VAD_WEIGHTS: entry(
        'operator',
        'The weights of the voice activity detector are missing or changed.',
        'Install the server again: assets/silero-vad belongs to it and must be copied along.',
    ),
    ERR_ASR_NOT_INSTALLED: entry(
        'operator',
        'The speech recognizer that is configured is not installed.',
        'Install what the message names, or choose another recognizer.',
    ),
    ERR_ASR_WORDS: entry(
        'operator',
        'A phrase to listen for cannot be recognized.',
        'Use only words that the recognizer’s dictionary has; the message names those that it does not have.',
    ),
    ERR_ASR_REFUSED: entry(
        'operator',
        'The speech recognition service does not take requests as they are configured.',
        'Check the key, the address and the model of the speech recognizer; the status in the message says what was wrong.',
    ),
    ERR_ASR_UNAVAILABLE: entry(
        'network',
        'The speech recognition service gave no answer that can be used.',
        'Look at the status of the service, and at the network from this server to it.',
    ),
    ERR_ASR_TIMEOUT: entry(
        'ours',
        'A speech recognition took longer than a caller waits.',
        'Look at the load of this machine, or of the service that recognizes; the next utterance is tried again.',
    ),
    ERR_ASR_CRASHED: entry(
        'ours',
        'The speech recognizer ended unexpectedly; the next utterance starts it again.',
        'If it happens again, please report it with the line of the log before it.',
    ),
    ERR_ASR_BUSY: entry(
        'ours',
        'Too many utterances wait for the speech recognizer.',
        'Take fewer calls per machine, or choose a faster recognizer.',
    ),
    ERR_ASR_CLOSED: entry('ours', 'The speech recognizer is shut down.', 'Nothing: the server is ending.'),

    // Speaking: speech synthesis and recorded prompts
    ERR_TTS_ENGINE: entry(
        'operator',
        'The speech synthesizer cannot be started.',
        'Install the server again (npm ci): its program is checked before it runs, and must be there unchanged.',
    ),
    ERR_TTS_VOICE: entry(
        'operator',
        'The speech synthesizer has no such voice.',
        'Choose one that the message names, or leave the voice out.',
    ),
    ERR_TTS_TEXT: entry(
        'ours',
        'A text cannot be spoken: it is too long, or in letters that the voice does not know.',
        'Give it sentence by sentence, or choose a synthesizer that knows the language.',
    ),
    ERR_TTS_FAILED: entry(
        'ours',
        'The speech synthesizer failed on a text.',
        'The message says what happened; if it happens again, please report it.',
    ),
    ERR_TTS_REFUSED: entry(
        'ours',
        'A text brought the speech synthesizer down twice and is not tried again.',
        'Please report it with the line of the log before it.',
    ),
    ERR_TTS_TIMEOUT: entry(
        'ours',
        'A text was not spoken within the time that a caller waits.',
        'Look at the load of this machine, or of the service that speaks.',
    ),
    ERR_TTS_BUSY: entry(
        'ours',
        'Too many texts wait for the speech synthesizer.',
        'Take fewer calls per machine, or let the bots say less.',
    ),
    ERR_TTS_CLOSED: entry('ours', 'The speech synthesizer is shut down.', 'Nothing: the server is ending.'),
    ERR_TTS_OPENAI: entry(
        'openai',
        'OpenAI’s speech service gave no audio that can be used.',
        'The status in the message says why: check the key, the address, the model and the voice, then OpenAI’s status.',
    ),
    ERR_TTS_NOT_INSTALLED: entry(
        'operator',
        'The speech synthesizer that is configured is not installed.',
        'Install what the message names, or choose another speech synthesizer.',
    ),
    ERR_PROMPT: entry(
        'operator',
        'A recorded prompt cannot be used.',
        'Save it as a WAV file (PCM or µ-law; 8, 16, 24 or 48 kHz) at the place that the message names.',
    ),
} as const satisfies Record<string, ErrorDescription>;
