"""The library of sounds: sent from a phone, heard there, renamed, removed, restored."""

import os

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ContentRange, FileStorage

from broadcaster.core.errors import SoundRefused, SoundUnkept
from broadcaster.core.people import Role
from broadcaster.studio.sound_library import LARGEST_BYTES, Sound, is_key, namesake
from broadcaster.studio.sound_uploads import CHUNK_BYTES, Upload
from broadcaster.web.base import access
from broadcaster.web.base.form_errors import Mistake, form_page
from broadcaster.web.base.language import _, own, together
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.paging import paged
from broadcaster.web.base.sound_shelf import SoundShelf
from broadcaster.web.base.wording import say_seconds

# Of a form without script: the server keeps such a body on the disk before it is looked at.
LARGEST_BODY = 30 * 1024 * 1024
# A phone that listens asks for the next part when it has heard this one; meanwhile it holds no thread.
PART_BYTES = 1024 * 1024
# An hour of MP3 at 128 kbit/s, as villages have them.
BYTES_AN_HOUR = 57_600_000
# What is so much softer than a voice (-16 LUFS) that people would think it broken.
SOFT_LUFS = -30.0
MIME_TYPES = {"mp3": "audio/mpeg", "mov": "audio/mp4", "matroska": "audio/webm", "amr": "audio/amr"}

pages = Blueprint("sounds", __name__, url_prefix="/sounds")


@pages.get("")
def home() -> ResponseReturnValue:
    return _page()


def _page(*mistakes: Mistake) -> ResponseReturnValue:
    library, words = parts().station.sounds, request.args.get("words", "").strip()
    kept = library.all()
    uploads = parts().station.uploads.all() if access.may("sounds.take") else []
    coming = [one for one in uploads if not one.refused]
    return form_page(
        "sounds.html",
        mistakes,
        sounds=paged([one for one in kept if _is_called(one, words)]),
        words=words,
        in_all=len(kept),
        unfinished=[one for one in coming if not one.is_measured and one.sender == access.me().name],
        measured=[one for one in coming if one.is_measured],
        minutes_since=_minutes_since,
        refused=[one for one in uploads if one.refused],
        may_change=_may_change,
        room=library.room() * 3600 // BYTES_AN_HOUR,
        removed=library.removed(),
        remark=remark,
        megabytes=megabytes,
        chunk_bytes=CHUNK_BYTES,
        largest_bytes=LARGEST_BYTES,
        largest_body=LARGEST_BODY,
    )


@pages.post("/take")
def take() -> ResponseReturnValue:
    """Take in whole files that a form brings, where there is no script; by the way of those in chunks,
    so that nobody waits for the measuring.
    """
    sent = [one for one in request.files.getlist("sound") if one.filename]
    if not sent:
        return _page(Mistake("sound", _("还没有选文件。请先选一个声音文件，再传。")))
    g.about = "、".join(str(one.filename) for one in sent)
    for one in sent:
        try:
            if sound := _sent_to_its_end(one):
                _tell_taken(sound)
        except SoundRefused as error:
            return _page(Mistake("sound", f"{one.filename}：{error}"))
    return redirect(url_for("sounds.home"), 303)


def _sent_to_its_end(sent: FileStorage) -> Sound | None:
    """None while it is measured. Raises `SoundRefused`."""
    uploads, stream, sender = parts().station.uploads, sent.stream, access.me().name
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    upload = uploads.begin(str(sent.filename)[:200], size, stream.read(CHUNK_BYTES), sender)
    stream.seek(upload.received)
    while not upload.ended and (chunk := stream.read(CHUNK_BYTES)):
        upload = uploads.append(upload.key, upload.received, chunk)
    return uploads.finish(upload.key)


@pages.post("/uploads")
def begin() -> ResponseReturnValue:
    """Begin a file with its first chunk, or find again how far it had come."""
    name, size = request.args.get("name", ""), request.args.get("size", -1, type=int)
    chunk = _chunk()
    if not 0 <= len(chunk) <= size:
        abort(400)
    try:
        return _state(parts().station.uploads.begin(name[:200], size, chunk, access.me().name))
    except SoundRefused as error:
        return _refusal(error)


@pages.post("/uploads/<key>/<int:offset>")
def append(key: str, offset: int) -> ResponseReturnValue:
    try:
        return _state(parts().station.uploads.append(_own(key).key, offset, _chunk()))
    except SoundRefused as error:
        return _refusal(error)


@pages.post("/uploads/<key>/finish")
def finish(key: str) -> ResponseReturnValue:
    """Have measured what has come; 503 while that goes on, and then it is asked again."""
    try:
        g.about = _own(key).name
        sound = parts().station.uploads.finish(key)
    except SoundRefused as error:
        return _refusal(error)
    if sound is None:
        return {"sentence": _("正在看这段声音……")}, 503
    _tell_taken(sound)
    return {"key": sound.key}


@pages.post("/uploads/<key>/drop")
def drop(key: str) -> ResponseReturnValue:
    """Give an upload up, or take one that was refused off the list."""
    try:
        parts().station.uploads.drop(_own(key).key)
    except SoundRefused as error:
        flash(str(error))
    return redirect(url_for("sounds.home"), 303)


@pages.get("/<key>")
def one(key: str) -> ResponseReturnValue:
    return _one(key) if is_key(key) else redirect(url_for("sounds.home"), 303)


def _one(key: str, *mistakes: Mistake) -> ResponseReturnValue:
    sound = _found(key)
    return form_page(
        "sound.html",
        mistakes,
        sound=sound,
        remark=remark,
        megabytes=megabytes,
        namesake=namesake(SoundShelf().sounds, sound.title),
        before=next((name for name in reversed(sound.formerly) if not is_key(name)), ""),
    )


@pages.get("/<key>/file")
def file(key: str) -> ResponseReturnValue:
    """The sound as it came, for the phone that asks to hear it; part by part, as browsers ask."""
    sound, read = _found(key), parts().station.sounds.read
    kind = sound.facts.demuxer
    answer = Response(mimetype=MIME_TYPES.get(kind, f"audio/{kind}"))
    answer.accept_ranges = "bytes"
    wanted = request.range.range_for_length(sound.size) if request.range else None
    if request.range and wanted is None:
        abort(416)
    if wanted is None:
        starts = range(0, sound.size, PART_BYTES)
        answer.response = (read(key, start, PART_BYTES) for start in starts)
        answer.content_length = sound.size
        return answer
    start, end = wanted
    part = read(key, start, min(end - start, PART_BYTES))
    answer.status_code, answer.data = 206, part
    answer.content_range = ContentRange("bytes", start, start + len(part), sound.size)
    return answer


@pages.post("/<key>/rename")
def rename(key: str) -> ResponseReturnValue:
    title = request.form.get("title", "").strip()
    if not title:
        return _one(key, Mistake("title", _("还没有写叫什么，请写一个名字。")))
    before = SoundShelf().slots_naming(_found(key))
    try:
        renamed = parts().station.sounds.rename(key, title) or abort(404)
    except SoundUnkept:
        raise
    except SoundRefused as error:
        return _one(key, Mistake("title", str(error)))
    g.about = renamed.title
    flash(_("改好了，叫“%(title)s”。老名字也还认得。", title=own(renamed.title)))
    after = SoundShelf().slots_naming(renamed)
    if new := [own(slot) for slot in after if slot not in before]:
        flash(_("%(slots)s写的就是这个名字，从现在起放这一个。", slots=together(new)))
    return redirect(url_for("sounds.one", key=key), 303)


@pages.post("/<key>/replace")
def replace(key: str) -> ResponseReturnValue:
    """Put it in the place of its namesake, which goes into the bin."""
    old = _found(request.form.get("old", ""))
    sound = parts().station.sounds.replace(key, old.key) or abort(404)
    g.about = sound.title
    flash(_("换好了：“%(title)s”现在是这一个，老的在“删掉的”里。", title=own(sound.title)))
    return redirect(url_for("sounds.one", key=key), 303)


@pages.get("/<key>/removal")
def ask_remove(key: str) -> ResponseReturnValue:
    """The slots that would lose it, each with what it would air instead."""
    sound = _found(key)
    return render_template("sound_removal.html", sound=sound, uses=SoundShelf().uses(sound))


@pages.post("/<key>/remove")
def remove(key: str) -> ResponseReturnValue:
    sound = _found(key)
    parts().station.sounds.remove(key)
    g.about = sound.title
    flash(_("删掉了“%(title)s”。删错了，30 天里可以在下面“删掉的”里要回来。", title=own(sound.title)))
    return redirect(url_for("sounds.home"), 303)


@pages.post("/<key>/restore")
def restore(key: str) -> ResponseReturnValue:
    sound = parts().station.sounds.restore(key)
    if sound is None:
        flash(_("这段声音要不回来了，请重新传一遍。"))
        return redirect(url_for("sounds.home"), 303)
    g.about = sound.title
    flash(_("“%(title)s”要回来了。", title=own(sound.title)))
    return redirect(url_for("sounds.one", key=key), 303)


def remark(sound: Sound) -> str:
    """The loudness where it is odd; the air plays each sound as loud as a voice."""
    return _("太小声，播的时候会调大") if sound.facts.lufs < SOFT_LUFS else ""


def _minutes_since(moment: float) -> int:
    return max(int(parts().clock.now().timestamp() - moment), 0) // 60


def megabytes(size: int) -> int:
    return -(-size // 1_000_000)


def _found(key: str) -> Sound:
    if not is_key(key):
        abort(404)
    return parts().station.sounds.find(key) or abort(404)


def _own(key: str) -> Upload:
    """Raises `SoundRefused` for one that is not there, or is not for him to go on with or to drop."""
    upload = parts().station.uploads.find(key)
    if not _may_change(upload):
        raise SoundRefused(
            _(
                "“%(name)s”是%(sender)s传的，只有本人和书记能接着传、能不要。",
                name=upload.name,
                sender=upload.sender,
            )
        )
    return upload


def _may_change(upload: Upload) -> bool:
    me = access.me()
    return upload.sender == me.name or me.role.covers(Role.SECRETARY)


def _chunk() -> bytes:
    if request.mimetype != "application/octet-stream":
        abort(400)
    chunk = request.get_data()
    return chunk if len(chunk) <= CHUNK_BYTES else abort(413)


def _state(upload: Upload) -> ResponseReturnValue:
    return {"key": upload.key, "received": upload.received}


def _refusal(error: SoundRefused) -> ResponseReturnValue:
    """507 where another time it may be taken."""
    return {"sentence": str(error)}, 507 if isinstance(error, SoundUnkept) else 422


def _is_called(sound: Sound, words: str) -> bool:
    """By its name, one of before, or what its file says."""
    names = (sound.title, *sound.formerly, sound.facts.title)
    return any(words.lower() in name.lower() for name in names)


def _tell_taken(sound: Sound) -> None:
    told = {"title": own(sound.title), "length": say_seconds(sound.seconds)}
    if sound.again:
        flash(_("这个文件已经有了，叫“%(title)s”，%(length)s。", **told))
        return
    flash(_("收好了：“%(title)s”，%(length)s。", **told))
    if other := namesake(SoundShelf().sounds, sound.title):
        length = say_seconds(other.seconds)
        told |= {"name": own(other.title), "length": length}
        flash(
            _(
                "原来就有一个“%(name)s”（%(length)s），所以这一个叫“%(title)s”。"
                "要换掉老的，或者改名，点“%(title)s”。",
                **told,
            )
        )
