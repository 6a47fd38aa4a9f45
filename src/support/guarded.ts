/**
 * A listener that cannot hurt whoever calls it: its fault goes to `onFault`, and while `isOff` it is not called at all.
 */
export function guarded<A extends unknown[]>(
    task: (...args: A) => void,
    isOff: () => boolean,
    onFault: (fault: unknown) => void,
): (...args: A) => void {
    return (...args) => {
        if (isOff()) return;
        try {
            task(...args);
        } catch (fault) {
            onFault(fault);
        }
    };
}
