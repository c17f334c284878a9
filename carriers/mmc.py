"""What an optical drive says of the disc in it: kind, sessions, state, tracks, who made it.

Takes a device and a runner of sg_raw (sg3_utils); gives a `Disc`. Relies on `tools`. Only the commands of `_COMMANDS`
can be sent: they read, and the kernel lets a member of the drive's group send them through a descriptor that is open
for reading (its list of commands that change nothing: scsi_cmd_allowed). Every length that comes back is held against
what came. Names are those of MMC-6 (T10/1836-D).
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from carriers.tools import Run

# Name → CDB, allocation length in bytes (it stands in the CDB too). 01h of READ TRACK INFORMATION: by track number,
# which is byte 5. READ DISC STRUCTURE: byte 1 the media type (0 DVD, 1 BD), byte 7 the format.
_COMMANDS: Mapping[str, tuple[bytes, int]] = {
    "GET CONFIGURATION": (bytes.fromhex("46 00 0000 000000 0800 00"), 0x800),
    "READ DISC INFORMATION": (bytes.fromhex("51 00 0000000000 00fc 00"), 0xFC),
    "READ TRACK INFORMATION": (bytes.fromhex("52 01 00000000 00 0030 00"), 0x30),
    "READ ATIP": (bytes.fromhex("43 02 04 00000000 0020 00"), 0x20),
    "READ DVD-R PRE-RECORDED": (bytes.fromhex("ad 00 00000000 00 0e 0028 00 00"), 0x28),
    "READ DVD+R ADIP": (bytes.fromhex("ad 00 00000000 00 11 0104 00 00"), 0x104),
    "READ BD DI": (bytes.fromhex("ad 01 00000000 00 00 0074 00 00"), 0x74),
}
_SECONDS = "15"                             # the kernel gives a command up after this time
_UNIT_ATTENTION, _SENT_AND_OS_ERROR = 6, 50             # of sg_raw; 50 + errno where the kernel refused
_EACCES, _EPERM = 13, 1
_MOST_TRACKS = 99                           # asked for one by one; a CD has no more, of other discs the first ones

PROFILES: Mapping[int, str] = {             # MMC-6, Profile List feature
    0x08: "CD-ROM", 0x09: "CD-R", 0x0A: "CD-RW", 0x10: "DVD-ROM", 0x11: "DVD-R", 0x12: "DVD-RAM", 0x13: "DVD-RW",
    0x14: "DVD-RW", 0x15: "DVD-R DL", 0x16: "DVD-R DL", 0x17: "DVD-RW DL", 0x18: "DVD-Download", 0x1A: "DVD+RW",
    0x1B: "DVD+R", 0x2A: "DVD+RW DL", 0x2B: "DVD+R DL", 0x40: "BD-ROM", 0x41: "BD-R", 0x42: "BD-R", 0x43: "BD-RE",
    0x50: "HD DVD-ROM", 0x51: "HD DVD-R", 0x52: "HD DVD-RAM", 0x53: "HD DVD-RW", 0x58: "HD DVD-R DL",
    0x5A: "HD DVD-RW DL"}
_REWRITABLE = frozenset({0x0A, 0x12, 0x13, 0x14, 0x17, 0x1A, 0x2A, 0x43, 0x52, 0x53, 0x5A})
_OVERWRITTEN = frozenset({0x12, 0x13, 0x1A, 0x2A, 0x43, 0x52})    # at any place, so that they have no session to close
_ROM = frozenset({0x08, 0x10, 0x40, 0x50})
_STATES = ("blank", "appendable", "complete", "other")                                      # Disc Status


class Track(NamedTuple):
    """A Track Information Block: addresses and sizes in blocks of 2048 bytes."""

    track_number: int
    session_number: int
    track_start_address: int
    track_size: int
    blank: bool
    damage: bool


class Disc(NamedTuple):
    """A disc as its drive sees it. state: blank, appendable, complete, other; "" = the drive does not say.

    sessions: those that hold something, 0 = not said. open_session: the last one was begun and not closed; damaged:
    it, or a track of it, could not be closed. media_id: what its maker recorded on it, "" = not said.
    """

    profile: int
    drive_serial: str
    state: str = ""
    sessions: int = 0
    open_session: bool = False
    damaged: bool = False
    tracks: tuple[Track, ...] = ()
    media_id: str = ""

    @property
    def medium(self) -> str:
        """DVD-R, BD-RE …; "" where the profile is none of a disc's."""
        return PROFILES.get(self.profile, "")

    @property
    def rewritable(self) -> bool:
        """Whether what lies on it can be changed or erased."""
        return self.profile in _REWRITABLE

    @property
    def appendable(self) -> bool:
        """Whether a writer could add to it; never of a disc that is overwritten, nor where the state is not said."""
        return self.profile not in _OVERWRITTEN and (self.state == "appendable" or self.open_session)

    @property
    def writable(self) -> bool:
        """Whether any drive could write to it; so it is until it is known to be pressed or finalised."""
        return not (self.profile in _ROM or (self.state == "complete" and not self.rewritable))

    @property
    def session_starts(self) -> tuple[int, ...]:
        """Where each session that holds something begins, as far as the tracks tell."""
        starts: dict[int, int] = {}
        for track in self.tracks:
            if not track.blank:
                starts.setdefault(track.session_number, track.track_start_address)
        return tuple(starts.values())


class Silent(NamedTuple):
    """Why a drive told nothing: no-tool, no-answer, no-right, no-medium, not-given."""

    reason: str


def look_at_disc(device: str, run: Run) -> Disc | Silent:
    """Ask an optical drive what lies in it. A question that it refuses leaves that part unsaid.

    One that it lets hang is the last: a hundred deadlines, one after another, would be an hour.
    """
    hung: list[Silent] = []

    def ask(name: str, track: int = 0) -> bytes | Silent:
        answer = hung[0] if hung else _asked(device, run, name, track)
        if isinstance(answer, Silent) and answer.reason == "no-answer":
            hung.append(answer)
        return answer

    configuration = ask("GET CONFIGURATION")
    if isinstance(configuration, Silent):
        return configuration
    profile, serial = parse_configuration(configuration)
    if profile == 0:
        return Silent("no-medium")
    information = ask("READ DISC INFORMATION")
    disc = Disc(profile, serial)
    if not isinstance(information, Silent):
        disc, tracks = parse_disc_information(disc, information)
        found = [parse_track_information(raw) for number in tracks[:_MOST_TRACKS]
                 if not isinstance(raw := ask("READ TRACK INFORMATION", number), Silent)]
        disc = with_tracks(disc, tuple(track for track in found if track is not None), len(tracks))
    return disc._replace(media_id=_media_id(profile, ask))


def with_tracks(disc: Disc, tracks: tuple[Track, ...], count: int) -> Disc:
    """The disc with its tracks. count: of all tracks that it has.

    Where every one of them answered, their sessions are what there is to read: of finalised DVD-RW, drives count one
    more that is "damaged" and holds nothing.
    """
    disc = disc._replace(tracks=tracks)
    sessions = len(disc.session_starts) if len(tracks) == count > 0 else disc.sessions
    damaged = disc.state != "complete" and (disc.damaged or any(track.damage for track in tracks))
    return disc._replace(sessions=min(disc.sessions, sessions), damaged=damaged)


def _asked(device: str, run: Run, name: str, track: int) -> bytes | Silent:
    """One command; asked again where the drive first had to say that the medium had changed."""
    cdb, allocation = _COMMANDS[name]
    if track:
        cdb = cdb[:5] + bytes([track]) + cdb[6:]
    command = ("sg_raw", "-R", "-b", "-t", _SECONDS, "-r", str(allocation), device, *(f"{byte:02x}" for byte in cdb))
    answer = run(command)
    if answer.status == _UNIT_ATTENTION:
        answer = run(command)
    if answer.reason:
        return Silent(answer.reason)
    if answer.status - _SENT_AND_OS_ERROR in (_EACCES, _EPERM):
        return Silent("no-right")
    return Silent("not-given") if answer.status else answer.output[:allocation]


def parse_configuration(raw: bytes) -> tuple[int, str]:
    """The current profile (0 = no medium that the drive can use) and the drive's serial number ("" = not said).

    Source: MMC-6, GET CONFIGURATION response (feature header); Drive Serial Number feature (0108h).
    """
    if len(raw) < 8:
        return 0, ""
    end = min(len(raw), 4 + int.from_bytes(raw[:4], "big"))
    at, serial = 8, ""
    while at + 4 <= end:
        feature, length = int.from_bytes(raw[at:at + 2], "big"), raw[at + 3]
        if feature == 0x0108:
            serial = text_of(raw[at + 4:min(end, at + 4 + length)])
        at += 4 + length
    return int.from_bytes(raw[6:8], "big"), serial


def parse_disc_information(disc: Disc, raw: bytes) -> tuple[Disc, range]:
    """The disc with its state and sessions, and the numbers of its tracks.

    A drive counts the session that is empty, or begun and not closed, among the sessions. Source:
    MMC-6, Standard Disc Information.
    """
    length = min(len(raw), 2 + int.from_bytes(raw[:2], "big"))
    if length < 12 or raw[2] >> 5:                  # another data type than the standard one
        return disc, range(0)
    last = raw[2] >> 2 & 3              # State of last Session: 0 empty, 1 incomplete, 2 damaged, 3 complete
    sessions = raw[9] << 8 | raw[4]
    first, final = raw[3], raw[11] << 8 | raw[6]
    found = disc._replace(state=_STATES[raw[2] & 3], sessions=max(0, sessions - (last == 0)), open_session=last == 1,
                          damaged=last == 2)
    return found, range(first, min(final, 255) + 1) if first else range(0)


def parse_track_information(raw: bytes) -> Track | None:
    """Source: MMC-6, Track Information Block. None where too little came."""
    if min(len(raw), 2 + int.from_bytes(raw[:2], "big")) < 28:
        return None
    wide = len(raw) >= 34
    return Track((raw[32] << 8 if wide else 0) | raw[2], (raw[33] << 8 if wide else 0) | raw[3],
                 int.from_bytes(raw[8:12], "big", signed=True), int.from_bytes(raw[24:28], "big"),
                 bool(raw[6] & 0x40), bool(raw[5] & 0x20))


def _media_id(profile: int, ask: Callable[[str], bytes | Silent]) -> str:
    """The code by which the maker of a disc is known: of a CD-R the start of the lead-in in its ATIP."""
    names = {0x09: "READ ATIP", 0x0A: "READ ATIP", **dict.fromkeys((0x11, 0x13, 0x14, 0x15, 0x16, 0x17),
                                                                  "READ DVD-R PRE-RECORDED"),
             **dict.fromkeys((0x1A, 0x1B, 0x2A, 0x2B), "READ DVD+R ADIP"),
             **dict.fromkeys((0x40, 0x41, 0x42, 0x43), "READ BD DI")}
    raw = ask(names[profile]) if profile in names else Silent("not-given")
    if isinstance(raw, Silent):
        return ""
    return parse_media_id(names[profile], raw[:2 + int.from_bytes(raw[:2], "big")])


def parse_media_id(command: str, raw: bytes) -> str:
    """The maker's code in the answer to one of the commands; "" where it is not there.

    Source: MMC-6, ATIP descriptor (start time of lead-in, bytes 8 to 10) and READ DISC STRUCTURE formats 0Eh, 11h, 00h
    of BD; ECMA-359 (pre-recorded fields 3 and 4, of 8 bytes, the first one their number); ECMA-349 (physical format
    information, bytes 19 to 29); of BD the disc information, bytes 100 to 108. Offsets agree with dvd+rw-mediainfo's.
    """
    if command == "READ ATIP" and len(raw) >= 11:
        return f"{raw[8]:02d}m{raw[9]:02d}s{raw[10]:02d}f" if any(raw[8:11]) else ""
    if command == "READ DVD-R PRE-RECORDED" and len(raw) >= 35 and (raw[20], raw[28]) == (3, 4):
        return text_of(raw[21:27] + raw[29:35])
    if command == "READ DVD+R ADIP" and len(raw) >= 34:
        return _pair(raw[23:31], raw[31:34])
    if command == "READ BD DI" and len(raw) >= 113 and raw[4:6] == b"DI":
        return _pair(raw[104:110], raw[110:113])
    return ""


def _pair(maker: bytes, kind: bytes) -> str:
    return "/".join(filter(None, (text_of(maker), text_of(kind))))


def text_of(raw: bytes) -> str:
    """Text that firmware or a maker recorded: what of it can be printed, at most 64 characters."""
    return "".join(chr(byte) for byte in raw[:64] if 0x20 <= byte < 0x7F).strip()
