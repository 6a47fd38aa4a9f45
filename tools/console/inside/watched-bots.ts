import { BotService } from '../../../src/services/bot-service';
import type { OverlapReport } from '../../../src/services/conversation';
import type { CallEventBody } from '../../caller/call-event';
import { watchConversation, type Tell } from './watch-conversation';

type Config = ConstructorParameters<typeof BotService>[0];
type Deps = ConstructorParameters<typeof BotService>[1];
type Request = Parameters<BotService['getBotIfExists']>[0];
type Call = Parameters<BotService['getBotIfExists']>[1];
type Chosen = Awaited<ReturnType<BotService['getBotIfExists']>>;

/**
 * The bots of the console's own server. Those of a watched call come from a second service, whose way to OpenAI leads through
 * the tap, and are listened to; all others are as they always are.
 */
export class WatchedBots extends BotService {
    private readonly watchers = new Map<string, Tell>();
    private readonly tapped: BotService | undefined;

    /** `tappedConfig`: `config` with the way to OpenAI that can be seen; undefined: there is none to be seen. */
    constructor(config: Config, tappedConfig: Config | undefined, deps: Deps) {
        super(config, deps);
        this.tapped = tappedConfig && new BotService(tappedConfig, deps);
    }

    /** Tells of the call with this conversation id, from its `open` on; the answer ends the watch. */
    watchCall(conversationId: string, tell: Tell): () => void {
        this.watchers.set(conversationId, tell);
        return () => {
            this.watchers.delete(conversationId);
        };
    }

    /** An event of the tap, which is that of the call that is watched: the console makes one at a time. */
    tellWatchers(event: CallEventBody): void {
        for (const tell of this.watchers.values()) tell(event);
    }

    override watch(): void {
        super.watch();
        this.tapped?.watch();
    }

    override async getBotIfExists(request: Request, call: Call): Promise<Chosen> {
        const tell = this.watchers.get(request.conversationId);
        if (tell === undefined) return super.getBotIfExists(request, call);
        const bot = await this.find(request, withTools(call, tell));
        if ('conversation' in bot) {
            tell({ kind: 'note', arrow: '·', label: '(bot)', text: bot.name });
            watchConversation(bot.conversation, tell);
            return {
                ...bot,
                onOverlap: (report) => {
                    tell(overlapEvent(report));
                },
            };
        }
        return bot;
    }

    private find(request: Request, call: Call): Promise<Chosen> {
        return this.tapped?.getBotIfExists(request, call) ?? super.getBotIfExists(request, call);
    }

    override async close(): Promise<void> {
        await Promise.all([super.close(), this.tapped?.close()]);
    }
}

function overlapEvent({ overlap, reason, words, spanMs, afterMs, backMs }: OverlapReport): CallEventBody {
    return { kind: 'overlap', verdict: overlap, reason, words, spanMs, beganAgoMs: afterMs, backMs };
}

function withTools(call: Call, tell: Tell): Call {
    return {
        ...call,
        onTool: (record) => {
            const detail = `${record.outcome}, ${Math.round(record.ms)} ms`;
            tell({ kind: 'tool', what: 'answered', name: record.name, detail });
            call.onTool?.(record);
        },
    };
}
