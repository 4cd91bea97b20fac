"""HTTPS in front of the page: one thread takes TLS off and passes the bytes on.

waitress reads slow clients without holding a thread, and knows no TLS. A server that does both (cheroot)
gives each slow client a thread, or (hypercorn) brings an HTTP stack of its own.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from broadcaster.core.errors import ConfigError, reason_of
from broadcaster.settings.schema import WebSettings
from broadcaster.web.server.certificate import CertificatePair, own_certificate

logger = logging.getLogger(__name__)

HANDSHAKE_SECONDS = 10.0
# Of waitress's 100, so that http stays open when all of these are taken.
MOST_CONNECTIONS = 60
MOST_FROM_ONE_ADDRESS = 20
PIECE_BYTES = 64 * 1024
# A request may still be answered when its connection has gone.
REMEMBERED_SECONDS = 60.0

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Origins:
    """A WSGI application for which what comes through the front comes from where it really does."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app
        self._real: dict[tuple[str, str], str] = {}

    def add(self, ours: tuple[str, int], address: str) -> None:
        """Notes the client's address behind `ours`, a connection of the front."""
        self._real[ours[0], str(ours[1])] = address

    def remove(self, ours: tuple[str, int]) -> None:
        self._real.pop((ours[0], str(ours[1])), None)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        ours = environ.get("REMOTE_ADDR", ""), str(environ.get("REMOTE_PORT", ""))
        if origin := self._real.get(ours):
            environ |= {"REMOTE_ADDR": origin, "wsgi.url_scheme": "https"}
        return self._app(environ, start_response)


class TlsFront:
    """Serves until `close`; `port` is the one it really has. `note` is what phones will say, or ""."""

    def __init__(
        self,
        listening: socket.socket,
        context: ssl.SSLContext,
        page: tuple[str, int],
        origins: Origins,
        note: str = "",
    ) -> None:
        self.port: int = listening.getsockname()[1]
        self.note = note
        self._listening = listening
        self._context = context
        self._page = page
        self._origins = origins
        self._from_there = Counter[str]()
        # asyncio holds tasks and their streams weakly: 11 relays of a morning were collected in their
        # middle, and a page stood still.
        self._relays = set[asyncio.Task[None]]()
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="https", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(5)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(
            self._begin,
            sock=self._listening,
            ssl=self._context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
        )
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(server.close)
            await self._ended.wait()
        await _ended(*self._relays)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = self._loop.create_task(self._relay(reader, writer))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, *_ = writer.get_extra_info("peername") or ("",)
        if self._is_full_for(address):
            writer.close()
            return
        self._from_there[address] += 1
        try:
            await self._hand_on(reader, writer, address)
        except (OSError, ssl.SSLError) as error:
            logger.debug("a connection over HTTPS ended: %s", error)
        finally:
            self._from_there[address] -= 1
            self._from_there += Counter()
            writer.close()

    def _is_full_for(self, address: str) -> bool:
        from_there = self._from_there
        return from_there.total() >= MOST_CONNECTIONS or from_there[address] >= MOST_FROM_ONE_ADDRESS

    async def _hand_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> None:
        page_reader, page_writer = await asyncio.open_connection(*self._page)
        ours = page_writer.get_extra_info("sockname")[:2]
        self._origins.add(ours, address)
        there = asyncio.create_task(_pump(reader, page_writer))
        back = asyncio.create_task(_pump(page_reader, writer))
        try:
            # When the page has closed there is nobody left to hand anything on to.
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            if there.done() and not there.exception():
                await back
        finally:
            page_writer.close()
            self._loop.call_later(REMEMBERED_SECONDS, self._origins.remove, ours)
            await _ended(there, back)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing() and (piece := await reader.read(PIECE_BYTES)):
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel them and wait for it, so that none is left to tell of its end in the log."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def serve_https(web: WebSettings, own: Path, page_port: int, origins: Origins) -> TlsFront:
    """Listen there, with the certificate of the settings or one of our own in the folder `own`.

    Raises `ConfigError`; the page without TLS is not touched by that.
    """
    names = (f"{web.local_name or 'broadcaster'}.local", "localhost", "127.0.0.1")
    if web.certificate and web.key:
        pair = CertificatePair(web.certificate, web.key)
    else:
        pair = own_certificate(own, names)
    context = _context(pair.certificate, pair.key)
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    try:
        listening = socket.create_server((web.host, web.https_port or 0), family=family)
    except OSError as error:
        problem = (
            f"HTTPS 开不了：端口 {web.https_port} 用不了（{reason_of(error)}），"
            "请换一个 web.https_port。"
        )
        raise ConfigError([problem]) from error
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)
    return TlsFront(listening, context, (here, page_port), origins, pair.note)


def is_loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            [f"证书 {certificate} 和密钥 {key} 用不了（{error}），请检查 web.certificate 和 web.key。"]
        ) from error
    return context
