import { maskDigits } from '../../src/support/mask-digits';

describe('maskDigits', () => {
    it.each([
        ['4111 1111 1111 1111', '***'],
        ['4111-1111-1111-1111', '***'],
        ['PIN 123.', 'PIN ***.'],
        ['1 2 3 4 5', '***'],
        ['1 - 2 - 3', '1 - 2 - 3'],
        ['+49 30 1234567', '+***'],
        ['٠٨١٥', '***'],
        ['from 14:30 to 16:00', 'from 14:30 to 16:00'],
        ['on 2026-01-31', 'on 2026-01-31'],
        ['2026-01-31 0815', '***'],
        ['2026-13-31', '***'],
        ['12.50 euros, 99 cents', '12.50 euros, 99 cents'],
        ['in 2026', 'in ***'],
        ['no number', 'no number'],
    ])('makes of %s: %s', (text, masked) => {
        expect(maskDigits(text)).toBe(masked);
    });
});
