import { createHash } from 'node:crypto';
import type { CallView } from './call-view';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1rem auto; max-width: 46rem; padding: 0 1rem; }
h1 { font-size: 1.15rem; margin: 0 0 .25rem; }
h2 { font-size: .95rem; margin: 1.25rem 0 .4rem; }
p { margin: .25rem 0; overflow-wrap: anywhere; }
.facts { opacity: .75; font-size: .85rem; }
.summary { border-left: 3px solid #2563c9; padding: .3rem .75rem; }
ol, ul { list-style: none; margin: 0; padding: 0; }
li { margin: .35rem 0; padding: .35rem .6rem; border-radius: .4rem; overflow-wrap: anywhere; }
.caller { background: #2563c922; margin-left: 2.5rem; }
.bot { background: #8882; margin-right: 2.5rem; }
li b { font-size: .75rem; opacity: .75; display: block; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .75rem; margin: 0; }
dt { opacity: .75; } dd { margin: 0; overflow-wrap: anywhere; }
`;

/**
 * The domains of Genesys Cloud's regions, whose pages may show this one in a frame: the web application of a region lies at `apps.` and one of
 * them (docs/HANDOVER.md).
 */
const GENESYS_DOMAINS = [
    'mypurecloud.com',
    'mypurecloud.com.au',
    'mypurecloud.de',
    'mypurecloud.ie',
    'mypurecloud.jp',
    'pure.cloud',
    'genesys.cloud',
] as const;

const CONTENT_POLICY = [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${GENESYS_DOMAINS.map((domain) => `https://*.${domain}`).join(' ')}`,
].join('; ');

/** Headers of the page, besides length and `Cache-Control: no-store`. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': CONTENT_POLICY,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Robots-Tag': 'noindex, nofollow',
};

/** Longest page, in characters of the conversation: of a longer one the beginning is left out. */
const MAX_LINES = 400;

/** The page of a call as HTML. It has no script, loads nothing and links nowhere. */
export function agentPage(view: CallView): string {
    const { bot, summary, tools, variables } = view;
    const left = Math.max(0, view.lines.length - MAX_LINES);
    const lines = view.lines
        .slice(left)
        .map(
            ({ speaker, text }) =>
                `<li class="${speaker}"><b>${speaker === 'bot' ? 'Bot' : 'Caller'}</b>${escaped(text)}</li>`,
        );
    const parts = [
        `<h1>Call with the bot ${escaped(bot)}</h1>`,
        `<p class="facts">${escaped(factsOf(view))}</p>`,
        ...(summary === '' ? [] : [`<p class="summary">${escaped(summary)}</p>`]),
        '<h2>What was done</h2>',
        tools.length === 0
            ? '<p>No function was used.</p>'
            : `<ul>${tools.map(({ name, outcome }) => `<li>${escaped(name)}: ${escaped(outcome)}</li>`).join('')}</ul>`,
        ...(variables.length === 0
            ? []
            : [
                  '<h2>What the bot found out</h2>',
                  `<dl>${variables.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>`,
              ]),
        '<h2>What was said, as the caller heard it</h2>',
        ...(left === 0 ? [] : [`<p>${left} lines before these are left out.</p>`]),
        lines.length === 0 ? '<p>No words are known.</p>' : `<ol>${lines.join('')}</ol>`,
    ];
    return [
        '<!doctype html>',
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        `<title>Call with the bot ${escaped(bot)}</title>`,
        `<style>${STYLE}</style></head>`,
        `<body>${parts.join('\n')}</body></html>`,
    ].join('\n');
}

function factsOf({ conversationId, startedAt, durationMs, endReason }: CallView): string {
    const facts = [
        `Conversation ${conversationId}`,
        ...(startedAt === undefined ? [] : [`begun ${startedAt.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC')}`]),
        ...(durationMs === undefined ? [] : [`${Math.round(durationMs / 1000)} s`]),
        `end: ${endReason}`,
        ...(startedAt === undefined ? ['the record is still being stored'] : []),
    ];
    return facts.join(' · ');
}

const ENTITIES: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
};

function escaped(text: string): string {
    return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');
}
