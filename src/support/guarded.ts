/**
 * Wraps a listener so that it never throws: what it throws goes to `onFault`, and while `isOff()` is true it is not called.
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
