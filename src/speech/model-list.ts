import { createHTTPClient, type HTTPAccess } from './openai-http-client';

/** Longest time for the list, in ms. */
const TIMEOUT_MS = 5000;

/**
 * The models that a key may use (`GET /v1/models`), as the service describes them: untrusted. Rejects when it does not answer in time,
 * or refuses.
 */
export async function listModels(access: HTTPAccess): Promise<readonly unknown[]> {
    const { data } = await createHTTPClient(access).models.list({ timeout: TIMEOUT_MS });
    return Array.isArray(data) ? data : [];
}
