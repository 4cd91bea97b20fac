"""Joins a county's relay to the upstream office: by a one-time code over TLS, or by a file from it."""

import json
from pathlib import Path

from broadcaster.bulletin.admission import LARGEST, Admission, AdmissionRefused
from broadcaster.bulletin.enrolment import request_of
from broadcaster.bulletin.invitation import FOR_COUNTY, Invitation
from broadcaster.bulletin.keys import public
from broadcaster.bulletin.upstream_office import is_upstream
from broadcaster.core.errors import ConfigError, FileUnwritable, reason_of
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.relay.relay_process import FOLDER, own_key, write_secret
from broadcaster.county.store.office_settings import (
    FILE,
    OfficeSettings,
    RelaySettings,
    load_office_settings,
)
from broadcaster.settings.schema import load_file
from broadcaster.system.atomic_file import atomic_write
from broadcaster.system.https_post import OfficeRefused, post
from broadcaster.system.last_good_settings import own_change


def ask_to_join(path: Path, invitation: Invitation) -> Admission:
    """Ask the office above to let the relay in, by its key. Raises `AdmissionRefused`."""
    try:
        body = request_of(invitation, own_key(path / FOLDER))
        answer = post(invitation.office, FOR_COUNTY, body, invitation.pin, LARGEST)
    except OfficeRefused as error:
        raise AdmissionRefused(f"上级：{error}") from error
    found = Admission.from_bytes(answer)
    if found.root != invitation.root:
        raise AdmissionRefused("上级的根和写下来的不一样，可能有人冒充，没有接入。请和上级核对。")
    return found


def public_key(path: Path) -> str:
    """Of the relay of this office, as hex; made where there is none."""
    return str(public(own_key(path / FOLDER)).keyval["public"])


def join(path: Path, given: Admission) -> bool:
    """Keep what the relay needs, in its folder; whether office.yaml was written too, which has to say
    nothing of a relay yet, or the same. Raises `BroadcasterError`, with nothing kept.
    """
    area, settings = KeyFolder(path).trust.area, load_office_settings(path).relay
    if given.county != area:
        raise AdmissionRefused(f"这是给 {given.county} 的，本级是 {area}，请找上级要自己的。")
    if not is_upstream(given.area, area):
        raise AdmissionRefused(f"{given.area} 不是 {area} 的上级。")
    wanted = {"area": given.area, "root": given.root, "host": given.host, "port": given.port}
    wanted["user"] = given.user
    is_set = bool(settings.area or settings.root or settings.host)
    if is_set and not _says(settings, wanted):
        raise AdmissionRefused(f"{FILE} 里写的 relay 不一样，请改成：{_as_yaml(wanted)}")
    if not is_set:
        _append(path / FILE, wanted)
    # The folder.
    own_key(path / FOLDER)
    write_secret(path / settings.password_file, given.password.encode("ascii"))
    write_secret(path / settings.authority, given.authority.encode("ascii"))
    return not is_set


def _says(settings: RelaySettings, wanted: dict[str, object]) -> bool:
    said = settings.model_dump() | {"user": settings.user or wanted["user"]}
    said |= {"root": settings.root.lower()}
    return all(said[name] == value for name, value in wanted.items())


def _as_yaml(wanted: dict[str, object]) -> str:
    """JSON is YAML, and has one way to write a text."""
    return f"relay: {json.dumps(wanted)}"


def _append(path: Path, wanted: dict[str, object]) -> None:
    try:
        before = path.read_text(encoding="utf-8").rstrip() if path.exists() else ""
        with own_change(path.parent, path.name), atomic_write(path, path.parent) as unfinished:
            unfinished.write_text(f"{before}\n{_as_yaml(wanted)}\n".lstrip(), encoding="utf-8")
            _check(unfinished, wanted)
    except OSError as error:
        raise FileUnwritable(f"{path} 写不进去：{reason_of(error)}。") from error


def _check(path: Path, wanted: dict[str, object]) -> None:
    """Checks that the changed file reads as intended, however oddly it was written before."""
    try:
        if _says(load_file(path, OfficeSettings).relay, wanted):
            return
    except ConfigError:
        pass
    raise AdmissionRefused(f"{FILE} 没有改，请自己加一行：{_as_yaml(wanted)}")
