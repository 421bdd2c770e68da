"""Every error that Roomtone raises on purpose.

    RoomtoneError                 one root; the message says what is wrong, where, and what to do
    ├── UsageError                the command line asks for something that cannot be
    ├── SettingsError             a settings file: which line, which key, what is allowed
    ├── EngineError               an engine failed while it worked
    │   ├── EngineMissing         an engine that is not installed, or not known
    │   └── LanguageMissing       a language that an engine neither hears nor speaks
    ├── DeviceError               a microphone, speaker or sound file that cannot be used
    ├── HomeError                 a home that cannot be loaded, or refused a service
    │   └── HomeGone              a home that cannot be reached now
    ├── PortUnusable              an address to listen on that is taken, forbidden, or not of this machine
    ├── AlreadyRunning            another server has this state folder
    ├── ServerNotRunning          no server answers on this machine's control socket
    ├── StoreError                the server's database: damaged, unwritable, or of a newer version
    ├── BackupError               a backup that cannot be made, or restored: nothing was changed
    ├── SupervisorError           an add-on's Supervisor: not reached, not ready yet, or it refuses
    ├── ModelError                a model that is not known, cannot be fetched, or is not what it should be
    ├── SatelliteAway             a satellite that is not connected, or not known
    ├── SatelliteUnable           a satellite that cannot do what is asked of it, or not now
    └── LinkError                 a connection that cannot go on
        ├── FrameError            the peer's bytes are not Wyoming events within our limits
        ├── PeerGone              the peer closed, reset, or fell silent past a deadline
        ├── VersionMismatch       the peer speaks a protocol that is too old or too new
        └── NotTrusted            pin, code or token refused
            ├── PinMismatch       the certificate is not the one that was paired
            ├── CodeRefused       a pairing code that is mistyped, used or expired
            └── TokenRefused      the server no longer knows this satellite: pair again

The name of a subclass is its remedy. Nothing else is raised across a module's border.
"""

from typing import ClassVar


class RoomtoneError(Exception):
    """The root. `exit_code` is the status with which a command ends that dies of it."""

    exit_code: ClassVar[int] = 1


class UsageError(RoomtoneError):
    exit_code = 2


class SettingsError(RoomtoneError):
    exit_code = 2


class EngineError(RoomtoneError):
    pass


class EngineMissing(EngineError):
    exit_code = 2


class LanguageMissing(EngineError):
    pass


class DeviceError(RoomtoneError):
    pass


class HomeError(RoomtoneError):
    pass


class HomeGone(HomeError):
    pass


class StoreError(RoomtoneError):
    pass


class BackupError(RoomtoneError):
    pass


class SupervisorError(RoomtoneError):
    pass


class ModelError(RoomtoneError):
    pass


class SatelliteAway(RoomtoneError):
    pass


class SatelliteUnable(RoomtoneError):
    pass


class PortUnusable(RoomtoneError):
    exit_code = 2


class AlreadyRunning(RoomtoneError):
    pass


class ServerNotRunning(RoomtoneError):
    pass


class LinkError(RoomtoneError):
    pass


class FrameError(LinkError):
    pass


class PeerGone(LinkError):
    pass


class VersionMismatch(LinkError):
    pass


class NotTrusted(LinkError):
    pass


class PinMismatch(NotTrusted):
    pass


class CodeRefused(NotTrusted):
    pass


class TokenRefused(NotTrusted):
    pass
