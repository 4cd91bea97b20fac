"""The entry point of the program `broadcaster`."""

import sys

from broadcaster.system.terminal import run_program


def main() -> int:
    return run_program("broadcaster.commands.arguments", sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
