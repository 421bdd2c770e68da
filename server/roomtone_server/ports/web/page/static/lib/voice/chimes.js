/** The page's own sounds: the satellites' soft bells. */

const ATTACK_S = 0.008; // shorter clicks
const RELEASE_S = 0.03;
const PARTIALS = [0, 1, 0.25, 0.08]; // loudness of the pitch and its multiples: a marimba's warmth
const LOUDNESS = 0.25;

const D4 = 293.66, F4 = 349.23, A4 = 440, D5 = 587.33, E5 = 659.26, A5 = 880;

const SCORES = { // [when, pitch, length]: s, Hz, s
  awake: [[0, E5, 0.12], [0.07, A5, 0.16]],
  invited: [[0, D5, 0.12], [0.07, A5, 0.16]],
  done: [[0, A5, 0.12], [0.07, E5, 0.16]],
  error: [[0, F4, 0.18], [0.15, D4, 0.28]],
  timer: [0, 1, 2].flatMap((ring) => [A4, D5, A5].map((pitch, step) => [0.9 * ring + 0.14 * step, pitch, 0.3])),
};

/**
 * Plays a chime now; one that this page does not know is let go.
 * @param {AudioContext} context @param {AudioNode} into @param {string} sound
 */
export function chime(context, into, sound) {
  const wave = context.createPeriodicWave(new Float32Array(PARTIALS.length), Float32Array.from(PARTIALS));
  for (const [when, pitch, length] of SCORES[sound] ?? []) {
    const begin = context.currentTime + when;
    const oscillator = new OscillatorNode(context, { type: "custom", periodicWave: wave, frequency: pitch });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(LOUDNESS, begin + ATTACK_S);
    gain.gain.exponentialRampToValueAtTime(LOUDNESS / 10, begin + length - RELEASE_S);
    gain.gain.linearRampToValueAtTime(0, begin + length);
    oscillator.connect(gain).connect(into);
    oscillator.start(begin);
    oscillator.stop(begin + length);
  }
}
