import type { CallAudio } from '../../services/call-audio';
import type { Clock } from '../../support/clock';
import { overWithin } from '../../support/deadline';
import { CodedError } from '../../support/errors';
import type { Logger } from '../../support/logger';
import type { Disk } from '../disk/disk';
import { Outage } from '../outage';
import { CallRecording } from './call-recording';
import { RecordingFile } from './recording-file';
import { WriteRounds } from './write-rounds';

/** The rest of a recording must be written within this time after the call. */
const FINISH_WITHIN_MS = 5000;

/** What a record says of its recording. */
export interface RecordedSound {
    readonly bytes: number;
    /** Ms of the call at which it begins. */
    readonly fromMs: number;
    /** It ends before the call does: the disk was full or too slow. */
    readonly brokenOff?: true;
}

/** The recording of one call. */
export interface Recording {
    /** For the observer of the call (`CallObserver.audio`). */
    readonly audio: CallAudio;
    /**
     * After the call: writes the rest of the file. Never rejects, and takes 5 s at most.
     *
     * @returns undefined: there is no file, because nothing was heard or nothing could be written
     */
    finish(): Promise<RecordedSound | undefined>;
}

/**
 * Records calls. A recording that cannot be written ends, and its call notices nothing. The first of them is one line of the log,
 * ERR_RECORDING_BROKEN, and one tells when a recording could be written to its end again: a full disk is one fault, and not one of each call.
 */
export class Recordings {
    private readonly outage: Outage;
    private readonly rounds: WriteRounds;

    /** `logger`: of the process */
    constructor(
        private readonly clock: Clock,
        logger: Logger,
        private readonly disk: Disk,
    ) {
        const over = 'Recordings of calls can be written again.';
        this.outage = new Outage('ERR_RECORDING_BROKEN', over, logger, () => clock.nowMs());
        this.rounds = new WriteRounds(clock);
    }

    /**
     * Begins the recording of a call that opens. The file is made when the first sound comes. One that is there already is never touched: the
     * call is then not recorded.
     *
     * @param path where the file is to be, `….wav`; its folder is made
     */
    start(path: string): Recording {
        const broken = (fault: unknown): void => {
            recording.stop();
            this.outage.failed(fault);
        };
        const file = new RecordingFile(path, this.disk, this.rounds, broken);
        const recording = new CallRecording(this.clock, file, (fault) => {
            file.break(new CodedError('ERR_RECORDING_BROKEN', String(fault)));
        });
        return { audio: recording, finish: () => this.finish(recording, file) };
    }

    private async finish(recording: CallRecording, file: RecordingFile): Promise<RecordedSound | undefined> {
        recording.ended();
        let bytes: number | undefined;
        const end = file.finish().then((length) => (bytes = length));
        if (!(await overWithin(this.clock, FINISH_WITHIN_MS, end)))
            file.break(new CodedError('ERR_RECORDING_BROKEN', `${file.path}: the disk does not answer.`));
        if (!file.isBroken) this.outage.worked();
        return bytes === undefined
            ? undefined
            : { bytes, fromMs: 0, ...(file.isBroken && { brokenOff: true as const }) };
    }
}
