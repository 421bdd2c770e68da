/**
 * Notes what the page's worklets tell, by the clock of its audio: how loud each frame of the microphone is, and how
 * much of which reply has sounded.
 */
globalThis.probe = { heard: [], sounded: [] };

globalThis.AudioWorkletNode = class extends AudioWorkletNode {
  constructor(context, name, options) {
    super(context, name, options);
    const [notes, noted] = name === "roomtone-capture" ? [probe.heard, ["level", "at"]] : [probe.sounded, null];
    this.port.addEventListener("message", ({ data }) => {
      notes.push(noted ? Object.fromEntries(noted.map((key) => [key, data[key]])) : data);
    });
  }
};
