import { loadConfig } from '../../src/config/config';

describe('the settings of the flight recorder', () => {
    it('are off unless they are asked for', () => {
        expect(loadConfig({}).flight).toBeUndefined();
    });

    it.each([
        [undefined, 'calls'],
        ['/var/lib/calls', '/var/lib/calls'],
        ['s3://my-bucket/calls', 'calls'],
    ])('put the files beside the records, which are in %s', (store, folder) => {
        const place = store === undefined ? {} : { CALL_RECORD_STORE: store };
        expect(loadConfig({ RECORD_FLIGHT: '3', ...place }).flight).toEqual({ every: 3, folder, bots: undefined });
    });

    it('name the bots whose calls are recorded', () => {
        expect(loadConfig({ RECORD_FLIGHT: '1', RECORD_FLIGHT_BOTS: 'reception, billing' }).flight?.bots).toEqual([
            'reception',
            'billing',
        ]);
    });

    it('are refused where nothing would be recorded', () => {
        expect(() => loadConfig({ RECORD_FLIGHT_BOTS: 'reception' })).toThrow('RECORD_FLIGHT_BOTS does not go with');
    });
});
