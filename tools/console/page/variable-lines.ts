/** `name=value`, one a line. `unread`: the lines that are none, and not empty. */
export function readLines(text: string): { variables: Record<string, string>; unread: string[] } {
    const variables: Record<string, string> = {};
    const unread: string[] = [];
    for (const line of text.split('\n').map((each) => each.trim())) {
        const cut = line.indexOf('=');
        if (cut >= 1) variables[line.slice(0, cut).trim()] = line.slice(cut + 1).trim();
        else if (line !== '') unread.push(line);
    }
    return { variables, unread };
}
