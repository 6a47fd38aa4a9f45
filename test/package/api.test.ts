import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import * as api from '../../src/api';
import { CodedError } from '../../src/api';
import { reportApi } from '../../tools/package/api-report';

const HOW_TO_MEND = 'a change for the users of the package: npm run api, and a change set';

jest.setTimeout(180_000);

describe('the public interface of the package', () => {
    let folder: string;
    let declarations: string;

    beforeAll(() => {
        folder = mkdtempSync(join(tmpdir(), 'declarations-'));
        declarations = join(folder, 'api.d.ts');
    });

    afterAll(() => {
        rmSync(folder, { recursive: true });
    });

    it('is that of its report, with every signature, and can be declared in one file', () => {
        const { isChanged, problems } = reportApi({ rollup: declarations });
        expect({ [HOW_TO_MEND]: isChanged, problems }).toEqual({ [HOW_TO_MEND]: false, problems: [] });
    });

    it('declares the names that it has at run time', () => {
        const source = ts.createSourceFile(
            'api.d.ts',
            readFileSync(declarations, 'utf8'),
            ts.ScriptTarget.Latest,
            true,
        );
        const names = source.statements.flatMap((statement) => {
            if (!ts.canHaveModifiers(statement)) return [];
            const isExported = ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
            if (isExported !== true) return [];
            if (ts.isVariableStatement(statement))
                return statement.declarationList.declarations.map(({ name }) => name.getText());
            if (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement))
                return [statement.name?.text ?? ''];
            return [];
        });
        expect(names.sort()).toEqual(Object.keys(api).sort());
    });

    it('hides what is no part of it: no name of the inside is declared', () => {
        const inside = /\b(?:BotService|Session|UpgradeGate|Authenticator|LoadMeter|CallSeams|OpenAIConfig|zod)\b/;
        const code = readFileSync(declarations, 'utf8').replace(/\/\*[^]*?\*\//g, '');
        expect(inside.exec(code)?.[0]).toBeUndefined();
    });

    it('refuses settings and options by coded errors', () => {
        expect(() => api.loadConfig({ PORT: 'x' })).toThrow(CodedError);
        const options = { nothing: 1 } as api.ServerOptions;
        expect(() => new api.Server({ config: api.loadConfig({}), ...options })).toThrow(
            /nothing: there is no such option/,
        );
    });
});
