/** The element of that id, which the page's HTML has; throws when it is missing or of another kind. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
    const element = document.getElementById(id);
    if (element instanceof kind) return element;
    throw new Error(`The page has no ${kind.name} with the id ${id}.`);
}

/** A new element with a class, and text or other elements in it. Text is text: nothing from the wire becomes HTML. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
    tag: Tag,
    className: string,
    ...children: (string | Node)[]
): HTMLElementTagNameMap[Tag] {
    const element = document.createElement(tag);
    if (className !== '') element.className = className;
    element.append(...children);
    return element;
}

/** `3.208`: seconds with three decimals. */
export function seconds(ms: number): string {
    return (Math.max(0, ms) / 1000).toFixed(3);
}

/** `1:05`: minutes and seconds. */
export function minutes(ms: number): string {
    const whole = Math.floor(Math.max(0, ms) / 1000);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** `620 ms`. */
export function milliseconds(ms: number): string {
    return `${Math.round(ms).toLocaleString('en-US')} ms`;
}
