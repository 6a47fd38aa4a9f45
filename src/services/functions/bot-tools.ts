import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import type { BotProfile } from '../profiles/schema';
import type { ToolSpec } from '../profiles/tool-schema';
import { createTools, type CreateToolsDeps } from './create-tools';
import { GenesysDataActions, type GenesysClient } from './genesys-data-actions';
import { createHttpClient, type HttpClient } from './http/client';
import type { Tool } from './tool';
import type { Toolbox } from './toolbox';

export interface BotToolsDeps {
    clock: Clock;
    logger: Logger;
    env: Readonly<Record<string, string | undefined>>;
    /** Functions that are written in code: profiles name them with the kind `code`. */
    functions?: readonly Tool[];
    /** Asks the web services of tools. Default: over the network. */
    http?: HttpClient;
}

/** The tools of all bots: made once for each profile, shared by its calls. */
export class BotTools {
    private readonly boxes = new WeakMap<BotProfile, Toolbox>();
    private readonly making: CreateToolsDeps;
    private readonly genesys: GenesysDataActions | undefined;

    /** @throws CodedError `ERR_TOOL` for a region that is none of Genesys Cloud's */
    constructor(
        client: GenesysClient | undefined,
        private readonly deps: BotToolsDeps,
    ) {
        const { clock, env, functions, http = createHttpClient() } = deps;
        this.genesys = client === undefined ? undefined : new GenesysDataActions(client, { clock, http });
        this.making = { clock, env, http, genesys: this.genesys, ...(functions !== undefined && { functions }) };
    }

    /**
     * The tools of a profile. A tool that cannot work, such as one whose environment variable is not set, is left out, and a log
     * line says why: calls are answered all the same.
     */
    of(profile: BotProfile): Toolbox {
        const known = this.boxes.get(profile);
        if (known !== undefined) return known;
        const box = this.make(profile);
        this.boxes.set(profile, box);
        return box;
    }

    /** Ends the timers of the Genesys client. */
    close(): void {
        this.genesys?.close();
    }

    private make({ name, tools }: BotProfile): Toolbox {
        try {
            return createTools(tools, this.making);
        } catch (fault) {
            this.deps.logger.error({ bot: name, ...faultFields(fault) }, 'a bot goes without some of its tools');
            return createTools(
                tools.filter((spec) => this.works(spec)),
                this.making,
            );
        }
    }

    private works(spec: ToolSpec): boolean {
        try {
            createTools([spec], this.making);
            return true;
        } catch {
            return false;
        }
    }
}
