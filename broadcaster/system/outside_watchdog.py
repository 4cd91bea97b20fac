"""A program that ends its parent when the parent stops feeding it: python -I -S outside_watchdog.py FD
SECONDS.

It imports nothing of ours, so a module that hangs there cannot hang here.
"""

import os
import select
import signal
import sys
import time

TICK_SECONDS = 1.0
# For the stacks of all threads, which the parent prints at SIGABRT if it still can.
LAST_WORDS_SECONDS = 1.0


def watch(line: int, limit_seconds: float, parent: int) -> None:
    tick = min(TICK_SECONDS, limit_seconds / 4)
    silent = 0.0
    while True:
        if select.select([line], [], [], tick)[0]:
            if not os.read(line, 4096):
                return
            silent = 0.0
            continue
        # Counted, not read from a clock: while this process stood still its parent may have too.
        silent += tick
        if silent > limit_seconds and os.getppid() == parent:
            end(parent, line, silent)


def end(parent: int, line: int, silent: float) -> None:
    at = time.strftime("%Y-%m-%d %H:%M:%S %z")
    os.write(2, f"{at} 主进程 {parent} 卡住了 {silent:.0f} 秒，结束它，重新启动\n".encode())
    os.kill(parent, signal.SIGABRT)
    if not select.select([line], [], [], LAST_WORDS_SECONDS)[0] and os.getppid() == parent:
        os.kill(parent, signal.SIGKILL)


if __name__ == "__main__":
    started_by = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watch(int(sys.argv[1]), float(sys.argv[2]), started_by)
