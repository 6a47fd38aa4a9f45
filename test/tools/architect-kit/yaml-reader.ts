/** Reads what tools/architect-kit/yaml.ts may write, and throws at everything else that YAML knows. */

export type Read = string | number | boolean | Read[] | { [key: string]: Read };

interface Line {
    indent: number;
    text: string;
}

const STRING = /^"(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[\da-f]{4})*"$/u;
const ENTRY = /^([A-Za-z_][\w-]*|"(?:[^"\\]|\\.)*"):(?: (.*))?$/;

export function readYaml(text: string): Read {
    const lines = text
        .split('\n')
        .filter((line) => line.trim() !== '' && !/^ *#/.test(line))
        .map((line) => ({ indent: line.search(/[^ ]/), text: line.trimStart() }));
    const root = readBlock(lines, 0);
    if (lines.length > 0) throw new Error(`left over: ${lines[0]?.text ?? ''}`);
    return root;
}

function readBlock(lines: Line[], indent: number): Read {
    const first = lines[0];
    if (first?.indent !== indent) throw new Error(`wrong indent before: ${first?.text ?? 'the end'}`);
    return first.text.startsWith('- ') ? readList(lines, indent) : readMap(lines, indent);
}

function readList(lines: Line[], indent: number): Read[] {
    const list: Read[] = [];
    for (let line = lines[0]; line?.indent === indent && line.text.startsWith('- '); line = lines[0]) {
        const rest = line.text.slice(2);
        if (ENTRY.test(rest)) {
            lines[0] = { indent: indent + 2, text: rest };
            list.push(readMap(lines, indent + 2));
        } else {
            lines.shift();
            list.push(readScalar(rest));
        }
    }
    return list;
}

function readMap(lines: Line[], indent: number): Record<string, Read> {
    const entries: [string, Read][] = [];
    for (let line = lines[0]; line?.indent === indent && !line.text.startsWith('- '); line = lines[0]) {
        lines.shift();
        const [, name, value] = ENTRY.exec(line.text) ?? [];
        if (name === undefined) throw new Error(`no entry of a map: ${line.text}`);
        const key = name.startsWith('"') ? readString(name) : name;
        if (entries.some(([known]) => known === key)) throw new Error(`twice: ${key}`);
        entries.push([key, value === undefined ? readBlock(lines, indent + 2) : readScalar(value)]);
    }
    return Object.fromEntries(entries);
}

function readScalar(text: string): Read {
    if (text === '{}') return {};
    if (text === '[]') return [];
    if (text === 'true' || text === 'false') return text === 'true';
    return /^-?\d+$/.test(text) ? Number(text) : readString(text);
}

function readString(text: string): string {
    if (!STRING.test(text)) throw new Error(`no value: ${text}`);
    return JSON.parse(text) as string;
}
