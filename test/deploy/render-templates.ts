/**
 * A process of its own, because the engine is an ES module of WebAssembly, which jest does not load: reads `{ templates, data }` as JSON,
 * and writes a list of what Go's template language makes of each.
 */
import { text } from 'node:stream/consumers';

async function main(): Promise<void> {
    const { parse } = await import('@evertdespiegeleer/go-template');
    const { templates, data } = JSON.parse(await text(process.stdin)) as { templates: string[]; data: object };
    const made: string[] = [];
    for (const each of templates) made.push(await parse(each, data));
    process.stdout.write(JSON.stringify(made));
}

void main();
