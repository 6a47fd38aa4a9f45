import { join } from 'node:path';
import type { Clock } from '../../support/clock';
import type { Logger } from '../../support/logger';
import type { Addition, AttachToCall } from '../call-archive';
import type { Disk } from '../disk/disk';
import type { CallDocument } from '../document';
import { isMissing } from '../process-mark';
import { dayOf, isSessionId } from '../stores/stored-call';
import { mendRecording } from './recording-file';
import { Recordings, type RecordedSound } from './recordings';

/** Records every call of a server to `<folder>/<date>/<session id>.wav`, and adds that to the call's record. */
export class RecordedCalls {
    private readonly recordings: Recordings;

    /** `logger`: of the process */
    constructor(
        private readonly folder: string,
        private readonly clock: Clock,
        logger: Logger,
        disk: Disk,
    ) {
        this.recordings = new Recordings(clock, logger, disk);
    }

    readonly attach: AttachToCall = ({ sessionId }) => {
        if (!isSessionId(sessionId)) return undefined;
        const path = this.pathOf(sessionId, new Date(this.clock.epochMs()).toISOString());
        const recording = this.recordings.start(path);
        return {
            observer: { audio: recording.audio },
            finish: async (document) => {
                const sound = await recording.finish();
                return sound && additionOf(document, path, sound);
            },
        };
    };

    /**
     * What a process that has died has left of the recording of a call; undefined: nothing. The last seconds before its end are missing.
     * Rejects when the file cannot be read or written.
     */
    readonly recover = async (document: CallDocument): Promise<Addition | undefined> => {
        const path = this.pathOf(document.sessionId, document.startedAt);
        try {
            const bytes = await mendRecording(path);
            return bytes === undefined ? undefined : additionOf(document, path, { bytes, fromMs: 0 });
        } catch (fault) {
            if (isMissing(fault)) return undefined;
            throw fault;
        }
    };

    private pathOf(sessionId: string, startedAt: string): string {
        return join(this.folder, dayOf(startedAt), `${sessionId}.wav`);
    }
}

function additionOf({ sessionId }: CallDocument, path: string, sound: RecordedSound): Addition {
    const name = `${sessionId}.wav`;
    return { fields: { recording: { name, ...sound } }, file: { name, path } };
}
