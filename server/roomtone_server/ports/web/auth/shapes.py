"""What coming in looks like in the API: who asks, what they may, and what the owner sees of whom was let in.

GET    /api/session                      open: who asks, and what is missing
POST   /api/session     {password}       open: log in
DELETE /api/session                      open: log out
POST   /api/link        {link}           open: what a one-time link is good for; it stays good
POST   /api/setup       {link, password} open: a link for the owner is spent on a new password, and one is in
POST   /api/enter       {link, name}     open: a link for the family is spent, and the device is in
PUT    /api/password    {password, new}  the owner's
GET, DELETE /api/sessions[/{id}]         the owner's, as are
POST   /api/invitations                  a one-time link for a device of the family
GET, POST, DELETE /api/tokens[/{id}]     tokens for programs
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from roomtone_server.ports.web.api.requests import Asked, Name, Parameters
from roomtone_server.ports.web.api.shapes import Shape
from roomtone_server.ports.web.auth.links import Purpose
from roomtone_server.ports.web.auth.passwords import LEAST_CHARACTERS, MAX_CHARACTERS
from roomtone_server.ports.web.route import Kind, Scope

MAX_SECRET_CHARACTERS: Final = 128  # of a link; ours have fewer

Secret = Annotated[str, Field(min_length=1, max_length=MAX_SECRET_CHARACTERS)]
NewPassword = Annotated[str, Field(min_length=LEAST_CHARACTERS, max_length=MAX_CHARACTERS)]


class Session(Shape):
    """`state` says what it takes: "setup", nobody has set a password yet and a link is needed; "login"; "in"."""

    state: Literal["setup", "login", "in"]
    server: str  # its name
    least_characters: int  # of a password
    https_port: int | None = None  # where the page may have the microphone, if Home Assistant shows it without HTTPS
    kind: Kind | None = None  # this, and what follows, while "in"
    name: str | None = None
    scopes: list[Scope] = Field(default_factory=list)


class Login(Asked):
    password: Annotated[str, Field(max_length=MAX_CHARACTERS)]


class WhichLink(Asked):
    link: Secret


class Link(Shape):
    purpose: Purpose
    expires_s: float


class SetUp(Asked):
    link: Secret
    password: NewPassword


class Enter(Asked):
    link: Secret
    name: Name = Field(description="What the device is called.")


class ChangePassword(Asked):
    password: Annotated[str, Field(max_length=MAX_CHARACTERS)]
    new: NewPassword


class Device(Shape):
    """A browser that was let in."""

    id: str
    kind: Kind
    name: str
    address: str  # from where it came in
    made_at: float
    seen_at: float  # to the hour
    is_yours: bool  # the one that asks


class Devices(Shape):
    sessions: list[Device]


class Invitation(Shape):
    """`link` stands behind `#/enter/` in the page's address: what is behind # is never sent to anybody. `urls` are such
    addresses, as far as the server knows how other devices reach it: perhaps none."""

    link: str
    urls: list[str]
    expires_s: float


class AddToken(Asked):
    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=5)]


class Token(Shape):
    id: str
    name: str
    scopes: list[Scope]
    made_at: float
    used_at: float | None  # to the hour; None: never


class NewToken(Token):
    token: str  # shown this once


class Tokens(Shape):
    tokens: list[Token]


class ById(Parameters):
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
