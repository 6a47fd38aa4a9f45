import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';

export type Path = readonly PropertyKey[];

/** Something wrong in a file; line and column from 1. */
export interface Mistake {
    readonly line: number;
    readonly column: number;
    readonly sentence: string;
}

export interface WrittenNumber {
    readonly path: Path;
    readonly value: number;
    readonly source: string;
}

/** A YAML text (version 1.2), its value, and where each part of the value stands. */
export class YamlText {
    /** What is no YAML; `value` is then not to be used. */
    readonly mistakes: readonly Mistake[];
    readonly value: unknown;
    private readonly lines = new LineCounter();
    private readonly document: Document;

    constructor(text: string) {
        this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
        const { errors } = this.document;
        const tab = errors.find(({ code }) => code === 'TAB_AS_INDENT');
        // What follows a tab is read wrong because of it.
        const told = tab === undefined ? errors : [tab];
        const mistakes = told.map(({ pos, code, message }) =>
            this.mistakeAt(pos[0], `no YAML: ${message}${adviceOn(code)}`),
        );
        if (mistakes.length === 0) {
            try {
                this.value = this.document.toJS({ maxAliasCount: 100 });
            } catch (fault) {
                // Aliases that would make the value endless, or that name nothing.
                mistakes.push(
                    this.mistakeAt(0, `no YAML that can be used: ${fault instanceof Error ? fault.message : ''}`),
                );
            }
        }
        this.mistakes = mistakes;
    }

    /** A mistake in the value at `path`, or in the nearest value around it that is written. `key`: of that map, its key is meant. */
    mistake(path: Path, sentence: string, key?: string): Mistake {
        return this.mistakeAt(this.offsetOf(path, key), sentence);
    }

    /** The line of the value at `path`, or of the nearest value around it that is written. `key`: of that map, its key is meant. */
    lineOf(path: Path, key?: string): number {
        return this.mistake(path, '', key).line;
    }

    /** Every number of the file, with the text that it is written as. One that an alias stands for counts where it is written. */
    get numbers(): readonly WrittenNumber[] {
        const found: WrittenNumber[] = [];
        const look = (node: unknown, path: Path): void => {
            if (isMap(node))
                for (const { key, value } of node.items)
                    look(value, [...path, String(isScalar(key) ? key.value : key)]);
            else if (isSeq(node))
                node.items.forEach((item, at) => {
                    look(item, [...path, at]);
                });
            else if (isScalar(node) && typeof node.value === 'number' && node.source !== undefined)
                found.push({ path, value: node.value, source: node.source });
        };
        look(this.document.contents, []);
        return found;
    }

    private mistakeAt(offset: number, sentence: string): Mistake {
        const { line, col } = this.lines.linePos(offset);
        return { line: Math.max(1, line), column: Math.max(1, col), sentence };
    }

    private offsetOf(path: Path, key: string | undefined): number {
        let node: unknown = this.document.contents;
        let offset = startOf(node) ?? 0;
        for (const part of path) {
            node = this.inside(node, part)?.value;
            const start = startOf(node);
            if (start === undefined) return offset;
            offset = start;
        }
        return key === undefined ? offset : (startOf(this.inside(node, key)?.key) ?? offset);
    }

    private inside(of: unknown, part: PropertyKey): { key?: unknown; value: unknown } | undefined {
        const node = isAlias(of) ? of.resolve(this.document) : of;
        if (isSeq(node)) return { value: node.items[Number(part)] };
        if (!isMap(node)) return undefined;
        return node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(part));
    }
}

/** What to do about what YAML's own words leave open. */
function adviceOn(code: string): string {
    if (code === 'TAB_AS_INDENT') return ': write spaces instead';
    return code === 'BLOCK_AS_IMPLICIT_KEY' ? ' (a sentence with a colon stands in quotation marks)' : '';
}

function startOf(node: unknown): number | undefined {
    return isNode(node) ? node.range?.[0] : undefined;
}
