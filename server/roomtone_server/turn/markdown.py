"""What of a Markdown stream can be spoken: its words, without the signs that are for the eye.

Read: paragraphs, headings, list items, quotations, the text of links, and `code` within a line. Not read: tables,
fenced code blocks, rules, addresses behind links, numbers of footnotes, square brackets, list markers, emoji.

A sign is judged by the characters around it, never by where the stream was cut; at most HEAD_CHARS are held back.
"""

import re
from enum import Enum, auto
from typing import Final

# Ends a heading, a list item, a paragraph for certain. A "\n" that comes out may be a mere wrap of the line.
PARAGRAPH: Final = "\u2029"

# What kind of line it is must show within so many characters: a line of nothing but dashes must not be held for ever.
HEAD_CHARS: Final = 64

# Numbered lists count up from 1; any other number at the beginning of a line is text.
FIRST_NUMBER: Final = 1

_LINE_PARTS: Final = re.compile(r"[^\n]*\n|[^\n]+")
_UNSETTLED: Final = re.compile(r"[ \t\r>#*+\-–•_=~`|\d.)]*(?:\[[ xX]?\]?)?|[ \t]*(?:`{3,}|~{3,})[^`\n]*")
_FENCE: Final = re.compile(r"[ \t]*(`{3,}|~{3,})[^`\n]{0,40}(?:\n|\Z)")
_BLANK: Final = re.compile(r"[ \t\r]*\n")
_UNREAD: Final = re.compile(r"[ \t]*(?:\||([-*_=])(?:[ \t]*\1){2,}[ \t\r]*(?:\n|\Z))")
_INDENT: Final = re.compile(r"[ \t]*(?:>[ \t]?)*")
_MARKER: Final = re.compile(
    r"(?P<heading>#{1,6})[ \t]+|[-*+–•][ \t]+(?:\[[ xX]\][ \t]+)?|(?P<number>\d{1,3})(?:[.)][ \t]+|、)"
)

_EMOJI: Final = "\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\ufe0e\ufe0f\u20e3"
_EMOJI_JOINTS: Final = "\u200d\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f"
_TOKENS: Final = re.compile(
    rf"""
      (?P<emphasis> \*{{1,3}} | _{{1,3}} | ~{{1,2}} | `{{1,3}} )
    | (?P<escape> \\[!-/:-@\[-`{{-~]? )
    | (?P<bracket> !?\[\^?\d{{0,3}}(?:\]\(?)? | \]\(? )
    | (?P<mark> ! )
    | (?P<emoji> [{_EMOJI}][{_EMOJI_JOINTS}]{{0,8}} )
    | (?P<plain> [^*_~`\\!\[\]{_EMOJI}]+ )
    """,
    re.VERBOSE,
)
_FOOTNOTE: Final = re.compile(r"(!?)\[\^?\d{1,3}\]")


class _Line(Enum):
    UNKNOWN = auto()  # its head does not show yet what it is
    READ = auto()
    UNREAD = auto()


class SpokenMarkdown:
    """One reply's Markdown to plain text, as it comes: `feed` and `finish` return what is certain now. The plain text
    joined does not depend on how the stream was cut."""

    def __init__(self, *, ordinals: bool = False) -> None:
        """`ordinals`: "1." is "first" too, so that a reply that begins with it begins with a date, not with a list."""
        self._ordinals = ordinals
        self._line = _Line.UNKNOWN
        self._held = ""  # of this line, and not settled yet
        self._fence = ""  # what ends the code block that is open
        self._number = FIRST_NUMBER - 1  # of the last list item
        self._line_end = "\n"
        self._before = ""  # the character before what comes next; none at the beginning of the reply
        self._link_depth = 0  # parentheses that are open in the address of a link

    def feed(self, text: str) -> str:
        return "".join(self._part(part) for part in _LINE_PARTS.findall(text))

    def finish(self) -> str:
        """The end of the reply ends its last line."""
        return self._part("", last=True)

    def _part(self, part: str, *, last: bool = False) -> str:
        """A part of one line; a line break can only be its last character."""
        part, self._held = self._held + part, ""
        plain = ""
        if self._line is _Line.UNKNOWN:
            if not last and len(part) < HEAD_CHARS and _UNSETTLED.fullmatch(part):
                self._held = part
                return ""
            plain, part = self._begin_line(part)
        if self._line is _Line.READ:
            plain += self._inline(part, last=last)
        if part.endswith("\n"):
            plain += self._line_end
            self._line, self._line_end = _Line.UNKNOWN, "\n"
            self._before, self._link_depth = "\n", 0
        return plain

    def _begin_line(self, part: str) -> tuple[str, str]:
        """What the beginning of a line says of the line before, and the line without its marker."""
        head = part[:HEAD_CHARS]
        fence = _FENCE.match(head)
        if fence:
            self._fence = "" if self._fence and fence[1].startswith(self._fence) else self._fence or fence[1]
        if fence or self._fence or _UNREAD.match(head):
            self._line = _Line.UNREAD
            return PARAGRAPH, part
        self._line = _Line.READ
        if _BLANK.match(head):
            return PARAGRAPH, part
        indent = _INDENT.match(head)
        assert indent, "an indent may be empty"
        marker = _MARKER.match(head, indent.end())
        if marker is None or not self._counts_on(marker["number"]):
            return "", part[indent.end() :]
        if marker["heading"]:
            self._line_end = PARAGRAPH
        return PARAGRAPH, part[marker.end() :]

    def _counts_on(self, number: str | None) -> bool:
        """Whether this is the next item of a list, and not a sentence that begins with a date or an amount."""
        if number is None:
            return True
        if int(number) not in {FIRST_NUMBER, self._number + 1} or (self._ordinals and not self._before):
            return False
        self._number = int(number)
        return True

    def _inline(self, text: str, *, last: bool) -> str:
        plain = []
        for match in _TOKENS.finditer(text.removesuffix("\n")):
            token, kind, after = match.group(), match.lastgroup, text[match.end() : match.end() + 1]
            if not (after or last or kind == "plain"):
                self._held = token  # it may grow, or what follows tells what it is
                break
            plain.append(self._rest_of_link(token) if self._link_depth else self._spoken(token, kind, after))
            self._before = token[-1]
        return "".join(plain)

    def _rest_of_link(self, token: str) -> str:
        """What follows the address of a link, which itself is dropped as it comes."""
        for at, character in enumerate(token, start=1):
            self._link_depth += {"(": 1, ")": -1}.get(character, 0)
            if not self._link_depth:
                return token[at:]
        return ""

    def _spoken(self, token: str, kind: str | None, after: str) -> str:
        match kind:
            case "emphasis":
                return token if _is_text(token, self._before, after) else ""
            case "escape":
                return token[1:]
            case "bracket":
                self._link_depth = int(token.endswith("("))
                footnote = _FOOTNOTE.fullmatch(token)
                return footnote[1] if footnote else token.strip("![]^(")
            case "emoji":
                return ""
            case _:
                return token


def _is_text(sign: str, before: str, after: str) -> bool:
    """Whether it stands for itself: `5 * 3`, `2*3`, `snake_case`, `~20 degrees`."""
    if sign[0] == "*":
        return (before.isspace() and after.isspace()) or (before.isdigit() and after.isdigit())
    if sign[0] == "_":
        return before.isalnum() and after.isalnum()
    return sign == "~"
