import { authenticateOnce, codeOf, signedRequest } from './signing';

describe('the authority', () => {
    it('is compared in lower case and without the default port', async () => {
        const request = signedRequest({
            headers: { host: 'Voice.Example.com:443' },
            signedValues: { '@authority': 'voice.example.com' },
        });
        await expect(codeOf(authenticateOnce(request))).resolves.toBe('accepted');
    });

    it('keeps any other port', async () => {
        const request = signedRequest({ headers: { host: 'voice.example.com:8443' } });
        await expect(codeOf(authenticateOnce(request))).resolves.toBe('accepted');
        const authorities = ['voice.example.com'];
        await expect(codeOf(authenticateOnce(request, { authorities }))).resolves.toBe('ERR_AUTHORITY');
    });

    it('must be one of the configured ones if there are any', async () => {
        const authorities = ['other.example.com', 'VOICE.example.com:443'];
        await expect(codeOf(authenticateOnce(signedRequest(), { authorities }))).resolves.toBe('accepted');
        const elsewhere = signedRequest({ headers: { host: 'evil.example.com' } });
        await expect(codeOf(authenticateOnce(elsewhere))).resolves.toBe('accepted');
        await expect(codeOf(authenticateOnce(elsewhere, { authorities }))).resolves.toBe('ERR_AUTHORITY');
    });

    it.each([undefined, '', 'h'.repeat(300)])('is refused when Host is %j', async (host) => {
        const request = signedRequest({ headers: { host } });
        await expect(codeOf(authenticateOnce(request))).resolves.toBe('ERR_AUTHORITY');
    });

    it('is refused when Host stands twice, be the lines equal', async () => {
        const request = signedRequest();
        const rawHeaders = [...request.rawHeaders, 'Host', 'voice.example.com'];
        await expect(codeOf(authenticateOnce({ ...request, rawHeaders }))).resolves.toBe('ERR_AUTHORITY');
    });

    describe('behind a proxy', () => {
        const request = signedRequest({
            headers: { host: 'internal:8081', 'x-forwarded-host': 'voice.example.com, inner.example.com' },
            signedValues: { '@authority': 'voice.example.com' },
        });

        it('is the first X-Forwarded-Host if the proxy is trusted', async () => {
            await expect(codeOf(authenticateOnce(request, { trustProxy: true }))).resolves.toBe('accepted');
        });

        it('is Host if the proxy is not trusted', async () => {
            await expect(codeOf(authenticateOnce(request))).resolves.toBe('ERR_SIGNATURE_MISMATCH');
        });

        it('is Host if the proxy says nothing', async () => {
            await expect(codeOf(authenticateOnce(signedRequest(), { trustProxy: true }))).resolves.toBe('accepted');
        });

        it('is refused if the proxy says an empty name', async () => {
            const empty = signedRequest({ headers: { 'x-forwarded-host': ' ,voice.example.com' } });
            await expect(codeOf(authenticateOnce(empty, { trustProxy: true }))).resolves.toBe('ERR_AUTHORITY');
        });
    });
});
