"""Starts commands of ours, and their voice child, from a process that has imported the program before.

Python takes a second and a half of a processor to import a box, and two to import a voice child and read
its tables, some six hundred times in the suite. A fork of a process that has done both runs the very
same `main` with its own arguments, environment, folder and streams. What must be a process from its
first instruction (its imports, its preloaded libraries, its terminal) is started by `subprocess` as
ever, and so is each voice child after a command's first.
"""

import atexit
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from broadcaster.settings.schema import LexiconSettings
from broadcaster.system import child_process
from broadcaster.text.frontend import Frontend

# Read by the loader, the interpreter or the C library as a process starts: too late for a fork.
READ_AT_START = ("LD_", "PYTHON", "MALLOC_", "GLIBC_", "LANG", "LC_")
MODULES = (
    *(
        f"broadcaster.commands.{path.stem}"
        for path in Path(__file__).parents[2].glob("broadcaster/commands/*.py")
        if path.stem not in ("__init__", "cli")
    ),
    "broadcaster.daemon.assembly",
    "broadcaster.daemon.running_box",
    "broadcaster.link.county_link",
    "broadcaster.link.membership",
    "broadcaster.link.remote_commands",
    "broadcaster.web.app",
    "apscheduler.schedulers.background",
)
# Nothing of what lies there has been imported yet, so a fork can still find it first.
TRUST = str(Path(__file__).parent / "trust")
PROGRAM = "broadcaster.commands.cli"
VOICE_CHILD = "broadcaster.studio.voice_child"


# The program, its arguments, its environment and its folder.
Wish = tuple[str, list[str], dict[str, str], str]
_BEFORE = dict(os.environ)


class WarmProcess:
    """As much of a `subprocess.Popen` as tests use of one."""

    def __init__(self, pid: int, ended: socket.socket, stdout: IO[str] | None = None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = ended
        self._looking = threading.Lock()

    def poll(self) -> int | None:
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return code

    def _look(self, timeout: float | None) -> int | None:
        if not self._looking.acquire(timeout=-1 if timeout is None else timeout):
            return self.returncode
        try:
            if self.returncode is None:
                self._ended.settimeout(timeout)
                with suppress(TimeoutError, BlockingIOError):
                    self.returncode = int(self._ended.recv(16))
                    self._ended.close()
            return self.returncode
        finally:
            self._looking.release()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            # It may have ended and not been told of yet.
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class WarmStarter:
    """The process that has imported the program; it ends with the one that started it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rig.warm_start", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
                stdin=subprocess.DEVNULL,
            )

    def start(
        self, wish: Wish, stdout: int = 1, stderr: int = 2, line: int | None = None
    ) -> tuple[int, socket.socket]:
        """Returns the process's number, and where its exit code will be said; `line` is a pipe of its
        own.
        """
        ended, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile() as asked, self._lock:
            asked.write(json.dumps(wish).encode())
            asked.flush()
            lines = [] if line is None else [line]
            fds = [asked.fileno(), stdout, stderr, *lines, theirs.fileno()]
            socket.send_fds(self._asking, [b"start"], fds)
            return int(ended.recv(16)), ended

    def end(self) -> None:
        self._asking.close()
        self._process.wait(30)


_starter: WarmStarter | None = None


def can_start_warm(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """A command or a voice child, in an environment that a fork can still take."""
    at_start = [
        {key: value for key, value in one.items() if key.startswith(READ_AT_START) and value != TRUST}
        for one in (environment, _BEFORE)
    ]
    program = [*command[:3]] in ([sys.executable, "-m", PROGRAM], [sys.executable, "-m", VOICE_CHILD])
    return program and at_start[0] == at_start[1]


def start_warm(
    command: Sequence[str], environment: Mapping[str, str], stderr: int | None = None
) -> WarmProcess:
    """Start `python -m broadcaster.commands.cli …`; its output is read from `stdout`."""
    reading, writing = os.pipe()
    try:
        wish = _wish(command, environment)
        pid, ended = _started().start(wish, writing, 2 if stderr is None else stderr)
    finally:
        os.close(writing)
    return WarmProcess(pid, ended, os.fdopen(reading, encoding="utf-8"))


def run_warm(
    command: Sequence[str], environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` with `capture_output` and `text`."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        wish = _wish(command, environment)
        process = WarmProcess(*_started().start(wish, stdout.fileno(), stderr.fileno()))
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        said = [_all_of(one) for one in (stdout, stderr)]
    return subprocess.CompletedProcess(command, code, *said)


class _Subprocess(ModuleType):
    """`subprocess` for `child_process` alone, with a `Popen` of its own."""

    def __init__(self, popen: Callable[..., Any]) -> None:
        super().__init__("subprocess")
        self.Popen = popen

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)


def warm_voice_children() -> None:
    """From now on the voice children of this process itself come warm, too. They are not its own
    children: who looks for them there starts a box.
    """

    def popen(command: Sequence[str], **options: Any) -> Any:
        if [*command[1:3]] != ["-m", VOICE_CHILD] or not can_start_warm(command, os.environ):
            return subprocess.Popen(command, **options)
        wish = _wish(command, os.environ)
        return WarmProcess(*_started().start(wish, line=int(command[3])))

    vars(child_process)["subprocess"] = _Subprocess(popen)


def _wish(command: Sequence[str], environment: Mapping[str, str]) -> Wish:
    return command[2], [*command[3:]], dict(environment), str(Path.cwd())


def end_warm_starter() -> None:
    global _starter
    if _starter:
        _starter.end()
        _starter = None


def _started() -> WarmStarter:
    global _starter
    _starter = _starter or WarmStarter()
    return _starter


def _all_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _serve(asking: socket.socket) -> str:
    """Fork for each request. Returns the program in each fork, nothing when nobody asks any more."""
    watched = selectors.DefaultSelector()
    watched.register(asking, selectors.EVENT_READ)
    while True:
        for key, _ in watched.select():
            if key.data:
                pid, ended = key.data
                watched.unregister(key.fd)
                os.close(key.fd)
                _, status = os.waitpid(pid, 0)
                # Who started it may have gone.
                with suppress(OSError):
                    ended.send(str(os.waitstatus_to_exitcode(status)).encode())
                ended.close()
                continue
            message, fds, _, _ = socket.recv_fds(asking, 16, 5)
            if not message:
                return ""
            pid = os.fork()
            if not pid:
                watched.close()
                asking.close()
                return _become(*fds[:3], *fds[3:-1], ended=fds[-1])
            ended = socket.socket(fileno=fds.pop())
            watched.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, ended))
            ended.send(str(pid).encode())
            for fd in fds:
                os.close(fd)


def _become(asked: int, stdout: int, stderr: int, *line: int, ended: int) -> str:
    """Take on the streams, the environment and the folder of what was asked for; returns its program."""
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    with open(asked, "rb") as file:
        file.seek(0)
        program, arguments, environment, folder = json.load(file)
    for fd in (stdout, stderr, ended):
        os.close(fd)
    # Those of before know of other files, which could or could not be wound back.
    sys.stdout = open(1, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)
    sys.stderr = open(2, "w", 1, encoding=sys.stderr.encoding, errors=sys.stderr.errors)
    os.environ.clear()
    os.environ.update(environment)
    if environment.get("PYTHONPATH") == TRUST:
        sys.path.insert(0, TRUST)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [program, *(map(str, line) if line else arguments)]
    return str(program)


def _fork_voice_child() -> None:
    """Have a child wait that becomes this process's first voice child; it ends unless it is wanted."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if not pid:
        ours.close()
        message, fds, _, _ = socket.recv_fds(theirs, 4096, 1)
        if not message:
            os._exit(0)
        theirs.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, json.loads(message))
        sys.argv = [VOICE_CHILD, str(fds[0])]
        import_module(VOICE_CHILD).main()
        _end(0)
    theirs.close()
    _WarmPopen.waiting = pid, ours
    vars(child_process)["subprocess"] = _Subprocess(_WarmPopen)


class _WarmPopen(subprocess.Popen[bytes]):
    """Takes the child that waits, once, for the command of a voice child."""

    waiting: tuple[int, socket.socket] | None = None

    def _execute_child(self, args: Any, *rest: Any) -> None:
        asked = [*args[1:3]] if isinstance(args, list) else []
        if _WarmPopen.waiting is None or asked != ["-m", VOICE_CHILD]:
            super()._execute_child(args, *rest)  # type: ignore[misc]
            return
        (self.pid, line), _WarmPopen.waiting = _WarmPopen.waiting, None
        self._child_created = True
        mask = json.dumps([int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])])
        with line:
            socket.send_fds(line, [mask.encode()], [int(args[3])])


def _main() -> int:
    """Import the program, then serve; each fork goes on from here as the program itself."""
    # Who starts a voice child holds signals back for it, and a box must hear them.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asking = socket.socket(fileno=int(sys.argv[1]))
    for module in (*MODULES, VOICE_CHILD):
        import_module(module)
    Frontend(LexiconSettings(), 2000).warm()
    # Nor is it looked through, and so copied, in each fork.
    gc.collect()
    gc.freeze()
    program = _serve(asking)
    if program == PROGRAM:
        _fork_voice_child()
    code = import_module(program).main() if program else 0
    _end(code or 0)
    return 0


def _end(code: int) -> None:
    """To take apart all that is loaded would take as long as half an import."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(_main())
