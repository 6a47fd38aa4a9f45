import { ENDS, startFakeOpenAI, type FakeOpenAI, type FakeSession } from '../../tools/fake-openai';
import { seededRandom } from '../../tools/fake-openai/signal';
import { callIn } from '../load/script';
import { stampedSpeech } from './stamped-speech';

/** Little faster than an answer is heard, so that a fault meets many calls in the middle of one. */
const DELIVERY_SPEED = 1.5;
const ANSWER_MS = { least: 1200, most: 2600 };

/** The strict stand-in, with answers that know for which call they are. */
export class StampingStandIn {
    /** Responses fail as those of a project whose limit is used up. */
    isRateLimited = false;
    private readonly answers = new Map<number, number>();
    /** Sessions that were given what no service sends: what the server then sends on them is not judged. */
    private readonly abused = new Set<FakeSession>();
    /** Faults of each session that were told already. */
    private readonly told = new Map<FakeSession, number>();

    private constructor(private readonly started: { fake?: FakeOpenAI }) {}

    /** `seed`: of the lengths of the answers. */
    static async start(seed: number): Promise<StampingStandIn> {
        const started: { fake?: FakeOpenAI } = {};
        const standIn = new StampingStandIn(started);
        const random = seededRandom(seed);
        started.fake = await startFakeOpenAI({
            record: false,
            speed: DELIVERY_SPEED,
            response: ({ sessionIndex, params }) => {
                if (params.output_modalities?.[0] === 'text') return undefined;
                if (standIn.isRateLimited) return { end: ENDS.rateLimited(1) };
                const ms = ANSWER_MS.least + random() * (ANSWER_MS.most - ANSWER_MS.least);
                return { text: 'This is what I know about that.', audio: standIn.answer(sessionIndex, ms) };
            },
        });
        return standIn;
    }

    get fake(): FakeOpenAI {
        if (this.started.fake === undefined) throw new Error('The stand-in has not started.');
        return this.started.fake;
    }

    /** Sessions that are open. */
    get open(): FakeSession[] {
        return this.fake.sessions.filter(({ closed }) => closed === undefined);
    }

    /** The session of the call with this number, if it is open. */
    sessionOf(call: number): FakeSession | undefined {
        return this.open.find((session) => callIn(session.effective.instructions) === call);
    }

    abuse(session: FakeSession): void {
        this.abused.add(session);
    }

    /** Frames of the server that OpenAI would refuse, since this was asked last; those that a correct client meets too left out. */
    takeFaults(): string[] {
        return this.fake.sessions.flatMap((session) => {
            const fresh = session.faults.slice(this.told.get(session) ?? 0);
            this.told.set(session, session.faults.length);
            if (this.abused.has(session)) return [];
            const real = fresh.filter(({ benign }) => !benign);
            return real.map(({ frameType, code, message }) => `${frameType ?? 'a frame'}: ${code ?? ''} ${message}`);
        });
    }

    async stop(): Promise<void> {
        await this.fake.close();
    }

    private answer(sessionIndex: number, ms: number): Buffer {
        const call = callIn(this.fake.sessions[sessionIndex]?.effective.instructions ?? '') ?? 0;
        const answer = this.answers.get(call) ?? 0;
        this.answers.set(call, answer + 1);
        return stampedSpeech(call, answer, ms);
    }
}
