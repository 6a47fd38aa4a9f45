/** Values that a JSON field may hold and should not, as JSON text. */
export const ODD_VALUES: readonly string[] = [
    'null',
    'true',
    'false',
    '0',
    '-1',
    '1.5',
    '1e3',
    '1e400',
    '-0',
    '9007199254740993',
    '123456789012345678901234567890',
    '""',
    '"x"',
    '"2"',
    '"\\u0000\\ud800"',
    '"__proto__"',
    '[]',
    '[1]',
    '[null]',
    '[[[[]]]]',
    '{}',
    '{"length":1}',
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"toString":1,"hasOwnProperty":1}',
];

/** JSON text of an object in which one field, given as JSON text, is replaced or (undefined) missing. */
export function withField(fields: Readonly<Record<string, unknown>>, name: string, json: string | undefined): string {
    const others = Object.entries(fields).filter(([key]) => key !== name);
    const texts = others.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    return `{${[...texts, ...(json === undefined ? [] : [`${JSON.stringify(name)}:${json}`])].join(',')}}`;
}
