import type { CallReader } from '../../src/call-records/call-store';
import type { CallDocument } from '../../src/call-records/document';
import type { WorstFinding } from './finding';
import { whatWentWrong } from './what-went-wrong';

/** Calls whose findings are asked for at once: a page of the list. */
export const MOST_FINDINGS = 50;
/** Records that are read at the same time. */
const AT_ONCE = 10;

/**
 * The gravest finding of each of these calls, in the order of the ids; a call that is not there, and one beyond the first 50, is left out.
 * A record that cannot be read is left out, too, and `onFault` is told. Never rejects.
 */
export async function worstFindings(
    reader: CallReader,
    sessionIds: readonly string[],
    onFault: (fault: unknown) => void,
): Promise<WorstFinding[]> {
    const read = async (id: string): Promise<CallDocument | undefined> => {
        try {
            return await reader.get(id);
        } catch (fault) {
            onFault(fault);
            return undefined;
        }
    };
    const found: WorstFinding[] = [];
    const ids = sessionIds.slice(0, MOST_FINDINGS);
    for (let at = 0; at < ids.length; at += AT_ONCE) {
        const calls = await Promise.all(ids.slice(at, at + AT_ONCE).map(read));
        found.push(...calls.flatMap((call) => (call === undefined ? [] : worstOf(call))));
    }
    return found;
}

function worstOf(call: CallDocument): WorstFinding[] {
    const [finding, ...others] = whatWentWrong(call);
    return finding === undefined ? [] : [{ sessionId: call.sessionId, finding, others: others.length }];
}
