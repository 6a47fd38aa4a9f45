import fc from 'fast-check';
import { botNameOf, type BotChoice, type BotNameSources } from '../../../src/services/profiles/choose-bot';
import { anyText } from '../../support/any-text';

function choose(sources: Partial<BotNameSources> = {}): BotChoice {
    return botNameOf({
        path: '/audiohook',
        basePath: '/audiohook',
        known: new Set(['default', 'billing', 'reception']),
        defaultBot: 'default',
        ...sources,
    });
}

const ALL: Partial<BotNameSources> = {
    path: '/audiohook/billing',
    query: 'bot=reception',
    inputVariables: { bot: 'default' },
    customConfig: { bot: 'reception' },
};

describe('the bot of a call', () => {
    it('is named by the path, then the query, then a variable, then the configuration, then by the default', () => {
        const { query, inputVariables, customConfig } = ALL;
        expect(choose(ALL)).toEqual({ name: 'billing', by: 'path' });
        expect(choose({ query, inputVariables, customConfig })).toEqual({ name: 'reception', by: 'query' });
        expect(choose({ inputVariables, customConfig })).toEqual({ name: 'default', by: 'variable' });
        expect(choose({ customConfig })).toEqual({ name: 'reception', by: 'config' });
        expect(choose()).toEqual({ name: 'default', by: 'default' });
    });

    it.each(['/audiohook', '/audiohook/', '/audiohook//'])('is not named by the path %s', (path) => {
        expect(choose({ path, query: '?bot=billing' })).toEqual({ name: 'billing', by: 'query' });
    });

    it.each(['/audiohook/billing', '/audiohook/billing/', '/audiohook/bill%69ng'])(
        'is named by the path %s',
        (path) => {
            expect(choose({ path })).toEqual({ name: 'billing', by: 'path' });
        },
    );

    it('is no other bot when the one that is named is not there', () => {
        expect(choose({ ...ALL, path: '/audiohook/biling' })).toEqual({
            name: undefined,
            by: 'path',
            unknown: 'biling',
        });
        expect(choose({ ...ALL, path: '/audiohook', query: 'bot=x' })).toMatchObject({ by: 'query', unknown: 'x' });
        expect(choose({ inputVariables: { bot: 'x' } })).toMatchObject({ by: 'variable', unknown: 'x' });
        expect(choose({ customConfig: { bot: 'x' } })).toMatchObject({ by: 'config', unknown: 'x' });
        expect(choose({ defaultBot: 'gone' })).toMatchObject({ by: 'default', unknown: 'gone' });
    });

    it('may be behind any path where the base path is the bare slash', () => {
        const bare = (path: string): BotChoice => choose({ path, basePath: '/', query: 'bot=reception' });
        expect(bare('/billing')).toEqual({ name: 'billing', by: 'path' });
        expect(bare('/any/where/billing')).toEqual({ name: 'billing', by: 'path' });
        expect(bare('/any/where')).toEqual({ name: 'reception', by: 'query' });
        expect(bare('/')).toEqual({ name: 'reception', by: 'query' });
    });

    it('is not named by what is empty or no text', () => {
        const empty = { query: 'bot=', inputVariables: { bot: ' ' }, customConfig: { bot: 5 } };
        expect(choose(empty)).toEqual({ name: 'default', by: 'default' });
        expect(choose({ inputVariables: ['bot'], customConfig: 'bot' })).toEqual({ name: 'default', by: 'default' });
    });

    it('is named by a configuration that comes as text', () => {
        expect(choose({ customConfig: '{"bot": "billing"}' })).toEqual({ name: 'billing', by: 'config' });
        for (const customConfig of ['', '{', 'null', '"billing"', `{"bot": "billing", "x": "${'y'.repeat(70_000)}"}`])
            expect(choose({ customConfig })).toEqual({ name: 'default', by: 'default' });
    });

    it('is not named by an object’s ancestors', () => {
        const inherited: unknown = Object.create({ bot: 'billing' });
        const hidden: unknown = JSON.parse('{"__proto__": {"bot": "billing"}}');
        for (const wish of [inherited, hidden])
            expect(choose({ inputVariables: wish, customConfig: wish })).toEqual({ name: 'default', by: 'default' });
    });

    it.each(['../billing', 'billing.json', 'Billing', 'bil ling', 'bil\u0000ling', 'b'.repeat(65)])(
        'is never %s',
        (name) => {
            const known = { has: () => name !== 'Billing' };
            expect(choose({ inputVariables: { bot: name }, known })).toMatchObject({ name: undefined, by: 'variable' });
        },
    );

    it('is one of the bots, or a short name without anything that could do harm, for any input', () => {
        const text = anyText(200);
        fc.assert(
            fc.property(text, text, text, fc.jsonValue(), fc.boolean(), (path, query, bot, customConfig, isBare) => {
                const basePath = isBare ? '/' : '/audiohook';
                const sources = { path: `/audiohook/${path}`, basePath, query, inputVariables: { bot }, customConfig };
                const choice = choose(sources);
                if (choice.name === undefined) expect(choice.unknown).toMatch(/^[A-Za-z0-9_.?-]{1,67}$/);
                else expect(['default', 'billing', 'reception']).toContain(choice.name);
            }),
        );
    });
});
