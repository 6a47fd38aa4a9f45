import { loadConfig } from '../../src/config/config';

describe('the settings of the metrics', () => {
    it('are off until a port is named: a fresh server opens no second port', () => {
        expect(loadConfig({}).metrics).toBeUndefined();
    });

    it('open the port to this machine, without a token', () => {
        expect(loadConfig({ METRICS_PORT: '9464' }).metrics).toEqual({
            port: 9464,
            host: '127.0.0.1',
            token: undefined,
        });
    });

    it('can name any free port beside any free port', () => {
        expect(loadConfig({ PORT: '0', METRICS_PORT: '0' }).metrics?.port).toBe(0);
    });

    it('can open it to others, with a token', () => {
        const env = { METRICS_PORT: '9464', METRICS_HOST: '0.0.0.0', METRICS_TOKEN: 'a-long-random-token' };
        expect(loadConfig(env).metrics).toEqual({ port: 9464, host: '0.0.0.0', token: 'a-long-random-token' });
    });
});
