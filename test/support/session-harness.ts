import { Session } from '../../src/common/session';
import type { SessionDeps } from '../../src/common/session';
import type { Config } from '../../src/config/config';
import { BotService, type ChosenBot, type UnknownBot } from '../../src/services/bot-service';
import type { Conversation } from '../../src/services/conversation';
import { OutputVariables } from '../../src/services/profiles/variables';
import { FakeClock } from './fake-clock';
import { FakeConversation } from './fake-conversation';
import { FakeSocket } from './fake-socket';
import { LogRecorder } from './log-recorder';
import { testConfig } from './test-config';

export const SESSION_ID = '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10';
export const ORGANIZATION_ID = '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914';
export const NULL_ID = '00000000-0000-0000-0000-000000000000';
export const PCMU_EXTERNAL = { type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 };

/** Parameters of a sound `open`. */
export function openParameters(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return {
        organizationId: ORGANIZATION_ID,
        conversationId: 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77',
        participant: { id: '9a4de0b1-3c58-4b67-a1f2-70c6e9d5b382', ani: 'tel:+12025550143', aniName: '', dnis: '' },
        media: [PCMU_EXTERNAL],
        language: 'en-us',
        inputVariables: {},
        ...changes,
    };
}

class OneBotService extends BotService {
    constructor(
        private readonly bot: Conversation | undefined,
        private readonly terms: Config,
    ) {
        super(terms, { clock: new FakeClock(), logger: new LogRecorder() });
    }

    override getBotIfExists(): Promise<ChosenBot | UnknownBot> {
        const { bot: conversation, terms } = this;
        if (conversation === undefined) return Promise.resolve({ unknown: 'nobody' });
        const { turnTaking, maxCallMinutes } = terms;
        const variables = new OutputVariables({}, { maxLength: 1000 });
        return Promise.resolve({ name: 'fake', conversation, turnTaking, maxCallMinutes, variables });
    }
}

/** What Architect is told of a call that was short and silent. */
export function outcome(changes: Record<string, string> = {}): Record<string, string> {
    const nothing = { bot: 'fake', turns: '0', fallback_used: '', worst_turn_ms: '', cost_usd: '' };
    return { ...nothing, end_reason: 'bot_ended', ...changes };
}

/** A session with a fake at each end, and a client that numbers its messages rightly. */
export class SessionHarness {
    readonly clock = new FakeClock();
    readonly socket = new FakeSocket();
    readonly logger = new LogRecorder();
    readonly bot = new FakeConversation();
    readonly session: Session;
    private seq = 0;

    constructor(deps: Partial<SessionDeps> = {}, bot?: Conversation | null) {
        const found = bot === undefined ? this.bot : (bot ?? undefined);
        this.session = new Session(this.socket, SESSION_ID, '/', {
            clock: this.clock,
            logger: this.logger,
            config: testConfig(),
            botService: new OneBotService(found, deps.config ?? testConfig()),
            identity: { organizationId: ORGANIZATION_ID },
            hasRoom: () => true,
            ...deps,
        });
    }

    /** Sends one message with the next number. */
    send(type: string, parameters: unknown = {}, changes: Record<string, unknown> = {}): void {
        this.seq += 1;
        const serverseq = this.socket.messages.length;
        const message = { version: '2', id: SESSION_ID, type, seq: this.seq, serverseq, position: 'PT0S', parameters };
        this.session.processTextMessage(JSON.stringify({ ...message, ...changes }));
    }

    /** Opens the call and waits until it is open. */
    async open(changes: Record<string, unknown> = {}): Promise<void> {
        this.send('open', openParameters(changes));
        await settle();
    }

    /** Lets `ms` pass while the caller's line stays open, as it does on a real call. */
    pass(ms: number): void {
        for (let left = ms; left > 0; left -= 200) {
            this.audio(1600, 0xff);
            this.clock.advance(Math.min(200, left));
        }
    }

    audio(byteCount: number, value = 0x55): void {
        this.session.processBinaryMessage(new Uint8Array(byteCount).fill(value));
    }
}

/** Lets every promise that is already on its way arrive. */
export function settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
}
