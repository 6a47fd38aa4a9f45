import { loadConfig } from '../../src/config/config';
import { headerSecrets, Secrets, secretsOf } from '../../src/flight/secrets';

describe('the secrets of a flight file', () => {
    it('are those of the settings, and variables that are named so and long enough to be some', () => {
        const config = loadConfig({
            OPENAI_API_KEY: 'sk-the-key',
            GENESYS_REGION: 'mypurecloud.com',
            GENESYS_CLIENT_ID: 'id',
            GENESYS_CLIENT_SECRET: 'genesys-secret',
        });
        const env = { DESK_TOKEN: 'token-of-the-desk', SHORT_TOKEN: 'hello', PATH: '/usr/local/bin:/usr/bin' };
        const secrets = secretsOf(config, env);
        expect(secrets).toEqual(expect.arrayContaining(['sk-the-key', 'genesys-secret', 'token-of-the-desk']));
        expect(secrets).not.toContain('hello');
        expect(secrets).not.toContain(env.PATH);
    });

    it('stand in headers with the scheme and without', () => {
        expect(headerSecrets({ Authorization: 'Bearer abcdef' })).toEqual(['Bearer abcdef', 'abcdef']);
    });

    it('are replaced wherever they stand in an entry', () => {
        const secrets = new Secrets(['sk-the-key', 'short']);
        const entry = ['>', 'frame', 1, '{"authorization":"sk-the-key"}', 'sk-the-keyring'];
        expect(JSON.parse(secrets.textOf(entry))).toEqual([
            '>',
            'frame',
            1,
            '{"authorization":"[secret]"}',
            '[secret]ring',
        ]);
    });

    it('digits that a function was given are replaced in texts, and neither in numbers nor in sound', () => {
        const secrets = new Secrets();
        secrets.addDigits('4711');
        const entry = ['<', 4711, 0, 'text', '{"pin":"4711","of":"14711"}', 'ab4711+/', 'The PIN is 4711.', 1.4711];
        expect(JSON.parse(secrets.textOf(entry))).toEqual([
            '<',
            4711,
            0,
            'text',
            '{"pin":"1000","of":"14711"}',
            'ab4711+/',
            'The PIN is 1000.',
            1.4711,
        ]);
    });
});
