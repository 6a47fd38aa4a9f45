import type { CallerOptions } from './caller-options';
import type { Media } from './media';
import type { JsonObject } from './server-message';

/** The null UUID that marks a connection probe (protocol sheet, section 6.5). */
export const NULL_UUID = '00000000-0000-0000-0000-000000000000';

const CALLER = { ani: 'tel:+12025550143', aniName: '', dnis: 'tel:+12025550199' };
const NOBODY = { id: NULL_UUID, ani: '', aniName: '', dnis: '' };

/** `open.parameters` as Genesys fills them (protocol sheet, section 6.2); what was not asked for is left out. */
export function openParameters(
    options: CallerOptions,
    ids: { organizationId: string; conversationId: string; participantId: string },
    media: readonly Media[],
): JsonObject {
    const { organizationId, participantId: id } = ids;
    if (options.probe === true)
        return { organizationId, conversationId: NULL_UUID, participant: { ...NOBODY, ...options.participant }, media };
    return {
        organizationId,
        conversationId: ids.conversationId,
        participant: { id, ...CALLER, ...options.participant },
        media,
        ...pick(options, ['language', 'supportedLanguages', 'customConfig', 'inputVariables']),
    };
}

function pick(options: CallerOptions, names: readonly (keyof CallerOptions)[]): JsonObject {
    const named = names.map((name): [string, unknown] => [name, options[name]]);
    return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}
