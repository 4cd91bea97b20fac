"""The program of scripts/readme. Mirrors and certificates are those of this machine."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from setup.reader import PROMISES, ROOT, UP, Block, Reader, all_blocks, promise_of

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MIRRORS = ("PIP_CERT", "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "HTTPS_PROXY", "HTTP_PROXY")
ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


def mirror() -> str:
    """Debian's, as apt is set here."""
    targets = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    found = subprocess.run(targets, capture_output=True, text=True, check=True).stdout.split()
    return next(address for address in found if address.rstrip("/").endswith("/debian"))


@contextmanager
def debian(folder: Path, release: str) -> Iterator[Path]:
    """A bare root with git and curl."""
    root = folder / "root"
    make = ["debootstrap", "--variant=minbase", "--include=ca-certificates,git,curl", release]
    subprocess.run([*make, str(root), mirror()], check=True, stdout=subprocess.DEVNULL)
    for name in ("etc/resolv.conf", "etc/hosts", CERTIFICATES):
        shutil.copy(Path("/") / name, root / name)
    mounts = [("proc", "proc"), ("devtmpfs", "dev")]
    for kind, place in mounts:
        subprocess.run(["mount", "-t", kind, kind, str(root / place)], check=True)
    try:
        yield root
    finally:
        for _, place in reversed(mounts):
            subprocess.run(["umount", "--lazy", str(root / place)], check=True)


def start(reader: Reader, block: Block) -> str:
    """Also the sentence below it: a second start installs nothing and needs no network."""
    clone, _, run = block.lines
    reader.run(clone)
    reader.folder /= "broadcaster"
    began = time.monotonic()
    with reader.running(f"{run} --output-file /tmp/first.wav", UP) as told:
        first = time.monotonic() - began
        assert "http://" in told and "一次性代码" in told, told
        reader.run("curl -sSf -o /dev/null http://127.0.0.1:8000/login")
    cut_off = replace(reader, within=(*ALONE, *reader.within))
    began = time.monotonic()
    with cut_off.running(f"{run} --output-file /tmp/second.wav", UP) as told:
        second = time.monotonic() - began
        assert "安装" not in told and "下载" not in told, told
    return f"the page after {first:.0f} s, a second start without a network after {second:.1f} s"


def groups(reader: Reader, block: Block) -> str:
    reader.run("useradd --create-home village")
    reader.run(block.lines[0].replace("NAME", "village"))
    assert {"audio", "dialout"} <= set(reader.run("id -nG village").split())
    return "the user is in both groups"


def tests(reader: Reader, block: Block) -> str:
    """Two quick files of the suite: all of it is what CI does."""
    began = time.monotonic()
    files = "tests/house/test_documents.py tests/settings/test_settings.py"
    assert " passed" in reader.run(f"{block.lines[0]} {files}")
    return f"installed what the tests need and ran two files, {time.monotonic() - began:.0f} s"


ON_A_BARE_MACHINE = {"git clone": start, "usermod": groups, "scripts/test": tests}


def read(reader: Reader, leave_out: Callable[[Block], bool]) -> int:
    ran, kept, marked = 0, 0, 0
    for block in all_blocks():
        promise = promise_of(block, ON_A_BARE_MACHINE | PROMISES)
        if block.reason or promise is None or leave_out(block):
            marked += 1
            tell(
                f"{block.place}: not run: {block.reason or 'left out by an option, or on this machine'}"
            )
            continue
        ran += 1
        try:
            tell(f"{block.place}: {promise(reader, block)}")
            kept += 1
        except AssertionError as error:
            tell(f"{block.place}: BROKEN: {error}")
    tell(f"{ran} blocks run, {kept} promises kept, {marked} not run")
    return int(kept < ran)


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", default="bookworm")
    parser.add_argument("--without-debian", action="store_true")
    parser.add_argument("--without-tests", action="store_true")
    options = parser.parse_args()
    with_root = not options.without_debian and os.getuid() == 0 and bool(shutil.which("debootstrap"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        reader = bare_reader(stack, folder, options.release if with_root else "")
        tell(f"on Debian {options.release}" if with_root else "in a fresh clone with a bare home")
        return read(reader, lambda block: skipped(block, with_root, options.without_tests))


def bare_reader(stack: ExitStack, home: Path, release: str) -> Reader:
    """In a Debian of this release, or on this machine with a bare home."""
    root, within = Path("/"), tuple[str, ...]()
    if release:
        root = stack.enter_context(debian(home, release))
        home, within = root / "root", ("chroot", str(root))
    given = home / "given"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, given], check=True)
    there = Path("/") / home.relative_to(root)
    environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": str(there)}
    environment |= {"BROADCASTER_PASSPHRASE": "three words of the county"}
    environment |= {name: os.environ[name] for name in MIRRORS if name in os.environ}
    return Reader(home, environment, within, root, {"ADDRESS": f"{there}/given"})


def skipped(block: Block, with_root: bool, without_tests: bool) -> bool:
    """No user is made on a machine that is not ours to change."""
    first = block.lines[0]
    return (first.startswith("usermod") and not with_root) or (
        first.startswith("scripts/test") and without_tests
    )


if __name__ == "__main__":
    sys.exit(main())
