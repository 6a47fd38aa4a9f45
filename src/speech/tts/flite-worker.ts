/** The thread that speaks: loads the program once, and makes one sentence after the other. Started by FliteEngine. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { loadFlite, speakWithFlite } from './flite';
import { readRequest, type SpeechReply, type SpeechRequest } from './flite-messages';
import type { Program } from '../../support/web-assembly';

if (parentPort !== null) serve(parentPort, workerData);

function serve(owner: MessagePort, programPath: unknown): void {
    const program = load(owner, String(programPath));
    if (program === undefined) return;
    owner.on('message', (message: unknown) => {
        const request = readRequest(message);
        if (request !== undefined) answer(owner, program, request);
    });
    say(owner, { kind: 'ready' });
}

function load(owner: MessagePort, programPath: string): Program | undefined {
    try {
        return loadFlite(programPath);
    } catch (fault) {
        say(owner, { kind: 'broken', why: wordsOf(fault) });
        return undefined;
    }
}

function answer(owner: MessagePort, program: Program, { id, voice, text }: SpeechRequest): void {
    try {
        const pcmu = speakWithFlite(program, voice, text);
        owner.postMessage({ kind: 'spoken', id, pcmu } satisfies SpeechReply, [pcmu.buffer]);
    } catch (fault) {
        say(owner, { kind: 'failed', id, why: wordsOf(fault) });
    }
}

function say(owner: MessagePort, reply: SpeechReply): void {
    owner.postMessage(reply);
}

function wordsOf(fault: unknown): string {
    return fault instanceof Error ? fault.message : String(fault);
}
