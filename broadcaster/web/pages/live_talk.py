"""The page for live talk: a button to hold, and the blocks of sound that the phone sends meanwhile."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, g, render_template, request, session
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import Severity
from broadcaster.station.station import TalkState
from broadcaster.web.base import access, microphone, wording
from broadcaster.web.base.language import N_, _
from broadcaster.web.base.page_context import parts

# The sound of a block lasts this long at most.
BLOCK_SECONDS = 1.0
# What was said last sounds for a second yet.
END_SECONDS = 2.5

# What the page's script says.
WORDS = {
    "hold": N_("按住讲话"),
    "release": N_("松开就停"),
    "press": N_("按一下，讲话"),
    "press_again": N_("再按一下停"),
    "wait": N_("请稍等"),
    "left": N_("还能讲 {minutes} 分 {seconds} 秒"),
    "opened": N_("话筒开了。按住圆按钮，看到“请讲”再讲。"),
    "connecting": N_("正在接通……"),
    "unreachable": N_("连不上广播站，请看看网络，再按一次。"),
    "ending": N_("松开了，正在收尾……"),
    "heard": N_("大喇叭响了 {seconds} 秒。"),
    "lost": N_("和广播站断开了，讲话已经停了。"),
    "unended": N_("松开了。网络不好，广播站 3 秒内自己停。"),
    "refused": N_("广播站没有收下讲话，请再按一次。"),
    "401": N_("您已经退出登录了，请重新登录。"),
    "403": N_("您的账号不能现场讲话，请找书记。"),
    "404": N_("这次讲话已经结束了。"),
}

pages = Blueprint("talk", __name__, url_prefix="/talk")


@pages.get("")
def home() -> ResponseReturnValue:
    return render_template(
        "talk.html",
        rate_hz=parts().settings.sound.rate_hz,
        secure_address=secure_address("/talk"),
        fault=parts().station.device().fault,
        words={key: _(said) for key, said in WORDS.items()} | microphone.refused(),
    )


@pages.post("/begin")
def begin() -> ResponseReturnValue:
    try:
        severity = Severity(int(request.form.get("severity", "")))
    except ValueError:
        abort(400)
    g.about = wording.SEVERITIES[severity]
    try:
        talk_id = parts().station.talks.begin(access.me(), severity)
    except BroadcasterError as error:
        return {"sentence": str(error)}, 409
    session["talk"] = talk_id
    return {"id": talk_id}


@pages.post("/<talk_id>/<int:number>")
def take(talk_id: str, number: int) -> ResponseReturnValue:
    """One block: 16 bit, little-endian, mono, at the station's rate."""
    talks = parts().station.talks
    if request.mimetype != "application/octet-stream":
        abort(400)
    pcm = request.get_data()
    if not pcm or len(pcm) % 2:
        abort(400)
    if len(pcm) > BLOCK_SECONDS * talks.rate_hz * 2:
        abort(413)
    return _state_json(talks.take(talk_id, access.me().name, number, pcm))


@pages.post("/<talk_id>/end")
def end(talk_id: str) -> ResponseReturnValue:
    """The button is let go of; answers when the last word was heard."""
    station, name = parts().station, access.me().name
    airing = station.talks.end(talk_id, name) or abort(404)
    station.wait_for_end(airing.id, END_SECONDS)
    return _state_json(station.talks.state(talk_id, name))


def leave() -> None:
    """The talk of this session, if there is one, is over: before its person logs out."""
    if talk_id := session.pop("talk", ""):
        parts().station.talks.leave(talk_id)


def _state_json(state: TalkState | None) -> ResponseReturnValue:
    if state is None:
        abort(404)
    return {"stage": state.stage, "sentence": state.sentence, "seconds": round(state.seconds, 1)}


def secure_address(path: str) -> str:
    """The HTTPS address at which a browser allows the microphone; "" if the box has none."""
    port = parts().settings.web.https_port
    host = urlsplit(request.host_url).hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"https://{host}:{port}{path}" if port else ""
