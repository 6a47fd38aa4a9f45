import { MessageIntake } from '../../src/common/message-intake';
import { MessageSequence } from '../../src/common/session-wire';
import type { ClientMessageType } from '../../src/protocol/message';
import type { SessionPort } from '../../src/websocket/message-handlers/message-handler';
import { SESSION_ID } from '../support/session-harness';

/** Reads messages one after the other, in a state that accepts only some, and keeps all that comes of them. */
class IntakeBench {
    readonly heard: unknown[][] = [];
    private seq = 0;
    private readonly intake: MessageIntake;

    constructor(accepts: readonly ClientMessageType[]) {
        const session = {
            reply: (type: string) => this.heard.push(['reply', type]),
            closeByClient: (reason: string) => this.heard.push(['close', reason]),
        } as unknown as SessionPort;
        const rules = { accepts, callerAudio: 'drop', sends: [], sendsAudio: false } as const;
        this.intake = new MessageIntake({
            session,
            sequence: new MessageSequence(SESSION_ID),
            state: { rules },
            onBreach: (...breach) => this.heard.push(['breach', ...breach]),
            onIgnored: (...ignored) => this.heard.push(['ignored', ...ignored]),
        });
    }

    text(text: string): this {
        this.intake.process(text);
        return this;
    }

    message(type: string, parameters: object = {}, over: object = {}): this {
        this.seq += 1;
        const head = { version: '2', id: SESSION_ID, type, seq: this.seq, serverseq: 0, position: 'PT0S' };
        return this.text(JSON.stringify({ ...head, parameters, ...over }));
    }
}

describe('MessageIntake', () => {
    it('reports a text that is no message with its code and the place at fault', () => {
        const bench = new IntakeBench(['ping']).text('{').message('ping', {}, { serverseq: 'none' });
        expect(bench.heard).toEqual([
            ['breach', 'ERR_MESSAGE_NOT_JSON', ''],
            ['breach', 'ERR_MESSAGE_SHAPE', 'serverseq'],
        ]);
    });

    it('reports a wrong number without a place, handles no such message, and handles a close with one', () => {
        const bench = new IntakeBench(['ping', 'close']).message('ping', {}, { seq: 4 });
        expect(bench.heard).toEqual([['breach', 'ERR_MESSAGE_SEQ', '']]);
        const closing = new IntakeBench(['close']).message('close', { reason: 'end' }, { seq: 4 });
        expect(closing.heard).toEqual([
            ['breach', 'ERR_MESSAGE_SEQ', ''],
            ['close', 'end'],
        ]);
    });

    it('ignores, by its name, what the state does not accept', () => {
        const bench = new IntakeBench(['ping']).message('dtmf', { digit: '1' }).message('ping');
        expect(bench.heard).toEqual([
            ['ignored', 'dtmf out of place'],
            ['reply', 'pong'],
        ]);
    });

    it.each([
        ['brand_new', 'brand_new'],
        [`a${'b'.repeat(39)}`, `a${'b'.repeat(39)}`],
        [`a${'b'.repeat(40)}`, '(no word)'],
        ['7up', '(no word)'],
        ['_up', '(no word)'],
        ['up!', '(no word)'],
        ['', '(no word)'],
    ])('ignores the unknown type %j, and names only a word: %s', (type, name) => {
        expect(new IntakeBench(['ping']).message(type).heard).toEqual([['ignored', `unknown type ${name}`]]);
    });

    it('reports an open without its parameters where open is due, and ignores it elsewhere', () => {
        const place = 'parameters.organizationId';
        expect(new IntakeBench(['open']).message('open').heard).toEqual([['breach', 'ERR_OPEN_PARAMETERS', place]]);
        expect(new IntakeBench(['ping']).message('open').heard).toEqual([['ignored', 'unusable open', place]]);
    });

    it('ignores another message without its parameters, also where open is due', () => {
        const bench = new IntakeBench(['open', 'dtmf']).message('dtmf');
        expect(bench.heard).toEqual([['ignored', 'unusable dtmf', 'parameters.digit']]);
    });
});
