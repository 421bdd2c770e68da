"""Whisper models of a few sentences, made by hand, in the files that real ones have.

The encoder lets each mel frame through; the decoder looks at all of them at once, and says the sentence whose mean
spectrum that is: one token for a whole sentence, since that is how many it knows. Silence has no spectrum: it says
nothing. A language is an audible thing too: the one in which the sentence was taught.
"""

from dataclasses import dataclass

import ctranslate2
import numpy as np
import tokenizers
from ctranslate2.specs import whisper_spec
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import _LANGUAGE_CODES
from support.sound import silence
from tokenizers import AddedToken, decoders, models, pre_tokenizers

MELS = 80
SIZE = 2 * MELS  # of its vectors: what it hears, and what it would say
WINDOW_FRAMES = 3000  # of 10 ms; the encoder makes one vector of two
CONTEXT_TOKENS = 448
SURE = 40.0  # how far apart the logits are


@dataclass(frozen=True)
class Taught:
    text: str
    pcm: bytes  # int16, 16 kHz
    language: str = "en"


def make_model(folder, taught, *, multilingual=True):
    """Writes a model that hears these sentences, each with any silence before and behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    words = _Words(taught, multilingual)
    words.tokenizer.save(str(folder / "tokenizer.json"))
    _write(folder, words, np.zeros((len(taught), MELS), np.float32))
    _write(folder, words, _ears(folder, taught))
    return folder


class _Words:
    """The vocabulary: bytes, the sentences, an empty token, by which the library knows a model of many languages, and
    the special ones in Whisper's order."""

    def __init__(self, taught, multilingual):
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        texts = list(pre_tokenizers.ByteLevel.alphabet())
        texts += [byte_level.pre_tokenize_str(f" {each.text}")[0][0] for each in taught]
        self.sentences = range(len(texts) - len(taught), len(texts))
        texts += [""] * multilingual
        specials = [
            *("<|endoftext|>", "<|startoftranscript|>"),
            *(f"<|{code}|>" for code in _LANGUAGE_CODES),
            *("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>"),
            "<|notimestamps|>",
            *(f"<|{at * 0.02:.2f}|>" for at in range(1501)),
        ]
        self.all = texts + specials
        self.languages = [self.all.index(f"<|{each.language}|>") for each in taught]
        self.every_language = [self.all.index(f"<|{code}|>") for code in _LANGUAGE_CODES]
        self.end = len(texts)
        self.tokenizer = tokenizers.Tokenizer(models.BPE({text: number for number, text in enumerate(texts)}, []))
        self.tokenizer.pre_tokenizer = byte_level
        self.tokenizer.decoder = decoders.ByteLevel()
        self.tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in specials])


def _write(folder, words, ears):
    """`ears`: float [sentences, mels], how much of a sentence is in a spectrum."""
    spec = whisper_spec.WhisperSpec(1, 1, 1, 1)
    _let_through(spec.encoder)
    _say(spec.decoder, words, ears)
    spec.register_vocabulary(words.all)
    spec.config.lang_ids = words.every_language
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.save(str(folder))


def _let_through(encoder):
    size = SIZE
    middle = np.zeros((size, size, 3), np.float32)
    middle[:, :, 1] = np.eye(size)
    for conv, weight in ((encoder.conv1, middle[:, :MELS]), (encoder.conv2, middle)):
        conv.weight, conv.bias = weight, np.zeros(size, np.float32)
    encoder.position_encodings.encodings = np.zeros((WINDOW_FRAMES // 2, size), np.float32)
    _normal(encoder.layer_norm)
    for layer in encoder.layer:
        _normal(layer.self_attention.layer_norm)
        _linear(layer.self_attention.linear[0], np.zeros((3 * size, size)))
        _linear(layer.self_attention.linear[1], np.zeros((size, size)))
        _forward(layer.ffn)


def _say(decoder, words, ears):
    """The first half of a vector tells which sentence is heard, its last number that all was said."""
    size, sentences = SIZE, len(ears)
    decoder.scale_embeddings = False
    embeddings = np.zeros((len(words.all), size), np.float32)
    embeddings[:, -1] = 1e-3  # nothing to say: an end
    embeddings[words.sentences, -1] = 100.0
    decoder.embeddings.weight = embeddings
    decoder.position_encodings.encodings = np.zeros((CONTEXT_TOKENS, size), np.float32)
    _normal(decoder.layer_norm)
    projection = np.zeros((len(words.all), size), np.float32)
    projection[:, -2] = SURE  # a number that is never positive
    for number in range(sentences):
        projection[words.sentences[number]] = 0
        projection[words.sentences[number], number] = SURE
        projection[words.languages[number]] += np.eye(1, size, number, dtype=np.float32)[0] * SURE / 2
    projection[words.all.index("<|0.00|>")] = 0  # between these: of all times it prefers the first
    projection[words.end] = np.eye(1, size, size - 1, dtype=np.float32)[0] * SURE
    _linear(decoder.projection, projection)
    spectrum = np.zeros((size, size), np.float32)  # of a frame, without its loudness
    spectrum[:sentences, :MELS] = ears @ (np.eye(MELS) - 1 / MELS)
    for layer in decoder.layer:
        _normal(layer.self_attention.layer_norm)
        _linear(layer.self_attention.linear[0], np.zeros((3 * size, size)))
        _linear(layer.self_attention.linear[1], np.zeros((size, size)))
        _normal(layer.attention.layer_norm)
        _linear(layer.attention.linear[0], np.zeros((size, size)))
        _linear(layer.attention.linear[1], np.concatenate([np.zeros((size, size)), spectrum]))
        _linear(layer.attention.linear[2], np.eye(size))
        _forward(layer.ffn)


def _ears(folder, taught):
    model = ctranslate2.models.Whisper(str(folder), intra_threads=1)
    extract = FeatureExtractor()
    spectra = []
    for each in taught:
        samples = np.frombuffer(silence(0.3) + each.pcm + silence(0.7), np.int16) / 32_768
        mel = np.ascontiguousarray(extract(samples, padding=0)[None], np.float32)
        heard = np.asarray(model.encode(ctranslate2.StorageView.from_array(mel)))[0, :, :MELS]
        spectrum = (heard - heard.mean(axis=1, keepdims=True)).sum(axis=0)
        spectra.append(spectrum / np.linalg.norm(spectrum))
    return np.linalg.pinv(np.array(spectra)).T.astype(np.float32)


def _linear(spec, weight):
    spec.weight = np.asarray(weight, np.float32)
    spec.bias = np.zeros(len(weight), np.float32)


def _normal(spec):
    spec.gamma, spec.beta = np.ones(SIZE, np.float32), np.zeros(SIZE, np.float32)


def _forward(spec):
    _normal(spec.layer_norm)
    _linear(spec.linear_0, np.zeros((SIZE, SIZE)))
    _linear(spec.linear_1, np.zeros((SIZE, SIZE)))
