/** The settings of the server, as far as a bot needs them: what would stop the start, and what the start would warn of. */
import { loadConfig, type Config } from '../src/config/config';
import { loadExtensions, type ServerExtensions } from '../src/extensions';
import { endsIn, endWarnings, inUseByProfile, inUseBySettings } from '../src/services/model-ends';
import { BUILT_IN_BOTS } from '../src/services/profiles/reader';
import type { BotProfile } from '../src/services/profiles/schema';
import { ProfileStore } from '../src/services/profiles/store';
import { SecretService } from '../src/services/secret-service';
import { checkDefaultBot, profileWarnings, settingWarnings } from '../src/services/setting-warnings';
import { readPromptCatalog, readRecording } from '../src/speech/prompts';
import { systemClock } from '../src/support/clock';
import { CodedError } from '../src/support/errors';
import { silentLogger } from '../src/support/logger';

export interface SettingsCheckDeps {
    /** Milliseconds since 1970; default: now. */
    epochMs?: number;
    /** The models that the key may use; left out: OpenAI is not asked. */
    listModels?: (rest: NonNullable<Config['localSpeech']['rest']>) => Promise<readonly unknown[]>;
}

export interface CheckedSettings {
    /** The server would start. */
    isRight: boolean;
    /** What would stop the start, with codes and cures, and what the start would warn of. No secret is in them. */
    problems: readonly string[];
    warnings: readonly string[];
    /** Empty: nothing is wrong, and there is nothing to warn of. Holds no secret. */
    text: string;
}

/** Checks the environment and what it names, for the profiles of a folder. A broken profile is not reported here. */
export async function checkSettings(
    folder: string,
    env: Readonly<Record<string, string | undefined>>,
    deps: SettingsCheckDeps = {},
): Promise<CheckedSettings> {
    const check = new SettingsCheck(folder, env, deps);
    await check.run();
    const { problems, warnings } = check;
    return {
        isRight: problems.length === 0,
        problems,
        warnings,
        text: [...block('Wrong', problems), ...block('Warnings', warnings)].join(''),
    };
}

function block(title: string, lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : [`${title}\n${lines.map((line) => `  ${line}\n`).join('')}\n`];
}

class SettingsCheck {
    readonly problems: string[] = [];
    readonly warnings: string[] = [];

    constructor(
        private readonly folder: string,
        private readonly env: Readonly<Record<string, string | undefined>>,
        private readonly deps: SettingsCheckDeps,
    ) {}

    async run(): Promise<void> {
        // Keys may come from a provider that an application registers: without any, the bots can be checked all the same.
        const config = await this.tried(() => loadConfig(this.env, { hasSecretProvider: true }));
        if (config === undefined) return;
        this.warnings.push(...config.warnings.map(({ message }) => message));
        const extensions = (await this.tried(() => this.loadExtensions(config))) ?? {};
        const profiles = this.readProfiles(extensions);
        const names = [...profiles.map(({ name }) => name), ...BUILT_IN_BOTS, ...Object.keys(extensions.bots ?? {})];
        await this.tried(() => {
            checkDefaultBot(config.defaultBot, names);
        });
        this.warnOf(config, profiles);
        await this.checkKeys(config);
        await this.tried(() => checkRecordings(config));
        await this.askForEnds(config, profiles);
    }

    /** A fault of the operator's becomes a problem. */
    private async tried<T>(action: () => T | Promise<T>): Promise<T | undefined> {
        try {
            return await action();
        } catch (fault) {
            if (!(fault instanceof CodedError)) throw fault;
            const what = fault.message.trimEnd().replace(/ *\n {2}- /g, '\n    - ');
            this.problems.push(`${fault.code}: ${what}\n    ${fault.cure}`);
            return undefined;
        }
    }

    private async loadExtensions({ extensionsPath }: Config): Promise<ServerExtensions> {
        return extensionsPath === undefined ? {} : loadExtensions(extensionsPath);
    }

    private readProfiles({ bots = {}, functions = [] }: ServerExtensions): BotProfile[] {
        try {
            const names = {
                reserved: new Set(Object.keys(bots)),
                functions: new Set(functions.map(({ name }) => name)),
            };
            const store = ProfileStore.load(this.folder, { clock: systemClock, logger: silentLogger, ...names });
            return store.names.flatMap((name) => store.get(name) ?? []);
        } catch (fault) {
            if (!(fault instanceof CodedError)) throw fault;
            return [];
        }
    }

    private warnOf(config: Config, profiles: readonly BotProfile[]): void {
        const epochMs = this.deps.epochMs ?? Date.now();
        this.warnings.push(...settingWarnings(config, epochMs).map(({ message }) => message));
        for (const profile of profiles) {
            const warnings = profileWarnings(profile, config, epochMs);
            this.warnings.push(...warnings.map(({ message }) => `${profile.name}: ${message}`));
        }
    }

    private async checkKeys({ apiKeys, production }: Config): Promise<void> {
        if (apiKeys.kind === 'none' || apiKeys.kind === 'development') return;
        const secrets = await this.tried(() => SecretService.fromSource(apiKeys, { production }));
        this.warnings.push(...(secrets?.warnings ?? []));
    }

    private async askForEnds(config: Config, profiles: readonly BotProfile[]): Promise<void> {
        const { rest } = config.localSpeech;
        if (rest === undefined || this.deps.listModels === undefined) return;
        try {
            const ends = endsIn(await this.deps.listModels(rest));
            const epochMs = this.deps.epochMs ?? Date.now();
            this.warnings.push(...endWarnings(inUseBySettings(config), ends, epochMs).map(({ message }) => message));
            for (const profile of profiles) {
                const warnings = endWarnings(inUseByProfile(profile), ends, epochMs);
                this.warnings.push(...warnings.map(({ message }) => `${profile.name}: ${message}`));
            }
        } catch {
            this.warnings.push('OpenAI’s list of models cannot be read: ends of models are known from assets alone');
        }
    }
}

async function checkRecordings({ localSpeech: { promptsFile } }: Config): Promise<void> {
    if (promptsFile === undefined) return;
    const { named, sentences } = await readPromptCatalog(promptsFile);
    const prompts = [...Object.values(named), ...sentences.map(([, prompt]) => prompt)];
    await Promise.all(prompts.map(({ file }) => readRecording(file)));
}
