import { EventEmitter } from 'node:events';
import type { ConversationEvents } from '../../../src/services/conversation';
import type { OpenAIRealtimeService } from '../../../src/services/openai-realtime-service';
import { OverlapTurns } from '../../../src/services/realtime/overlap-turns';
import { FakeClock } from '../../support/fake-clock';

/** A session that takes what it is sent. */
class FakeService {
    readonly settings = { transcribes: true };
    createsResponses = true;
    readonly sent: string[] = [];

    setTurnTaking(byService: boolean): void {
        this.createsResponses = byService;
    }

    send({ type }: { type: string }): void {
        this.sent.push(type);
    }

    get asSession(): OpenAIRealtimeService {
        return this as unknown as OpenAIRealtimeService;
    }
}

describe('the caller’s speech over the bot, at the service', () => {
    const clock = new FakeClock();
    let service: FakeService;
    let turns: OverlapTurns;
    let done: string[];

    beforeEach(() => {
        service = new FakeService();
        done = [];
        turns = new OverlapTurns({
            clock,
            bot: new EventEmitter<ConversationEvents>(),
            turnSilenceMs: 500,
            onFault: (fault) => {
                throw fault;
            },
            accepted: () => done.push('accepted'),
            ended: () => done.push('ended'),
            forget: (itemIds) => done.push(`forgot ${itemIds.join(',')}`),
        });
        turns.attach(service.asSession);
        turns.begin();
    });

    it('that was accepted as a turn goes on in the session that replaces an old one, and is ended there', () => {
        turns.speechStarted('u');
        turns.accept();
        turns.detach(true);
        const next = new FakeService();
        turns.attach(next.asSession);
        expect([turns.isInTurn, next.createsResponses]).toEqual([true, false]);
        turns.endTurn(500);
        expect([next.sent, done]).toEqual([['input_audio_buffer.commit'], ['accepted', 'ended']]);
    });

    it('ends with a session that is lost', () => {
        turns.speechStarted('u');
        turns.accept();
        turns.detach();
        turns.endTurn(500);
        expect(done).toEqual(['accepted']);
    });

    it('keeps a session from being replaced while it has no verdict', () => {
        expect(turns.isBusy).toBe(false);
        turns.speechStarted('u');
        expect(turns.isBusy).toBe(true);
        turns.committed('u');
        expect(turns.isBusy).toBe(true);
        turns.dismiss();
        expect([turns.isBusy, done]).toEqual([false, ['forgot u']]);
        turns.transcribe();
        expect(turns.isBusy).toBe(true);
        clock.advance(2001);
        expect(turns.isBusy).toBe(false);
    });

    it('is asked to be answered where an ordinary turn is committed after the service was told to give no response', () => {
        turns.end();
        turns.speechStarted('u');
        turns.begin();
        turns.transcribe();
        expect(service.sent).toEqual([]);
        expect([turns.speechStopped('u'), turns.committed('u')]).toEqual([false, true]);
    });

    it('whose turn was ended from here is no other turn when the service hears its end', () => {
        turns.speechStarted('u');
        turns.accept();
        turns.endTurn(500);
        expect([turns.speechStopped('u'), turns.speechStopped('u')]).toEqual([true, false]);
    });
});
