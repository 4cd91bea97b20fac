"""The program of `scripts/county_broker`: makes a broker's folder, then becomes Mosquitto's parent."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from broadcaster.county.broker import Broker, new_password
from broadcaster.errors import BroadcasterError

# Its certificate lives for five years, and the broker may run longer than that.
RENEWED_SECONDS = 180 * 86_400.0


def main(folder: Path, host: str, port: int) -> int:
    broker = Broker(folder)
    broker.make([host], port)
    password = folder / "office_password"
    if not password.exists():
        password.touch(mode=0o600)
        password.write_text(new_password(), encoding="ascii")
    broker.add_office(password.read_text(encoding="ascii"))
    process = broker.start()
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    signal.signal(signal.SIGHUP, lambda *_: broker.reload(process.pid))

    def renew(*_: object) -> None:
        broker.make([host], port)
        broker.reload(process.pid)

    signal.signal(signal.SIGALRM, renew)
    signal.setitimer(signal.ITIMER_REAL, RENEWED_SECONDS, RENEWED_SECONDS)
    sys.stdout.write(f"县里的消息服务器：{host}:{port}，办公室的密码在 {password}\n")
    sys.stdout.flush()
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2], int((sys.argv[3:] or ["8883"])[0])))
    except BroadcasterError as error:
        sys.exit(str(error))
