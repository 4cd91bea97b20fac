"""Runs a program of ours in a terminal: handles Ctrl-C, a reader that goes away, and an output that
cannot show Chinese. `python -m broadcaster.system.terminal MODULE …` runs the `main` of a module this
way.

It imports next to nothing, so Ctrl-C works while the rest is still being imported.
"""

import errno
import io
import os
import signal
import sys
import time
from importlib import import_module

# A shell's own numbers for a program that ended by SIGINT and by SIGPIPE.
EXIT_INTERRUPTED = 130
EXIT_BROKEN = 2
EXIT_NO_READER = 141
# A command ends its children within so long; who presses again meanwhile wants the same.
ENDING_SECONDS = 5.0


def run_program(module: str, arguments: list[str]) -> int:
    """Run the `main` of a module with the arguments and return its exit code."""
    interrupt = Interrupt()
    signal.signal(signal.SIGINT, interrupt)
    try:
        # Python's own start bears no Ctrl-C, so our scripts start it with the signal held back.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        return _run(module, arguments)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except ImportError as error:
        # A library in C tells so that Ctrl-C broke off its import.
        if interrupt.pressed:
            return EXIT_INTERRUPTED
        sys.stderr.write(_lacks(error))
        return EXIT_BROKEN
    except BrokenPipeError:
        return EXIT_NO_READER
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.stderr.write("写不进去：磁盘满了，请腾出空间再试。\n")
        return EXIT_BROKEN
    finally:
        # What Python does as it ends takes a while, and would tell of Ctrl-C and of the pipe.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _let_go_of_output()


def _run(module: str, arguments: list[str]) -> int:
    for stream in _outputs():
        stream.reconfigure(errors="replace")
    try:
        code: int = import_module(module).main([_in_utf_8(argument) for argument in arguments])
    finally:
        for stream in _outputs():
            stream.flush()
    return code


def _lacks(error: ImportError) -> str:
    """An update that was pulled may want a library that only the set-up installs."""
    what = error.name or str(error).strip().partition("\n")[0]
    return f"程序不全，缺 {what}，可能刚更新过。请运行 scripts/setup 装好，再试一次。\n"


class Interrupt:
    """Ctrl-C raises `KeyboardInterrupt`, but not into the tidying up after the one before."""

    def __init__(self) -> None:
        self._at = float("-inf")

    @property
    def pressed(self) -> bool:
        return self._at > float("-inf")

    def __call__(self, *_: object) -> None:
        now = time.monotonic()
        if now - self._at > ENDING_SECONDS:
            self._at = now
            raise KeyboardInterrupt


def _in_utf_8(argument: str) -> str:
    """An argument that Python could not read by the terminal's own encoding."""
    try:
        return argument if argument.isascii() else os.fsencode(argument).decode()
    except UnicodeDecodeError:
        return argument


def _outputs() -> list[io.TextIOWrapper]:
    """Those that are open."""
    return [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper)]


def _let_go_of_output() -> None:
    for stream in _outputs():
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(run_program(sys.argv[1], sys.argv[2:]))
