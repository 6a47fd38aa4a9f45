/** Markdown in which a text of a profile stays a text, with any characters in it. */
import { plainLine } from '../../src/services/profiles/variables';

/** The text on one line, with every sign that Markdown or HTML would act on escaped. */
export function plainText(text: string): string {
    return plainLine(text).replace(/[\\`*_[\]<>|~&#$!]/g, (sign) => `\\${sign}`);
}

/** A name in code style. Only for names that a pattern has checked. */
export function code(name: string): string {
    if (!/^[\w.-]+$/.test(name)) throw new RangeError(`${name} is no name`);
    return `\`${name}\``;
}

/** A table; the first row is its head. Cells are Markdown already. Without rows: the sentence. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], otherwise: string): string {
    if (rows.length === 0) return otherwise;
    const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
    return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
