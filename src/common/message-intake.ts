import type { ClientEnvelope, ClientMessage } from '../protocol/message';
import { parseClientMessage } from '../protocol/parse';
import type { ErrorCode } from '../support/errors';
import type { SessionPort } from '../websocket/message-handlers/message-handler';
import { MessageHandlerRegistry } from '../websocket/message-handlers/message-handler-registry';
import type { MessageSequence } from './session-wire';
import type { CurrentState } from './session-state';

export interface MessageIntakeOptions {
    session: SessionPort;
    sequence: MessageSequence;
    /** What is accepted follows its rules. */
    state: Pick<CurrentState, 'rules'>;
    /** The client broke the protocol. `where` names the part at fault, never its value. */
    onBreach: (code: ErrorCode, where: string) => void;
    /** A message was counted and ignored. */
    onIgnored: (what: string, where?: string) => void;
}

/** What a message type of the protocol looks like; any other text is not written to the log. */
const PROTOCOL_WORD = /^[a-z][a-z_-]{0,39}$/i;

/**
 * Text messages of the client: parses one, checks its numbers (docs/PROTOCOL.md, 2.2), and passes it to its handler if the state
 * accepts it. Unknown types are counted and ignored (docs/PROTOCOL.md, 2.3).
 */
export class MessageIntake {
    private readonly registry = new MessageHandlerRegistry();

    constructor(private readonly options: MessageIntakeOptions) {}

    process(text: string): void {
        const parsed = parseClientMessage(text);
        if (parsed.kind === 'fault') {
            this.options.onBreach(parsed.code, parsed.where);
            return;
        }
        const envelope = parsed.kind === 'message' ? parsed.message : parsed.envelope;
        const inOrder = this.countIn(envelope);
        if (parsed.kind === 'message') this.dispatch(parsed.message, inOrder);
        else if (parsed.kind === 'unknown') this.options.onIgnored(`unknown type ${nameOf(parsed.type)}`);
        else if (parsed.type === 'open' && this.options.state.rules.accepts.includes('open'))
            this.options.onBreach(parsed.code, parsed.where);
        else this.options.onIgnored(`unusable ${parsed.type}`, parsed.where);
    }

    /** @returns false when the numbers are wrong; they count from here all the same, so that `close` can be answered */
    private countIn(envelope: ClientEnvelope): boolean {
        const { sequence, onBreach } = this.options;
        const code = sequence.accept(envelope);
        if (code === undefined) return true;
        onBreach(code, '');
        sequence.stopChecking();
        sequence.accept(envelope);
        return false;
    }

    private dispatch(message: ClientMessage, inOrder: boolean): void {
        const { session, state, onIgnored } = this.options;
        if (!inOrder && message.type !== 'close') return;
        if (state.rules.accepts.includes(message.type)) this.registry.handle(message.type, message, session);
        else onIgnored(`${message.type} out of place`);
    }
}

function nameOf(type: string): string {
    return PROTOCOL_WORD.test(type) ? type : '(no word)';
}
