/** What a page of another origin tries with the server of one who is logged in there. Each try tells what it got. */

const PATIENCE_MS = 2000;

const within = (promise) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, "nothing"))]);

const happens = (target, ...names) =>
  new Promise((resolve) => names.forEach((name) => target.addEventListener(name, () => resolve(name), { once: true })));

/** Reads an address in the user's name. */
async function read(url) {
  try {
    const answer = await fetch(url, { credentials: "include" });
    return `${answer.status} ${await answer.text()}`;
  } catch {
    return "nothing";
  }
}

/** As JSON, for which the browser asks the server's leave first. */
async function change(method, url, body) {
  const headers = { "Content-Type": "application/json" };
  try {
    return String((await fetch(url, { method, headers, body, credentials: "include" })).status);
  } catch {
    return "nothing";
  }
}

/** As text, for which it asks nobody. */
async function post(url, body) {
  try {
    await fetch(url, { method: "POST", mode: "no-cors", body, credentials: "include" });
  } catch {
    // whether it was done stands elsewhere than in the answer
  }
}

const beacon = (url, body) => navigator.sendBeacon(url, new Blob([body], { type: "text/plain" }));

/** As a form: JSON, if one reads only what stands before the sign of equality. */
async function form(url, body) {
  const frame = Object.assign(document.createElement("iframe"), { name: `frame${document.forms.length}` });
  const sent = Object.assign(document.createElement("form"), {
    action: url,
    method: "post",
    enctype: "text/plain",
    target: frame.name,
  });
  sent.append(Object.assign(document.createElement("input"), { name: body, value: "" }));
  document.body.append(frame, sent);
  const loaded = happens(frame, "load");
  sent.submit();
  return within(loaded);
}

/** Listens to what happens in the house. */
async function listen(url) {
  const source = new EventSource(url, { withCredentials: true });
  const first = await within(happens(source, "open", "message", "turn", "state", "error"));
  source.close();
  return first === "error" ? "nothing" : first;
}

/** Talks, and hears the answer. */
async function talk(url) {
  const socket = new WebSocket(url);
  const first = await within(happens(socket, "open", "message", "error", "close"));
  socket.close();
  return first === "error" || first === "close" ? "nothing" : first;
}

/** Puts the page where the user clicks without seeing it. */
async function frame(url) {
  const frame = Object.assign(document.createElement("iframe"), { src: url });
  document.body.append(frame);
  return within(happens(frame, "load", "error"));
}

/** Runs an answer as a script. */
async function run(url) {
  const script = Object.assign(document.createElement("script"), { src: url });
  document.body.append(script);
  return (await within(happens(script, "load", "error"))) === "load" ? "a script" : "nothing";
}

/** Opens the page in a window of its own, to lead it somewhere else, or to talk to it. */
async function open(url) {
  const opened = window.open(url);
  for (const end = Date.now() + PATIENCE_MS; !opened.closed && Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return opened.closed ? "nothing" : "a window";
}

globalThis.hostile = { read, change, post, beacon, form, listen, talk, frame, run, open };
