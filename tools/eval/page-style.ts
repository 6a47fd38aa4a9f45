/** The style of the page of results. Colours are those of the console. */
export const PAGE_STYLE = `
:root { --paper: #f4f5f3; --card: #fff; --line: #dcdfda; --ink: #1b211f; --soft: #59635f; --caller: #3f5bb5; --bot: #0f766e; --cut: #c2410c;
  --vad: #8793c9; --bad: #b91c1c; --warn: #92600a; --good: #15803d; --shade: rgb(63 91 181 / 9%); --secure: rgb(146 96 10 / 14%); --listen: #9aa7b8;
  --think: #7c5cbf; --carry: #2f8f86; --play: #d08a1d; --focus: #2563eb; --on-bad: #fff; color-scheme: light dark;
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #121615; --card: #1a201e; --line: #2e3734; --ink: #e8ecea; --soft: #a3aeaa; --caller: #8fa6f5; --bot: #45c4b5; --cut: #fb8a5a;
    --vad: #5d6ba6; --bad: #f98080; --warn: #e5b04d; --good: #5bcf86; --shade: rgb(143 166 245 / 12%); --secure: rgb(229 176 77 / 15%);
    --listen: #6d7a8c; --think: #a98ff0; --carry: #45c4b5; --play: #e5a94a; --focus: #7aa2ff; --on-bad: #121615; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 20px; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 22px; } h2 { margin: 0; font-size: 16px; display: inline; } h3 { margin: 18px 0 6px; font-size: 14px; color: var(--soft); font-weight: 650; }
p { margin: 4px 0; } ol, ul { margin: 4px 0; padding-left: 24px; } .soft { color: var(--soft); }
.numbers { display: flex; flex-wrap: wrap; gap: 8px 24px; margin: 14px 0; padding: 0; list-style: none; } .numbers b { font-size: 22px; }
.filter { display: flex; flex-wrap: wrap; gap: 8px 18px; align-items: center; margin: 14px 0; padding: 0; border: 0; }
.filter input[type=search] { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 6px 10px; min-width: 0; width: 260px; max-width: 100%; }
label { display: inline-flex; gap: 6px; align-items: center; }
details.case { background: var(--card); border: 1px solid var(--line); border-left-width: 5px; border-radius: 10px; margin: 10px 0; padding: 10px 16px; }
details.failed { border-left-color: var(--bad); } details.passed { border-left-color: var(--good); } details.unknown { border-left-color: var(--warn); }
summary { cursor: pointer; } :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.verdict { font-weight: 650; } .failed > summary .verdict, .is-bad { color: var(--bad); } .passed > summary .verdict { color: var(--good); } .unknown > summary .verdict { color: var(--warn); }
.run { border-top: 1px solid var(--line); margin-top: 12px; } .failures li { margin: 4px 0; } .failures pre { margin: 4px 0; white-space: pre-wrap; font-size: 13px; }
blockquote { margin: 2px 0; color: var(--soft); }
.scroll { overflow-x: auto; } .dialogue { list-style: none; padding: 0; } .dialogue li { display: grid; grid-template-columns: 64px 76px minmax(0, 1fr); gap: 8px; padding: 3px 0; }
.dialogue .who { font-weight: 650; } .of-caller .who { color: var(--caller); } .of-bot .who { color: var(--bot); } .of-function .who { color: var(--think); }
del { color: var(--cut); } code { font-size: 13px; } dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 14px; margin: 4px 0; } dd { margin: 0; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; } [hidden] { display: none !important; }
svg.picture { display: block; font-size: 11px; } svg text { fill: var(--soft); } svg .tick { stroke: var(--line); } svg .caller { fill: var(--caller); } svg .caller.other { fill: var(--vad); }
svg .vad { fill: var(--vad); } svg .bot { fill: var(--bot); } svg .cut { fill: var(--cut); opacity: .55; } svg .overlap { fill: var(--play); } svg .overlap.cut { fill: var(--cut); opacity: 1; }
svg .hold { fill: var(--shade); } svg .secure { fill: var(--secure); } svg .wait-listen { fill: var(--listen); } svg .wait-think { fill: var(--think); } svg .wait-carry { fill: var(--carry); }
svg .wait-play { fill: var(--play); } svg .function { fill: var(--think); } svg .function.bad { fill: var(--bad); } svg .flag path { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 4 3; }
svg .flag circle { fill: var(--bad); } svg .flag text { fill: var(--on-bad); font-weight: 700; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 4px 0; padding: 0; list-style: none; font-size: 13px; color: var(--soft); } .legend svg { display: inline-block; margin-right: 5px; }
@media (max-width: 620px) { body { padding: 12px; } details.case { padding: 8px 10px; } .dialogue li { grid-template-columns: 52px minmax(0, 1fr); } .dialogue .what { grid-column: 1 / -1; } }
@media print { .filter { display: none; } }
`;

/** Hides the cases that are not asked for. The page is whole without it. */
export const PAGE_SCRIPT = `
const filter = document.querySelector('.filter');
const cases = [...document.querySelectorAll('details.case')];
const told = document.querySelector('#told');
function apply() {
  const words = filter.querySelector('[type=search]').value.toLowerCase();
  const verdict = filter.querySelector('[name=verdict]:checked').value;
  let shown = 0;
  for (const each of cases) {
    each.hidden = !((verdict === '' || each.dataset.verdict === verdict) && each.textContent.toLowerCase().includes(words));
    if (!each.hidden) shown++;
  }
  told.textContent = shown + ' of ' + cases.length + ' shown';
}
filter.hidden = false;
filter.addEventListener('input', apply);
apply();
`;
