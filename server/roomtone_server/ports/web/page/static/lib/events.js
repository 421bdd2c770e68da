/** What happens in the house, as it happens: one stream of server-sent events, for all of the page. */

import { checkSession } from "./session.js";

const AGAIN_MS = [1000, 2000, 5000, 10000, 30000]; // how long after a loss it is tried again

const _followers = new Set();
let _source = null;
let _topics = "";
let _losses = 0;
let _timer = 0;

/**
 * Calls `handlers[name](data)` for each event of that name, until the function that is returned is called.
 * `handlers.opened`, if there is one, is called whenever the stream begins, again after a loss too: then is the time to
 * ask for the present state, since what happened meanwhile was missed. `handlers.lost` is called when it breaks off.
 * @param {string[]} topics of turns, satellites, levels, home, health
 * @param {Record<string, (data: any) => void>} handlers
 * @returns {() => void}
 */
export function follow(topics, handlers) {
  const follower = { topics, handlers };
  _followers.add(follower);
  queueMicrotask(connect);
  if (isOpen() && topics.every((topic) => _topics.split(",").includes(topic))) handlers.opened?.();
  return () => {
    _followers.delete(follower);
    queueMicrotask(connect);
  };
}

const isOpen = () => _source?.readyState === EventSource.OPEN;

function connect() {
  const topics = [...new Set([..._followers].flatMap((each) => each.topics))].sort().join(",");
  if (topics === _topics && (_source || !topics)) return;
  _source?.close();
  clearTimeout(_timer);
  _topics = topics;
  _source = topics ? open(topics) : null;
}

function open(topics) {
  const source = new EventSource(new URL(`api/events?topics=${topics}`, document.baseURI.split("#")[0]));
  source.onopen = () => {
    _losses = 0;
    tell("opened");
  };
  source.onerror = () => {
    tell("lost");
    if (source.readyState !== EventSource.CLOSED || source !== _source) return; // it tries again by itself
    _source = null;
    _topics = "";
    checkSession();
    _timer = setTimeout(connect, AGAIN_MS[Math.min(_losses++, AGAIN_MS.length - 1)]);
  };
  for (const name of ["turn", "turn-ended", "satellites", "levels", "state", "health"]) {
    source.addEventListener(name, (event) => tell(name, JSON.parse(event.data)));
  }
  return source;
}

function tell(name, data) {
  for (const { handlers } of [..._followers]) handlers[name]?.(data);
}
