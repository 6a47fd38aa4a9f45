import { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';
import type { OpenAIConfig } from '../../src/config/config';
import { BotResource } from '../../src/services/bot-resource';
import { Transcript } from '../../src/services/transcript';
import { INSTANT, startFakeOpenAI } from '../../tools/fake-openai';
import { configFor } from '../services/realtime/support';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { conversationContract, type Specimen } from './conversation-contract';
import { overlapContract } from './overlap-contract';

/** Answers that take their time, so that they can be interrupted: 2 s of audio in 40 ms. */
const SPEED = 50;

async function specimen(changes: Partial<OpenAIConfig>): Promise<Specimen> {
    const callerTranscript = { texts: ['Hello?'], when: 'early' } as const;
    const fake = await startFakeOpenAI({ ...INSTANT, speed: SPEED, callerTranscript });
    const clock = new FakeClock();
    const callerAudio = new CallerAudioBuffer();
    const deps = { clock, logger: new LogRecorder(), callerAudio, transcript: new Transcript() };
    const conversation = new BotResource(configFor(fake, changes), deps);
    const close = async (): Promise<void> => {
        await fake.close();
        expect(fake.faults.filter((fault) => !fault.benign)).toEqual([]);
    };
    return { conversation, callerAudio, clock, close };
}

const GREETING = { greeting: 'Greet the caller.' };

conversationContract('OpenAI’s model', () => specimen(GREETING));
conversationContract('OpenAI’s model in PCM16, which waits for the caller', () => specimen({ audioFormat: 'pcm16' }));
conversationContract('OpenAI’s model whose caller’s speech is judged', () =>
    specimen({ ...GREETING, bargeIn: 'smart' }),
);
overlapContract('OpenAI’s model', () => specimen({ ...GREETING, bargeIn: 'smart' }));
overlapContract('OpenAI’s model that does not transcribe', () =>
    specimen({ ...GREETING, bargeIn: 'smart', transcription: undefined }),
);
conversationContract('OpenAI’s model that stops only when it is told to', () =>
    specimen({ ...GREETING, interruptsItself: false }),
);
