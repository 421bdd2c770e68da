/** Icons, drawn with one pen: 24 by 24, strokes of 1.75. They decorate; a text always stands beside or behind them. */

import { html, svg } from "../vendor/lit.js";

const PATHS = {
  talk: "M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  rooms: "M5 21V5l9-2v18M14 6h5v15M3 21h18M10.5 12v1",
  home: "M4 11 12 4l8 7v9h-5.500v-6h-5v6H4z",
  turns: "M4 6h7M8 12h9M13 18h7",
  voices: "M4 10v4M8 6.500v11M12 3.500v17M16 7.500v9M20 10v4",
  health: "M3 12.500h4l2.5-7 4.5 13 2.5-6H21",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5",
  stop: "M7 7h10v10H7z",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17.5 19 7",
  warning: "M12 4 2.8 20h18.400zM12 10v4.500M12 17.200v.3",
  muted: "M4 4l16 16M9 9.500v2a3 3 0 0 0 4.5 2.600M15 10V6.500a3 3 0 0 0-5.8-1M5.5 11.500a6.5 6.5 0 0 0 10 5.500M18.5 11.500a6 6 0 0 1-.6 2.700M12 18v3",
  speaker: "M4 9.500v5h3.500L12 19V5L7.5 9.500zM15.5 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  play: "M7 5l12 7-12 7z",
  pause: "M8 5v14M16 5v14",
  add: "M12 5v14M5 12h14",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  remove: "M5 7h14M9.5 7V4.500h5V7M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  edit: "M4 20l1-4.500L15.5 5l3.5 3.500L8.5 19z",
  send: "M4 12 20 4l-5 16-3.5-6.500z",
  announce: "M4 10v4h3l8 4.500v-13L7 10zM18 9.500a3.5 3.5 0 0 1 0 5M8 14v5h2.5",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1.2 1.200M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.700l1.2-1.2",
  back: "M14.5 5 8 12l6.5 7",
  more: "M9.5 5 16 12l-6.5 7",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5",
  leave: "M10 4H5v16h5M9.5 12H20M16 8l4 4-4 4",
};

/** @param {keyof typeof PATHS} name */
export const icon = (name) => html`
  <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round"
       stroke-linejoin="round" aria-hidden="true">${svg`<path d=${PATHS[name]}></path>`}</svg>`;
