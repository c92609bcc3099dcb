export const style = `
:root {
  --ground: #f6f7f8; --card: #fff; --ink: #16191d; --soft: #5c6670; --line: #d9dee3; --accent: #0b62c4; --on-accent: #fff;
  --good: #197a3e; --wait: #94600a; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121518; --card: #1b2025; --ink: #e8ebee; --soft: #9aa5b0; --line: #323a42; --accent: #6cb0ff; --on-accent: #0c1a2a;
    --good: #5fd08a; --wait: #e3b04f; --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 46rem; margin: 0 auto; padding: 0 max(1rem, env(safe-area-inset-left)); }
header { display: flex; align-items: center; justify-content: space-between; padding-top: 1rem; padding-bottom: 1rem; }
h1 { margin: 0; font-size: 1.15rem; letter-spacing: -.01em; }
#state { font-size: .85rem; color: var(--soft); }
#state::before { content: ''; display: inline-block; width: .6em; height: .6em; margin-right: .5em; border-radius: 50%; background: currentColor; }
#state[data-state=open] { color: var(--good); }
#state[data-state=connecting], #state[data-state=waiting] { color: var(--wait); }
#state[data-state=refused] { color: var(--bad); }
form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin-bottom: 1rem; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
label { display: grid; flex: 1 1 8rem; gap: .25rem; font-size: .85rem; color: var(--soft); }
label.wide { flex-basis: 100%; }
input, textarea { width: 100%; padding: .5rem .65rem; font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: .5rem; }
textarea { font-family: ui-monospace, monospace; font-size: .9rem; resize: vertical; }
button { padding: .5rem 1rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: .5rem; cursor: pointer; }
:is(input, textarea, button):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
#answer { flex: 1; align-self: center; min-width: 0; font-size: .85rem; color: var(--soft); overflow-wrap: anywhere; }
#answer[data-failed] { color: var(--bad); }
ol { margin: 0 0 2rem; padding: 0; list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; }
ol:empty { display: none; }
ol:not(:empty) + #empty { display: none; }
#empty { margin: 2rem 0; text-align: center; color: var(--soft); }
li { padding: .6rem 1rem; }
li + li { border-top: 1px solid var(--line); }
li header { max-width: none; margin: 0; padding: 0; justify-content: start; gap: .75rem; font-size: .8rem; color: var(--soft); }
li b { color: var(--accent); overflow-wrap: anywhere; }
li time { margin-left: auto; font-variant-numeric: tabular-nums; }
li pre { margin: .15rem 0 0; font: .9rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
li.note { color: var(--bad); }
`
