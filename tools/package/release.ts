/** `npm run release`: publishes the version of package.json, once everything about it is right. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerHelp } from '../usage';

const ROOT = join(__dirname, '..', '..');
const CHECKS = ['check', 'test', 'pack:check'] as const;

/** What a release is made of. */
export interface ReleaseFacts {
    readonly version: string;
    /** package.json names a repository. */
    readonly hasRepository: boolean;
    readonly changelog: string;
    /** Names of files in `.changeset`. */
    readonly changeSets: readonly string[];
    /** The tag that is being built; undefined: none is. */
    readonly tag: string | undefined;
}

/** What stands in the way of a release, a sentence each. */
export function releaseProblems({ version, hasRepository, changelog, changeSets, tag }: ReleaseFacts): string[] {
    const waiting = changeSets.filter((name) => name.endsWith('.md') && name !== 'README.md');
    return [
        ...(waiting.length > 0 ? [`Change sets wait (${waiting.join(', ')}): npx changeset version`] : []),
        ...(changelog.split('\n').includes(`## ${version}`)
            ? []
            : [`CHANGELOG.md has no section ${version}: npx changeset version`]),
        ...(hasRepository ? [] : ['package.json names no repository, which a statement of provenance needs.']),
        ...(tag === undefined || tag === `v${version}` ? [] : [`The tag is ${tag}, and the version is ${version}.`]),
    ];
}

function readFacts(env: NodeJS.ProcessEnv): ReleaseFacts {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
        version: string;
        repository?: unknown;
    };
    return {
        version: manifest.version,
        hasRepository: manifest.repository !== undefined,
        changelog: readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'),
        changeSets: readdirSync(join(ROOT, '.changeset')),
        tag: env['GITHUB_REF_TYPE'] === 'tag' ? env['GITHUB_REF_NAME'] : undefined,
    };
}

function npm(...args: string[]): boolean {
    console.log(`\n== npm ${args.join(' ')}`);
    return spawnSync('npm', args, { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

const USAGE = `Publishes the version of package.json, once everything about it is right (docs/PACKAGE.md).

  npm run release
  npm run release -- --dry-run

  --dry-run    checks everything, and publishes nothing

Exit code: 0 published, 1 something is in the way.`;

function main(): boolean {
    answerHelp(USAGE);
    const problems = releaseProblems(readFacts(process.env));
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) return false;
    if (!CHECKS.every((script) => npm('run', '--silent', script))) return false;
    return process.argv.includes('--dry-run')
        ? npm('publish', '--dry-run')
        : npm('publish', '--provenance', '--access', 'public');
}

if (require.main === module) process.exitCode = main() ? 0 : 1;
