import { forCall } from '../../../src/services/realtime/call-identity';
import { makeConfig } from './support';

const HEADER = 'OpenAI-Safety-Identifier';

function identifier(
    ani: string | undefined,
    changes: { salt?: string; conversationId?: string } = {},
): string | undefined {
    const { salt = 'a-salt-of-our-own', conversationId = 'conversation-1' } = changes;
    return forCall(makeConfig({ safetySalt: salt }), { conversationId, ani }).headers[HEADER];
}

describe('OpenAI-Safety-Identifier', () => {
    it('is a salted hash of the caller’s number: the same in each call, without the number in it', () => {
        const hash = identifier('+13175551234');
        expect(hash).toMatch(/^[\da-f]{64}$/);
        expect(identifier('tel:+13175551234', { conversationId: 'conversation-2' })).toBe(hash);
        expect(identifier('+13175551235')).not.toBe(hash);
        expect(identifier('+13175551234', { salt: 'another-salt-of-ours' })).not.toBe(hash);
    });

    it.each([undefined, '', 'anonymous', 'sip:anonymous@anonymous.invalid', 'Restricted'])(
        'of the caller %j, who has no number, is another one in each conversation',
        (ani) => {
            expect(identifier(ani)).toMatch(/^[\da-f]{64}$/);
            expect(identifier(ani, { conversationId: 'conversation-2' })).not.toBe(identifier(ani));
        },
    );

    it('is not sent without a salt, and not to Azure', () => {
        const call = { conversationId: 'conversation-1', ani: '+13175551234' };
        expect(forCall(makeConfig(), call).headers).not.toHaveProperty(HEADER);
        const azure = makeConfig({ safetySalt: 'a-salt-of-our-own', headers: { 'api-key': 'k' } });
        expect(forCall(azure, call).headers).toEqual({ 'api-key': 'k' });
    });
});

it('traces under the name of a workflow have the conversation as their group', () => {
    const config = makeConfig({ tracing: { workflowName: 'Bills' } });
    expect(forCall(config, { conversationId: 'conversation-1' }).tracing).toEqual({
        workflowName: 'Bills',
        groupId: 'conversation-1',
    });
    expect(forCall(makeConfig({ tracing: 'auto' }), { conversationId: 'c' }).tracing).toBe('auto');
});
