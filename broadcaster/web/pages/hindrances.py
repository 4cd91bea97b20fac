"""Warnings before a notice is confirmed: it would not be heard now, or not survive a power cut."""

from datetime import datetime

from broadcaster.web.base import wording
from broadcaster.web.base.language import _, own
from broadcaster.web.base.page_context import parts


def hindrance(at: datetime | None = None) -> list[str]:
    """A sentence for each thing, the gravest first, of what is to be aired now or at a moment."""
    from broadcaster.station.station import LIVE_LATENESS

    station, now = parts().station, parts().clock.now()
    device, sentences = station.device(), list[str]()
    fault = own(device.fault.removesuffix("。"))
    if not device.ready:
        until = wording.say_moment((at or now) + LIVE_LATENESS, now)
        sentences.append(_("现在响不了：%(fault)s。%(when)s 以前弄好就补播。", fault=fault, when=until))
    elif fault:
        sentences.append(_("要留意：%(fault)s。", fault=fault))
    if not station.status().keeps:
        sentences.append(_("磁盘写不进去：照样播，但是没播完就停电的话，这一条就没有了。"))
    return sentences
