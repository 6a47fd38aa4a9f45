/** The thread that writes the files of all calls of a process. Started by WriteThread. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { FileWriter } from './file-writer';
import type { WriteReply, WriteRequest } from './disk';
import type { WriteSetup } from './write-thread';

if (parentPort !== null) serve(parentPort, workerData as WriteSetup);

function serve(owner: MessagePort, { silentByte }: WriteSetup): void {
    const writer = new FileWriter(silentByte);
    owner.on('message', (request: WriteRequest) => {
        if (request === 'end') {
            writer.end();
            owner.close();
        } else owner.postMessage(request.map((work) => writer.do(work)) satisfies WriteReply);
    });
}
