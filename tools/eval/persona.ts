import { z } from 'zod';
import { whyNot, type ChatModel } from './chat-model';
import type { Persona } from './case-schema';
import type { ScriptedCaller } from './scripted-caller';

const MAX_TURNS = 12;
/** How long a caller says nothing when they wait, ms. */
const WAIT_MS = 5000;
const MAX_WORDS = 600;

const act = z.object({ does: z.enum(['say', 'keys', 'wait', 'hang_up']), words: z.string() });

type Act = z.infer<typeof act>;

const FORMAT = {
    name: 'caller',
    schema: {
        type: 'object',
        properties: {
            does: {
                type: 'string',
                enum: ['say', 'keys', 'wait', 'hang_up'],
                description: 'Say something, press keys, say nothing for some seconds, or hang up.',
            },
            words: {
                type: 'string',
                description: 'What is said, one spoken sentence; or the keys, such as 1234#. Empty for the others.',
            },
        },
        required: ['does', 'words'],
        additionalProperties: false,
    },
} as const;

/** The chat model could not play the caller: the call shows nothing about the bot. */
export class PersonaLost extends Error {}

/** A caller that a chat model plays: it is told what the caller has heard, and says what they do next. */
export class PersonaCaller {
    constructor(
        private readonly persona: Persona,
        private readonly language: string | undefined,
        private readonly model: Pick<ChatModel, 'ask'>,
    ) {}

    /** Plays until the call is over, or `max_turns` are. `heard`: the conversation as it was heard. Rejects with `PersonaLost`. */
    async play(caller: ScriptedCaller, heard: () => Promise<string>): Promise<void> {
        const { max_turns: maxTurns = MAX_TURNS } = this.persona;
        for (let turn = 0; turn < maxTurns; turn++) {
            await caller.botFinished();
            if (caller.hasEnded) return;
            const next = await this.next(await heard());
            if (next.does === 'hang_up') {
                caller.hangUp();
                return;
            }
            if (next.does === 'wait') await caller.act({ silent_ms: WAIT_MS });
            else if (next.does === 'keys') await caller.act({ keys: next.words });
            else await caller.act({ say: next.words });
        }
        await caller.leave();
    }

    private async next(heard: string): Promise<Act> {
        try {
            return await this.model.ask({
                messages: [
                    { role: 'system', content: this.instructions() },
                    {
                        role: 'user',
                        content: `The call so far, as you heard it:\n${heard || '(nothing yet)'}\n\nWhat do you do now?`,
                    },
                ],
                format: FORMAT,
                read: readAct,
            });
        } catch (fault) {
            throw new PersonaLost(`The caller could not be played: ${whyNot(fault)}`);
        }
    }

    private instructions(): string {
        const { goal, manner, knows = {} } = this.persona;
        const known = Object.entries(knows).map(([name, value]) => `- ${name}: ${String(value)}`);
        return [
            'You play a caller on the telephone, who talks with the voice bot of a company. You are the caller, never the bot.',
            `What you want: ${goal}`,
            ...(manner === undefined ? [] : [`How you talk: ${manner}`]),
            `You speak ${this.language ?? 'en'}, one short spoken sentence at a time, without any marks.`,
            known.length === 0
                ? 'You know nothing else: do not make up numbers or names.'
                : `What you know, and tell only when it is asked for; do not make up anything else:\n${known.join('\n')}`,
            'Press keys only when the bot asks for them. Wait when the bot asks you to. When you have what you want, or cannot get it, say goodbye, and hang up after the answer.',
        ].join('\n');
    }
}

function readAct(given: unknown): { value: Act } | { wrong: string } {
    const read = act.safeParse(given);
    if (!read.success) return { wrong: 'It is not the JSON that was asked for.' };
    const { does } = read.data;
    const words = read.data.words.trim();
    if (does === 'say' && words === '') return { wrong: 'The caller says something, and there are no words.' };
    if (does === 'say' && words.length > MAX_WORDS)
        return { wrong: `One sentence has at most ${MAX_WORDS} characters.` };
    if (does === 'keys' && !/^[0-9*#]{1,60}$/.test(words)) return { wrong: 'Keys are 0 to 9, * and #.' };
    return { value: { does, words } };
}
