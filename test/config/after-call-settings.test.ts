import { loadConfig } from '../../src/config/config';

const LINK = { CALL_LINK_URL: 'https://bot.example.com', CALL_LINK_SECRET: 's'.repeat(32), CALL_RECORD: 'full' };
const WEBHOOK = {
    CALL_WEBHOOK_URL: 'https://crm.example.com/x',
    CALL_WEBHOOK_SECRET: 's'.repeat(16),
    CALL_RECORD: 'metadata',
};

describe('the settings of the end of a call', () => {
    it('are off when nothing is set', () => {
        expect(loadConfig({}).afterCall).toEqual({ summary: 'off', link: undefined, webhook: undefined });
    });

    it('are read', () => {
        const { afterCall } = loadConfig({ ...WEBHOOK, ...LINK, HANDOVER_SUMMARY: 'Rules', CALL_LINK_HOURS: '2' });
        expect(afterCall.summary).toBe('rules');
        expect(afterCall.link).toMatchObject({ secret: LINK.CALL_LINK_SECRET, hours: 2 });
        expect(afterCall.webhook?.url.href).toBe(WEBHOOK.CALL_WEBHOOK_URL);
        expect(loadConfig(LINK).afterCall.link?.hours).toBe(24);
        expect(loadConfig({ HANDOVER_SUMMARY: 'model', OPENAI_API_KEY: 'sk-x' }).afterCall.summary).toBe('model');
    });

    it.each<[string, Record<string, string | undefined>, RegExp]>([
        ['a link without a secret', { ...LINK, CALL_LINK_SECRET: undefined }, /CALL_LINK_SECRET must be set too/],
        ['a short secret', { ...LINK, CALL_LINK_SECRET: 's'.repeat(31) }, /CALL_LINK_SECRET .*at least 32 characters/],
        [
            'a link without a record',
            { ...LINK, CALL_RECORD: undefined },
            /CALL_LINK_URL is set, and CALL_RECORD is `off`/,
        ],
        ['a link to a record without words', { ...LINK, CALL_RECORD: 'metadata' }, /right is CALL_RECORD=full/],
        [
            'an unencrypted link',
            { ...LINK, CALL_LINK_URL: 'http://bot.example.com' },
            /CALL_LINK_URL leads to .* unencrypted/,
        ],
        ['a link with a query', { ...LINK, CALL_LINK_URL: 'https://bot.example.com/?a=1' }, /CALL_LINK_URL .*query/],
        ['hours of no link', { CALL_LINK_HOURS: '2' }, /CALL_LINK_HOURS is set, and CALL_LINK_URL is not/],
        [
            'a secret of no link',
            { CALL_LINK_SECRET: LINK.CALL_LINK_SECRET },
            /CALL_LINK_SECRET is set, and CALL_LINK_URL is not/,
        ],
        [
            'a webhook without a secret',
            { ...WEBHOOK, CALL_WEBHOOK_SECRET: undefined },
            /CALL_WEBHOOK_SECRET must be set too/,
        ],
        [
            'a webhook without a record',
            { ...WEBHOOK, CALL_RECORD: 'off' },
            /CALL_WEBHOOK_URL is set, and CALL_RECORD is `off`/,
        ],
        ['an unencrypted webhook', { ...WEBHOOK, CALL_WEBHOOK_URL: 'http://crm.example.com' }, /unencrypted/],
        ['a secret of no webhook', { CALL_WEBHOOK_SECRET: 's'.repeat(16) }, /and CALL_WEBHOOK_URL is not/],
        ['a model without a key', { HANDOVER_SUMMARY: 'model' }, /HANDOVER_SUMMARY is `model`, and no chat model/],
        [
            'a model that is off',
            { HANDOVER_SUMMARY: 'model', OPENAI_API_KEY: 'sk-x', OPENAI_CHAT_MODEL: 'off' },
            /HANDOVER_SUMMARY=rules/,
        ],
    ])('refuse %s, and show no secret', (_what, env, words) => {
        const problem = ((): unknown => {
            try {
                return loadConfig(env);
            } catch (fault) {
                return fault;
            }
        })();
        expect(problem).toMatchObject({ code: 'ERR_CONFIG', message: expect.stringMatching(words) as string });
        expect(String(problem)).not.toContain('ssss');
    });

    it('take an unencrypted address of this machine, to try it out', () => {
        const env = { ...LINK, CALL_LINK_URL: 'http://127.0.0.1:8080' };
        expect(loadConfig(env).afterCall.link?.base.href).toBe('http://127.0.0.1:8080/');
    });
});
