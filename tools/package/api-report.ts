/**
 * The declarations of the package's public interface in one file, and the report of it that is frozen: `npm run api` writes
 * docs/api/audioconnector-server.api.md anew, `npm run api -- --check` compares, and so does a test.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
    Extractor,
    ExtractorConfig,
    ExtractorLogLevel,
    type IConfigMessageReportingRule,
} from '@microsoft/api-extractor';
import ts from 'typescript';
import { answerHelp } from '../usage';

const ROOT = join(__dirname, '..', '..');
const ENTRY = join(ROOT, 'src', 'api.ts');
const REPORT_FOLDER = join(ROOT, 'docs', 'api');
const REPORT_FILE = 'audioconnector-server.api.md';

/** What was found of the public interface. */
export interface ApiReport {
    /** The report of the repository is another one. */
    readonly isChanged: boolean;
    /** Faults in the declarations: one sentence each. */
    readonly problems: readonly string[];
}

/**
 * Reads the public interface from the source.
 *
 * @param options.rollup where to write the declarations, one `.d.ts` file; left out: nowhere
 * @param options.rewrite write the report of the repository anew; false: compare
 */
export function reportApi({ rollup, rewrite = false }: { rollup?: string; rewrite?: boolean }): ApiReport {
    const folder = mkdtempSync(join(tmpdir(), 'api-'));
    try {
        const problems = emitDeclarations(folder);
        if (problems.length > 0) return { isChanged: false, problems };
        return extract(folder, rollup, rewrite);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

/** The declarations of the entry and of all that it imports, one file for each module. @returns what the compiler has to say */
function emitDeclarations(folder: string): string[] {
    const read = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
    const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, ROOT);
    const program = ts.createProgram([ENTRY], {
        ...options,
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rootDir: join(ROOT, 'src'),
        outDir: folder,
        types: ['node'],
    });
    return program.emit().diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const NONE: IConfigMessageReportingRule = { logLevel: ExtractorLogLevel.None };
const ERROR: IConfigMessageReportingRule = { logLevel: ExtractorLogLevel.Error };

function extract(folder: string, rollup: string | undefined, rewrite: boolean): ApiReport {
    const config = ExtractorConfig.prepare({
        packageJsonFullPath: join(ROOT, 'package.json'),
        configObjectFullPath: undefined,
        configObject: {
            projectFolder: ROOT,
            mainEntryPointFilePath: join(folder, 'api.d.ts'),
            newlineKind: 'lf',
            compiler: {
                overrideTsconfig: {
                    compilerOptions: {
                        module: 'nodenext',
                        moduleResolution: 'nodenext',
                        target: 'es2022',
                        lib: ['es2023'],
                        strict: true,
                        skipLibCheck: true,
                        types: ['node'],
                        typeRoots: [join(ROOT, 'node_modules', '@types')],
                    },
                    files: [join(folder, 'api.d.ts')],
                },
            },
            apiReport: {
                enabled: true,
                reportFolder: REPORT_FOLDER,
                reportTempFolder: join(folder, 'report'),
                reportFileName: REPORT_FILE,
                includeForgottenExports: true,
            },
            docModel: { enabled: false },
            tsdocMetadata: { enabled: false },
            dtsRollup: { enabled: rollup !== undefined, ...(rollup !== undefined && { untrimmedFilePath: rollup }) },
            messages: {
                compilerMessageReporting: { default: ERROR },
                extractorMessageReporting: {
                    default: ERROR,
                    // Everything that the entry exports is public: no tag says it once more.
                    'ae-missing-release-tag': NONE,
                    'ae-undocumented': NONE,
                    // What is reachable without a name of its own is part of the report all the same.
                    'ae-forgotten-export': NONE,
                },
                tsdocMessageReporting: { default: NONE },
            },
        },
    });
    const problems: string[] = [];
    const { apiReportChanged } = Extractor.invoke(config, {
        localBuild: rewrite,
        messageCallback: (message) => {
            message.handled = true;
            const isChange = message.messageId.startsWith('console-api-report');
            if (message.logLevel === ExtractorLogLevel.Error && !isChange)
                problems.push(message.formatMessageWithLocation(ROOT));
        },
    });
    return { isChanged: apiReportChanged, problems };
}

const USAGE = `The report of the package's public interface.

  npm run api               writes docs/api/${REPORT_FILE} anew
  npm run api -- --check    compares: exit code 1 where the interface is another one`;

function main(): void {
    answerHelp(USAGE);
    const check = process.argv.includes('--check');
    const { isChanged, problems } = reportApi({ rewrite: !check });
    for (const problem of problems) console.error(problem);
    if (isChanged)
        console.log(
            check ? 'The public interface has changed: npm run api' : `docs/api/${REPORT_FILE} is written anew.`,
        );
    process.exitCode = problems.length > 0 || (check && isChanged) ? 1 : 0;
}

if (require.main === module) main();
