import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

/**
 * Writes a test that replays the flight file, and a copy of the file beside it.
 *
 * @returns the paths of both
 * @throws RangeError where one of them is there already, and in the package, which has no tests
 */
export function writeTest(file: string, asTest: string): { test: string; copy: string } {
    if (!existsSync(join(__dirname, 'as-test.ts'))) throw new RangeError('--as-test needs a clone of the repository.');
    const folder = resolve(dirname(asTest));
    const name = basename(asTest).replace(/(\.test)?\.ts$/, '');
    const [test, copy] = [join(folder, `${name}.test.ts`), join(folder, `${name}.flight`)];
    for (const path of [test, copy]) {
        if (path !== resolve(file) && existsSync(path)) throw new RangeError(`${path} is there already.`);
    }
    mkdirSync(folder, { recursive: true });
    if (copy !== resolve(file)) copyFileSync(file, copy);
    writeFileSync(test, source(name, relative(folder, __dirname).split('\\').join('/')));
    return { test, copy };
}

function source(name: string, tools: string): string {
    return `import { join } from 'node:path';
import { readFlight } from '${tools}/flight-reader';
import { replay } from '${tools}/replay-call';
import { differenceText } from '${tools}/report';

it('the recorded call ${name} is still the same call', async () => {
    const flight = readFlight(join(__dirname, '${name}.flight'));
    const { difference } = await replay(flight);
    expect(difference && differenceText(flight, difference)).toBeUndefined();
});
`;
}
