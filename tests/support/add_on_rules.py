"""What the Supervisor takes, and what the community's add-on linter wants, as their documentation has it.

https://developers.home-assistant.io/docs/apps/configuration, .../presentation and .../repository;
https://github.com/frenck/action-addon-linter, but for what it wants of the add-ons of its own community alone: `dev` as
version, and a build file, which the Supervisor has given up since.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AnyUrl, BaseModel, ConfigDict, Field

PRIVILEGES = frozenset(
    {
        "BPF",
        "CHECKPOINT_RESTORE",
        "DAC_READ_SEARCH",
        "NET_ADMIN",
        "NET_RAW",
        "PERFMON",
        "SYS_ADMIN",
        "SYS_MODULE",
        "SYS_PTRACE",
        "SYS_RAWIO",
    }
)
Port = Annotated[int, Field(ge=1, le=65535)]
ContainerPort = Annotated[str, Field(pattern=r"^\d{1,5}(/(tcp|udp))?$")]
Service = Annotated[str, Field(pattern=r"^(mqtt|mysql):(provide|want|need)$")]
# No tag, since `version` is the tag; lower case.
Image = Annotated[str, Field(pattern=r"^([a-z0-9.-]+(:\d+)?/)?[a-z0-9{][a-z0-9._{}-]*(/[a-z0-9{][a-z0-9._{}-]*)*$")]


class AddOnConfig(BaseModel):
    """config.yaml: what stands there beside these is refused, and what says a default should not stand there."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    version: str
    slug: Annotated[str, Field(pattern=r"^[-_.A-Za-z0-9]+$")]
    description: str
    arch: list[Literal["aarch64", "amd64"]]
    url: AnyUrl | None = None
    startup: Literal["application", "initialize", "once", "services", "system"] = "application"
    boot: Literal["auto", "manual", "manual_only"] = "auto"
    init: bool = True
    stage: Literal["deprecated", "experimental", "stable"] = "stable"
    ports: dict[ContainerPort, Port | None] = {}
    ports_description: dict[ContainerPort, str] = {}
    ingress: bool = False
    ingress_port: Annotated[int, Field(ge=1, le=65535)] = 8099
    ingress_entry: str | None = None
    ingress_stream: bool = False
    panel_icon: Annotated[str, Field(pattern="^mdi:[a-z0-9-]+$")] = "mdi:puzzle"
    panel_title: str | None = None
    panel_admin: bool = True
    homeassistant: Annotated[str, Field(pattern=r"^\d{4}\.\d{1,2}\.\d+$")] | None = None
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    host_uts: bool = False
    host_dbus: bool = False
    devices: list[str] = []
    tmpfs: bool = False
    map: list[Any] = []
    environment: dict[str, str] = {}
    privileged: list[str] = []
    apparmor: bool | str = True
    full_access: bool = False
    audio: bool = False
    video: bool = False
    gpio: bool = False
    usb: bool = False
    uart: bool = False
    udev: bool = False
    realtime: bool = False
    kernel_modules: bool = False
    hassio_api: bool = False
    hassio_role: Literal["admin", "backup", "default", "homeassistant", "manager"] = "default"
    homeassistant_api: bool = False
    docker_api: bool = False
    auth_api: bool = False
    stdin: bool = False
    services: list[Service] = []
    discovery: list[str] = []
    options: dict[str, Any] = {}
    schema_: dict[str, Any] = Field(default={}, alias="schema")
    image: Image | None = None
    timeout: Annotated[int, Field(ge=10, le=300)] = 10
    backup: Literal["cold", "hot"] = "hot"
    backup_pre: str | None = None
    backup_post: str | None = None
    backup_exclude: list[str] = []
    breaking_versions: list[str] = []
    ulimits: dict[str, Any] = {}


def lint(config: AddOnConfig) -> Iterator[str]:
    """What the linter and the Supervisor object to, beyond the shape."""
    for key in config.model_fields_set:
        if getattr(config, key) == AddOnConfig.model_fields[key].default:
            yield f"{key} should be removed, it uses a default value"
    if config.full_access and (config.devices or config.gpio or config.uart or config.usb):
        yield "full_access needs none of devices, gpio, uart, usb"
    if any(":" in device for device in config.devices):
        yield "devices are paths only"
    if config.backup == "cold" and (config.backup_pre or config.backup_post):
        yield "a cold backup runs no commands"
    if config.ports_description.keys() - config.ports.keys():
        yield "ports_description describes a port that is not there"


ELEMENT = re.compile(
    r"^(?:(?P<kind>bool|email|url|port|device(?:\(subsystem=[a-z]+\))?)"
    r"|(?P<bounded>str|password|int|float)(?:\((?P<least>-?[\d.]*),(?P<most>-?[\d.]*)\))?"
    r"|match\((?P<match>.*)\)|list\((?P<list>.+)\))(?P<optional>\??)$"
)


def fits(element: Any, value: Any) -> bool:
    """Whether the Supervisor takes a value for an element of the schema. Raises ValueError for what is no element."""
    if isinstance(element, list):
        return isinstance(value, list) and all(fits(element[0], each) for each in value)
    if isinstance(element, dict):
        return isinstance(value, dict) and all(fits(element[key], value[key]) for key in value)
    found = ELEMENT.match(element)
    if found is None:
        raise ValueError(f"no element of a schema: {element!r}")
    return _fits_scalar(found, value)


def _fits_scalar(found: re.Match[str], value: object) -> bool:
    if found["list"]:
        return str(value) in found["list"].split("|")
    if found["match"]:
        return re.match(found["match"], str(value)) is not None
    if found["kind"] == "bool":
        return isinstance(value, bool)
    is_number = found["bounded"] in ("int", "float")
    if not isinstance(value, int | float if is_number else str):
        return False
    size = value if is_number else len(value)
    return float(found["least"] or "-inf") <= size <= float(found["most"] or "inf")


def security_rating(config: AddOnConfig, *, has_profile: bool) -> int:
    """From 1 to 8, by the formula in `rating_security` of the Supervisor; nothing is signed there yet."""
    if config.docker_api or config.full_access:
        return 1
    rating = 5
    rating += -1 if config.apparmor is False else int(has_profile)
    rating += 2 if config.ingress else int(config.auth_api)
    rating -= bool(PRIVILEGES & set(config.privileged)) or config.kernel_modules
    rating -= {"manager": 1, "admin": 2}.get(config.hassio_role, 0)
    rating -= config.host_network
    rating -= 2 * config.host_pid
    rating -= config.host_uts and "SYS_ADMIN" in config.privileged
    return max(1, min(8, rating))


def untranslated(config: AddOnConfig, translation: Mapping[str, Any]) -> set[str]:
    """Options and ports without a name and a description in one language, and those that are no option or port."""
    options = {
        key for key, told in translation["configuration"].items() if told.get("name") and told.get("description")
    }
    ports = {key for key, told in translation["network"].items() if told}
    return (options ^ config.schema_.keys()) | (ports ^ config.ports.keys())
