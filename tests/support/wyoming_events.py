"""Hypothesis strategies for Wyoming events and for the ways in which bytes arrive."""

from hypothesis import strategies as st
from wyoming.event import Event

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
events = st.builds(
    Event,
    type=texts.filter(bool),
    data=st.dictionaries(texts, values, max_size=5),
    payload=st.none() | st.binary(min_size=1, max_size=2000),
)


@st.composite
def split(draw, stream):
    """The stream in pieces, some of them empty."""
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
