"""The command `broadcaster county village`: chooses the villages whose pages the office's site hosts,
many at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from broadcaster.commands.console import Arguments, report
from broadcaster.commands.county_keys import add_command, asking
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.keys.office_probe import office_in

if TYPE_CHECKING:
    from broadcaster.county.keys.village_keys import VillageKeys
    from broadcaster.county.office.office_process import OpenOffice
    from broadcaster.county.register.register import Box

Adder = Callable[..., Any]
BY, OPENED, CLOSED = "命令行", "开通村里的网页", "关掉村里的网页"


class BoxesUnknown(BroadcasterError):
    """The boxes are not named, or one of them is not in use; nothing was changed."""


def add_to(group: Any, add: Adder) -> None:
    given = add_command(
        group, add, "village", village, "村里的网页经县里的网站打开：开通，关掉，看开通了哪些"
    )
    given.add_argument("boxes", nargs="*", metavar="广播站", help="编号，如 331121104200-1；不写就只看")
    given.add_argument("--all", action="store_true", help="登记好的全部广播站")
    given.add_argument("--close", action="store_true", help="关掉，不是开通")
    given.add_argument("--not-urgent", action="store_true", help="红色、橙色的不能从外面发")


def village(arguments: Arguments) -> int:
    folder = office_in(arguments.office)
    from broadcaster.county.keys.village_keys import VillageKeys
    from broadcaster.county.office.office_process import open_desk

    with open_desk(folder) as desk:
        wanted = _wanted(desk, arguments)
        passphrase = asking(arguments)("县里的钥匙") if wanted else ""
        signer = cache(lambda: desk.folder.unlock(passphrase))
        keys = VillageKeys(desk.folder, signer, passphrase, desk.parts.clock)
        for box in wanted:
            _change(desk, keys, box, arguments)
        _report_state(desk, keys, arguments)
    return 0


def _wanted(desk: OpenOffice, arguments: Arguments) -> list[Box]:
    from broadcaster.county.register.register import BoxState

    in_use = {one.id: one for one in desk.parts.register.boxes() if one.state is BoxState.ENROLLED}
    unknown = [id for id in arguments.boxes if id not in in_use]
    if unknown:
        raise BoxesUnknown(f"{unknown[0]} 没有登记，或者停用了。有哪些：broadcaster county boxes")
    wanted = list(in_use.values()) if arguments.all else [in_use[id] for id in arguments.boxes]
    if arguments.all and not wanted:
        raise BoxesUnknown("还没有登记好的广播站，请先登记：broadcaster county boxes --add")
    if not wanted and (arguments.close or arguments.not_urgent):
        raise BoxesUnknown("请写是哪些广播站，或者写 --all。有哪些：broadcaster county boxes")
    return wanted


def _change(desk: OpenOffice, keys: VillageKeys, box: Box, arguments: Arguments) -> None:
    """Nothing where it is so already: each key that goes stays in the keyring as revoked."""
    urgent = not arguments.not_urgent
    if arguments.close:
        if not keys.delegation(box.area):
            return
        keys.close(box.area)
    else:
        if keys.is_open(box.area, urgent):
            return
        keys.open(box.area, box.name, urgent)
    desk.parts.audit.note(BY, CLOSED if arguments.close else OPENED, box.id)
    if not arguments.json:
        print(f"{'关掉了' if arguments.close else '开通了'}：{box.name}（{box.id}）", flush=True)


def _report_state(desk: OpenOffice, keys: VillageKeys, arguments: Arguments) -> None:
    from broadcaster.county.villages.village_site import PREFIX

    root = desk.settings.address.rstrip("/")
    carried = [one for one in desk.parts.register.boxes() if keys.delegation(one.area)]
    pages = [{"box": one.id, "name": one.name, "address": f"{root}{PREFIX}{one.id}/"} for one in carried]
    lines = [f"{one['name']}　{one['address']}" for one in pages] or ["还没有开通的村。"]
    report({"villages": pages}, "\n".join(lines), arguments)
