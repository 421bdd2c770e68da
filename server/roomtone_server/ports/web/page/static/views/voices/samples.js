/** Something to say in each language, to hear a voice by. */

const SAMPLES = {
  en: "Good evening. The kitchen light is on, and it is 21 degrees.",
  de: "Guten Abend. Das Licht in der Küche ist an, und es sind 21 Grad.",
  hi: "नमस्ते। रसोई की बत्ती जल रही है, और तापमान 21 डिग्री है।",
  mr: "नमस्कार. स्वयंपाकघरातला दिवा चालू आहे.",
  gu: "નમસ્તે. રસોડાની લાઇટ ચાલુ છે.",
  bn: "নমস্কার। রান্নাঘরের আলো জ্বলছে।",
  ta: "வணக்கம். சமையலறை விளக்கு எரிகிறது.",
  te: "నమస్కారం. వంటగది దీపం వెలుగుతోంది.",
  ml: "നമസ്കാരം. അടുക്കളയിലെ വിളക്ക് കത്തുന്നുണ്ട്.",
  fr: "Bonsoir. La lumière de la cuisine est allumée.",
  es: "Buenas tardes. La luz de la cocina está encendida.",
  it: "Buonasera. La luce della cucina è accesa.",
  nl: "Goedenavond. Het licht in de keuken is aan.",
};

const primary = (code) => code.toLowerCase().split(/[-_]/)[0];

/** @param {string} language a code, perhaps with a region */
export const sampleOf = (language) => SAMPLES[primary(language)] ?? SAMPLES.en;

/**
 * Whether a voice or a model is for a language, in any region of it; those that name none, or "*", are for any.
 * @param {{languages: readonly string[]}} whose
 * @param {string} language
 */
export const speaks = ({ languages }, language) =>
  languages.length === 0 || languages.some((each) => each === "*" || primary(each) === primary(language));
