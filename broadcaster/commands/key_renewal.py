"""The command `broadcaster county renew`: extends the life of the county's list of keys, or of
its root.
"""

import argparse
from collections.abc import Callable
from typing import Any

from broadcaster.commands.console import Arguments, report
from broadcaster.commands.county_keys import (
    add_command,
    add_root_files,
    asking,
    described,
    now,
    open_folder,
)

CEREMONY = """\
续钥匙名单，或者续根。谁能发什么都不变，广播站不用重新登记。

钥匙名单（谁能发什么）管 400 天，每改一次重新算起；县级平台开着，就在过了一半时自己续。
平台没开、或者续不上时，用这个命令续，要县里钥匙的密码：

  broadcaster county renew

根管 10 年，平台手里没有根钥匙，续不了；最后 180 天，页面、日志和 county show 都会提醒。续根：

  1. 三位保管人里请两位，带着各自的优盘到县里，另一位知道就行；
  2. 插上优盘，运行下面这一行，每人输自己的密码，别人不看；
  3. 看 county show 写的新日期，各自把优盘带走，还是分开保管。

  broadcaster county renew --root-key /media/A/root-1.key --root-key /media/B/root-2.key

根钥匙丢了一把、或者怕有人拿过，不要续，要换：broadcaster county rotate --new-root-key …（写三次）。
长期关着的广播站，下次连上时自己跟上。
"""


def add_to(group: Any, add: Callable[..., Any]) -> None:
    parser = add_command(group, add, "renew", renew, "续钥匙名单；带上两把根钥匙就续根")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = CEREMONY
    add_root_files(parser, "--root-key", "根钥匙，写两个文件：续根，不续名单")


def renew(arguments: Arguments) -> int:
    from broadcaster.county.keys.key_folder import open_key

    folder, ask = open_folder(arguments), asking(arguments)
    if arguments.root_key:
        roots = [open_key(file, ask(f"根钥匙 {file.name}")) for file in arguments.root_key]
        folder.renew_root(roots, now())
        what, expires = "根", folder.trust.root.root.expires
    else:
        folder.renew(folder.unlock(ask("县里的钥匙")), now())
        what, expires = "钥匙名单", folder.trust.targets.targets.expires
    sentence = f"{what}续到 {expires:%Y-%m-%d} 了，各村的广播站会自己跟上。"
    report(described(folder), sentence, arguments)
    return 0
