import { join } from 'node:path';
import { bundleScript, packedPages, textFile, type PageFile } from '../console/pages';

const FOLDER = join(__dirname, 'page');
const OF_CONSOLE = join(__dirname, '../console/page');

/** The name of the packed files of these pages. */
export const CALL_PAGES = 'call-pages.json';

/** The pages' files: as they were packed, else bundled now. */
export async function callPages(): Promise<ReadonlyMap<string, PageFile>> {
    return packedPages(CALL_PAGES) ?? bundleCallPages();
}

/** What the pages consist of: path → file. `/` is the list, `/call` the page of one call, `/login` the form. Bundled in memory. */
export async function bundleCallPages(): Promise<ReadonlyMap<string, PageFile>> {
    const html = 'text/html; charset=utf-8';
    const css = 'text/css; charset=utf-8';
    const [list, call] = await Promise.all(['list.ts', 'call.ts'].map((entry) => bundleScript(join(FOLDER, entry))));
    return new Map([
        ['/', textFile(html, join(FOLDER, 'list.html'))],
        ['/call', textFile(html, join(FOLDER, 'call.html'))],
        ['/login', textFile(html, join(FOLDER, 'login.html'))],
        ['/calls.css', textFile(css, join(FOLDER, 'calls.css'))],
        ['/console.css', textFile(css, join(OF_CONSOLE, 'console.css'))],
        ['/icon.svg', textFile('image/svg+xml', join(OF_CONSOLE, 'icon.svg'))],
        ...(list === undefined ? [] : [['/list.js', list] as const]),
        ...(call === undefined ? [] : [['/call.js', call] as const]),
    ]);
}
