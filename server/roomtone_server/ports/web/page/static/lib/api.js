/** The API, as the page asks it: relative URLs, JSON, and problem documents as errors. */

/** What the server (or its absence) answered instead; `message` is one sentence for people. */
export class Problem extends Error {
  /** @param {number} status 0: nobody answered */
  constructor(status, document = {}) {
    super(document.detail || document.title || `HTTP ${status}`);
    this.status = status;
    this.type = document.type ?? "about:blank";
    this.document = document;
  }
}

/**
 * Asks, and returns the Response whatever its content; for sound and streams. See `api`.
 * @param {string} path below /api, without a leading slash
 * @param {{method?: string, body?: unknown, query?: Record<string, unknown>, signal?: AbortSignal}} [options]
 *   `body` goes as JSON, unless it is a Blob; of `query`, what is null or undefined is left out.
 * @throws {Problem}
 */
export async function request(path, { method = "GET", body, query = {}, signal } = {}) {
  const url = new URL(`api/${path}`, document.baseURI.split("#")[0]);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
  }
  const isRaw = body === undefined || body instanceof Blob;
  const headers = isRaw ? {} : { "Content-Type": "application/json" };
  let answer;
  try {
    answer = await fetch(url, { method, headers, signal, body: isRaw ? body : JSON.stringify(body) });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Problem(0);
  }
  if (answer.ok) return answer;
  if (answer.status === 401) dispatchEvent(new Event("roomtone-session-lost"));
  throw new Problem(answer.status, await told(answer));
}

/** As `request`, but returns what the JSON says; null where there is nothing to say (204). */
export async function api(path, options) {
  const answer = await request(path, options);
  return answer.status === 204 ? null : answer.json();
}

/**
 * The events that a request answers with, where it answers with a stream of them.
 * @returns {AsyncGenerator<{event: string, data: unknown}>}
 */
export async function* streamed(path, options) {
  const answer = await request(path, options);
  yield* serverSentEvents(answer.body.pipeThrough(new TextDecoderStream()));
}

/** Parses server-sent events from pieces of text; comments are left out. */
export async function* serverSentEvents(pieces) {
  let rest = "";
  for await (const piece of pieces) {
    const blocks = (rest + piece).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = block.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line)).filter(Boolean);
      const data = fields.filter(([, name]) => name === "data").map(([, , value]) => value);
      const event = fields.find(([, name]) => name === "event")?.[2] ?? "message";
      if (data.length) yield { event, data: JSON.parse(data.join("\n")) };
    }
  }
}

async function told(answer) {
  if (!answer.headers.get("Content-Type")?.includes("json")) return { title: answer.statusText };
  return answer.json().catch(() => ({}));
}
