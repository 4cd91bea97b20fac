"""The program `broadcaster`: how it starts and ends in a terminal.

It imports next to nothing, so that Ctrl-C finds it ready; what it understands is in `command_line`.
"""

import io
import os
import signal
import sys
import time

# A shell's own numbers for a program that ended by SIGINT and by SIGPIPE.
EXIT_INTERRUPTED = 130
EXIT_NO_READER = 141
# A command ends its children within so long; who presses again meanwhile wants the same.
ENDING_SECONDS = 5.0


def main() -> int:
    """Run the command that was typed and return its exit code, whatever the terminal does."""
    signal.signal(signal.SIGINT, Interrupt())
    try:
        return _run()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_NO_READER
    finally:
        # What Python does as it ends takes a while, and would tell of Ctrl-C and of the pipe.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _let_go_of_output()


def _run() -> int:
    from broadcaster.command_line import run

    for stream in _outputs():
        stream.reconfigure(errors="replace")
    code = run([_in_utf_8(argument) for argument in sys.argv[1:]])
    for stream in _outputs():
        stream.flush()
    return code


def _outputs() -> list[io.TextIOWrapper]:
    """Those that are open."""
    return [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper)]


class Interrupt:
    """Ctrl-C raises `KeyboardInterrupt`, but not into the tidying up after the one before."""

    def __init__(self) -> None:
        self._at = float("-inf")

    def __call__(self, *_: object) -> None:
        now = time.monotonic()
        if now - self._at > ENDING_SECONDS:
            self._at = now
            raise KeyboardInterrupt


def _in_utf_8(argument: str) -> str:
    """An argument that Python could not read by the terminal's own encoding."""
    try:
        return os.fsencode(argument).decode() if not argument.isascii() else argument
    except UnicodeDecodeError:
        return argument


def _let_go_of_output() -> None:
    for stream in _outputs():
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
