import { css } from "../../vendor/lit.js";

export const styles = css`
  :host { display: flex; flex-direction: column; min-height: calc(100dvh - var(--s6) - var(--s7)); }
  .empty { margin: auto; max-width: 34rem; text-wrap: balance; }
  .empty h2 { font-size: 1.35rem; margin-bottom: var(--s2); }
  .said {
    list-style: none; margin: var(--s5) 0; padding: 0; display: flex; flex-direction: column; gap: var(--s5);
    width: 100%; max-width: 44rem; align-self: center;
  }
  .said:empty { margin: 0; }
  .said > li { scroll-margin-block-end: 22rem; display: flex; flex-direction: column; gap: var(--s2); }
  .words, .reply {
    max-width: min(85%, 32rem); padding: var(--s2) var(--s4); border-radius: 20px; overflow-wrap: anywhere;
  }
  .words { align-self: flex-end; background: var(--accent); color: var(--on-accent); border-end-end-radius: 6px; }
  .words.growing { background: var(--tint); color: var(--ink); }
  .reply {
    align-self: flex-start; background: var(--card); border: 1px solid var(--line); border-end-start-radius: 6px;
    box-shadow: var(--shadow);
  }
  .reply.bad { background: var(--bad-tint); border-color: transparent; }
  .outcome { font-size: .8125rem; color: var(--muted); padding-inline: var(--s2); }
  .deeds { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: var(--s1); }
  .deeds .icon { width: 14px; height: 14px; }

  .dock {
    position: sticky; bottom: 0; margin-top: auto; padding: var(--s4) 0; display: flex; flex-direction: column;
    align-items: center; gap: var(--s4); background: linear-gradient(transparent, var(--paper) var(--s4));
  }
  .dock .note { max-width: 36rem; }
  .phase { color: var(--muted); text-align: center; min-height: 1.5em; text-wrap: balance; }
  .buttons {
    display: grid; grid-template-columns: 44px auto 44px; align-items: center; gap: var(--s6); padding: var(--s2) 0;
  }
  .buttons > span { width: 44px; }
  .talk {
    --level: 0; position: relative; width: 104px; height: 104px; padding: 0; border: 0; border-radius: 50%;
    background: var(--accent); color: var(--on-accent); touch-action: none; user-select: none;
    -webkit-touch-callout: none;
  }
  .talk .icon { width: 40px; height: 40px; pointer-events: none; }
  .talk:active { background: var(--accent); filter: brightness(.92); }
  .talk:disabled { background: var(--sunk); }
  .talk::before {
    content: ""; position: absolute; inset: 0; z-index: -1; border-radius: 50%; background: var(--accent); opacity: .18;
    transform: scale(calc(1 + .4 * var(--level))); transition: transform 80ms linear;
  }
  .talk.off, .talk.ready { background: var(--card); color: var(--accent); border: 2px solid var(--accent); }
  .talk.thinking::after, .talk.starting::after {
    content: ""; position: absolute; inset: -8px; border-radius: 50%; border: 3px solid transparent;
    border-top-color: var(--accent); animation: turning 900ms linear infinite;
  }
  @keyframes turning { to { transform: rotate(1turn); } }

  .modes {
    display: grid; grid-template-columns: repeat(3, 1fr); padding: 3px; background: var(--sunk); border-radius: 999px;
    width: min(24rem, 100%);
  }
  .modes label { position: relative; display: grid; }
  .modes input { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; cursor: pointer; }
  .modes span {
    display: grid; place-items: center; min-height: 40px; padding: 0 var(--s3); border-radius: 999px;
    text-align: center;
    font-size: .9rem; font-weight: 540; color: var(--muted); line-height: 1.2;
  }
  .modes :checked + span { background: var(--card); color: var(--ink); box-shadow: var(--shadow); }
  .modes :focus-visible + span { outline: 3px solid var(--accent); outline-offset: 2px; }
  @media (max-width: 52rem) {
    :host { min-height: calc(100dvh - 72px - 2 * var(--s5)); }
    .dock { bottom: 60px; }
  }
`;
