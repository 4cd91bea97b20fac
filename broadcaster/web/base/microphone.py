"""Sentences for a browser that opens no microphone, by the names of its errors; OTHER is all the
rest.
"""

from broadcaster.web.base.language import N_, _

OTHER = "microphone"
IN_USE = N_("话筒正被别的程序占着，比如打电话、语音通话。请关掉那个程序，再按一次。")
REFUSED = {
    "NotAllowedError": N_("手机没有让用话筒。请点地址栏前面的小图标，允许用话筒，再按一次。"),
    "NotFoundError": N_("这里没有找到话筒。请插上话筒，再按一次，或者换一部手机。"),
    "NotReadableError": IN_USE,
    "AbortError": IN_USE,
    "SecurityError": N_("浏览器不让这个地址用话筒。请从 https 开头的地址进，再按一次。"),
    OTHER: N_("话筒打不开。请把这一页关掉再打开；还不行，就换一部手机，或者先录好再播。"),
}


def refused() -> dict[str, str]:
    return {name: _(said) for name, said in REFUSED.items()}
