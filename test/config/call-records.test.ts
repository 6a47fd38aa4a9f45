import { loadConfig } from '../../src/config/config';

function recordsOf(env: Record<string, string>) {
    return loadConfig(env).callRecords;
}

describe('the settings of call records', () => {
    it('are off unless they are asked for', () => {
        expect(recordsOf({})).toBeUndefined();
        expect(recordsOf({ CALL_RECORD: 'off', CALL_RECORD_STORE: '/var/calls' })).toBeUndefined();
    });

    it('have a folder, thirty days, a gibibyte and masks', () => {
        expect(recordsOf({ CALL_RECORD: 'metadata' })).toEqual({
            mode: 'metadata',
            store: { kind: 'directory', path: 'calls' },
            maxDays: 30,
            maxMiB: 1024,
            masks: true,
            recording: false,
        });
    });

    it.each([
        ['s3://my-bucket', { kind: 's3', bucket: 'my-bucket', prefix: '' }],
        ['s3://my-bucket/', { kind: 's3', bucket: 'my-bucket', prefix: '' }],
        ['s3://my.bucket/calls/eu/', { kind: 's3', bucket: 'my.bucket', prefix: 'calls/eu' }],
        ['/var/lib/calls', { kind: 'directory', path: '/var/lib/calls' }],
        ['C:\\calls', { kind: 'directory', path: 'C:\\calls' }],
    ])('read the place %s', (given, store) => {
        expect(recordsOf({ CALL_RECORD: 'full', CALL_RECORD_STORE: given })?.store).toEqual(store);
    });

    it.each([
        ['https://my-bucket.example', 'CALL_RECORD_STORE'],
        ['s3://', 'CALL_RECORD_STORE'],
        ['s3://Not_A_Bucket', 'CALL_RECORD_STORE'],
        ['s3:/bucket://x', 'CALL_RECORD_STORE'],
    ])('refuse the place %s', (given, name) => {
        expect(() => loadConfig({ CALL_RECORD: 'full', CALL_RECORD_STORE: given })).toThrow(name);
    });

    it.each(['off', 'metadata'])('refuse a recording with CALL_RECORD=%s: it holds every word', (mode) => {
        expect(() => loadConfig({ CALL_RECORD: mode, CALL_RECORDING: 'on' })).toThrow(
            `CALL_RECORDING=on does not go with CALL_RECORD=${mode}`,
        );
    });

    it('take all that goes together', () => {
        const env = { CALL_RECORD: 'full', CALL_RECORDING: 'on', CALL_RECORD_MASK: 'off', CALL_RECORD_DAYS: '7' };
        expect(recordsOf(env)).toMatchObject({ mode: 'full', recording: true, masks: false, maxDays: 7 });
    });
});
