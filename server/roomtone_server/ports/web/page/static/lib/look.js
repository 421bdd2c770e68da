/** What views are built from: the shared styles of their shadow roots. How to use them: see docs/page.md. */

import { css } from "../vendor/lit.js";

const TEXT = css`
  *, *::before, *::after { box-sizing: border-box; }
  h1 { font-size: 1.6rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; margin: 0; }
  h1:focus { outline: none; }
  h2 { font-size: 1.1rem; line-height: 1.35; font-weight: 620; margin: 0; }
  h3 { font-size: 1rem; font-weight: 620; margin: 0; }
  p { margin: 0; }
  a { color: var(--accent); text-underline-offset: .2em; }
  code, .mono { font-family: var(--mono); font-size: .93em; }
  .muted { color: var(--muted); }
  .small { font-size: .875rem; }
  .number { font-variant-numeric: tabular-nums; }
  .good { color: var(--good); }
  .warn { color: var(--warn); }
  .bad { color: var(--bad); }
  .hidden-text {
    position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
    white-space: nowrap;
  }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  [hidden] { display: none !important; }
`;

const SPACE = css`
  :host { display: block; }
  header { margin-bottom: var(--s5); }
  .stack { display: flex; flex-direction: column; gap: var(--s4); }
  .stack.tight { gap: var(--s2); }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2) var(--s3); }
  .row.spread { justify-content: space-between; }
  .grow { flex: 1; min-width: 0; }
  .cards { display: grid; gap: var(--s4); grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
  .card {
    background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); box-shadow: var(--shadow);
    padding: var(--s4);
  }
  .scrolled { overflow-x: auto; }
`;

const CONTROLS = css`
  button, .button {
    display: inline-flex; align-items: center; justify-content: center; gap: var(--s2); min-height: 44px;
    padding: var(--s2) var(--s4); font: inherit; font-weight: 560; color: var(--ink); text-decoration: none;
    background: var(--card); border: 1px solid var(--line); border-radius: var(--radius-small); cursor: pointer;
  }
  button:hover, .button:hover { border-color: var(--muted); }
  button:active { background: var(--sunk); }
  button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
  button.plain { background: none; border-color: transparent; color: var(--accent); }
  button.danger { color: var(--bad); }
  button.round { width: 44px; padding: 0; border-radius: 50%; }
  button[aria-pressed="true"] { background: var(--tint); border-color: var(--accent); color: var(--accent); }
  button:disabled { color: var(--muted); background: var(--sunk); border-color: var(--line); cursor: default; }
  .field { display: flex; flex-direction: column; gap: var(--s1); }
  .field > span, label > span.name { font-size: .875rem; color: var(--muted); }
  input:not([type="checkbox"], [type="radio"], [type="range"]), select, textarea {
    min-height: 44px; width: 100%; padding: var(--s2) var(--s3); font: inherit; color: var(--ink);
    background: var(--card); border: 1px solid var(--muted); border-radius: var(--radius-small);
  }
  input[type="checkbox"], input[type="radio"] { width: 20px; height: 20px; margin: 0; accent-color: var(--accent); }
  input[type="range"] { width: 100%; min-height: 32px; accent-color: var(--accent); }
  label.choice { display: flex; align-items: center; gap: var(--s3); min-height: 44px; cursor: pointer; }
  summary { min-height: 44px; align-content: center; cursor: pointer; }
  summary h2 { display: inline; }
  details:not(:has(summary h2)) > summary { color: var(--accent); font-weight: 560; }
  fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
  legend { padding: 0; font-size: .875rem; color: var(--muted); }
`;

const SHOWN = css`
  table { width: 100%; border-collapse: collapse; }
  th { text-align: start; font-size: .875rem; font-weight: 560; color: var(--muted); }
  th, td { padding: var(--s2) var(--s3) var(--s2) 0; border-bottom: 1px solid var(--line); }
  tbody tr:last-child > * { border-bottom: 0; }
  td.number, th.number { text-align: end; }
  .chip {
    display: inline-flex; align-items: center; gap: var(--s1); padding: 1px var(--s2); font-size: .8125rem;
    border-radius: 999px; background: var(--sunk); color: var(--muted); white-space: nowrap;
  }
  .chip.on { background: var(--tint); color: var(--accent); }
  .chip.bad { background: var(--bad-tint); color: var(--bad); }
  .note { padding: var(--s3) var(--s4); border-radius: var(--radius-small); background: var(--tint); }
  .note.bad { background: var(--bad-tint); color: var(--bad); }
  .note.bad p::first-letter { text-transform: uppercase; }
  svg.icon { width: 20px; height: 20px; flex: none; }
  .empty { padding: var(--s7) var(--s4); text-align: center; color: var(--muted); }
  .empty svg.icon { width: 40px; height: 40px; opacity: .6; }
  .empty h2 { color: var(--ink); margin: var(--s3) 0 var(--s1); }
  dialog {
    width: min(30rem, calc(100vw - 2 * var(--s4))); max-height: calc(100dvh - 2 * var(--s5)); padding: var(--s5);
    color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: var(--radius);
  }
  dialog::backdrop { background: #0009; }
  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after { animation: none !important; transition: none !important; }
  }
`;

/** For `static styles`; `View.styles` is the same. */
export const look = [TEXT, SPACE, CONTROLS, SHOWN];
