/** Icons, drawn with one pen: 24 by 24, strokes of 1.75. They decorate; a text always stands beside or behind them. */

import { html, svg } from "../vendor/lit.js";

const PATHS = {
  talk: "M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  rooms: "M5 21V5l9-2v18M14 6h5v15M3 21h18M10.5 12v1",
  home: "M4 11 12 4l8 7v9h-5.5v-6h-5v6H4z",
  turns: "M4 6h7M8 12h9M13 18h7",
  voices: "M4 10v4M8 6.5v11M12 3.5v17M16 7.5v9M20 10v4",
  health: "M3 12.5h4l2.5-7 4.5 13 2.5-6H21",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  stop: "M7 7h10v10H7z",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17.5 19 7",
  warning: "M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.3",
  muted:
    "M4 4l16 16M9 9.5v2a3 3 0 0 0 4.5 2.6M15 10V6.5a3 3 0 0 0-5.8-1M5.5 11.5a6.5 6.5 0 0 0 10 5.5M18.5 11.5v1M12 18v3",
  speaker: "M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  play: "M7 5l12 7-12 7z",
  pause: "M8 5v14M16 5v14",
  add: "M12 5v14M5 12h14",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  remove: "M5 7h14M9.5 7V4.5h5V7M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  edit: "M4 20l1-4.5L15.5 5l3.5 3.5L8.5 19z",
  send: "M4 12 20 4l-5 16-3.5-6.5z",
  announce: "M4 10v4h3l8 4.5v-13L7 10zM18 9.5a3.5 3.5 0 0 1 0 5M8 14v5h2.5",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1.2 1.2M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2",
  back: "M14.5 5 8 12l6.5 7",
  more: "M9.5 5 16 12l-6.5 7",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5",
  leave: "M10 4H5v16h5M9.5 12H20M16 8l4 4-4 4",
  light: "M9 17.5h6M10 20.5h4M12 3.5a6 6 0 0 0-3.5 10.9c.6.5 1 1.2 1 2v1.1h5v-1.1c0-.8.4-1.5 1-2A6 6 0 0 0 12 3.5z",
  switch: "M12 4v8M7.5 6.6a7 7 0 1 0 9 0",
  fan: "M12 12c-2-3.5-1-8 1.5-8s3 4.5-1.5 8c4-.2 8 2 7 4.5s-5.5 1-7-4.5c-2 3.7-6 5-7.5 3s1.5-5.3 7.5-3z",
  cover: "M4 4h16M6 4v13h12V4M6 8.5h12M6 12.7h12M12 17v3",
  climate: "M14 14.3V6a2.5 2.5 0 0 0-5 0v8.3a4 4 0 1 0 5 0zM11.5 9v8M17 6h3M17 10h3",
  media_player: "M4 5h16v11H4zM8 20h8M10.5 8v5l4-2.5z",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2",
  alarm: "M12 3.5 5 6v5.5c0 4.5 3 7.5 7 9 4-1.5 7-4.5 7-9V6z",
  vacuum: "M12 4a8 8 0 1 0 .1 0zM12 9a3 3 0 1 0 .1 0zM8 5.5h8",
  scene: "M12 4l2.3 5 5.2.6-3.9 3.6 1.1 5.3L12 15.8l-4.7 2.7 1.1-5.3-3.9-3.6 5.2-.6z",
  button: "M12 4a8 8 0 1 0 .1 0zM12 8.5a3.5 3.5 0 1 0 .1 0z",
  todo: "M10 6.5h10M10 12h10M10 17.5h10M4 6.5l1.2 1.2L7.5 5.5M4 12l1.2 1.2 2.3-2.2M4 17.5l1.2 1.2 2.3-2.2",
  weather: "M7.5 18.5a4 4 0 0 1 .3-8 5 5 0 0 1 9.6 1.2 3.5 3.5 0 0 1-.4 6.8z",
  sensor: "M4 16a8 8 0 1 1 16 0M12 16l3.5-5M4 16h2.5M17.5 16H20",
};

export const hasIcon = (name) => name in PATHS;

/** @param {keyof typeof PATHS} name */
export const icon = (name) => html`
  <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round"
       stroke-linejoin="round" aria-hidden="true">${svg`<path d=${PATHS[name]}></path>`}</svg>`;
