"""A PostgreSQL server of a test's own, which can be restarted, filled up and read through a proxy that cuts."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.system.processes import free_port

INSTALLED = Path("/usr/lib/postgresql")
PATIENCE_SECONDS = 90


@dataclass(slots=True)
class Server:
    """A running server; `url` lacks the database's name."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def restart(self, mode: str) -> None:
        """`fast` ends all connections; `immediate` ends the server as a crash would."""
        self._control("stop", "-m", mode)
        self.start()

    def start(self) -> None:
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
            " -c max_connections=30 -c shared_buffers=16MB"
        )
        self._control("start", "-l", str(self.folder / "log"), "-o", options)

    def _control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", *arguments)

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs; as root, which they refuse to be, under the user postgres."""
        user: dict[str, str] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        subprocess.run(  # type: ignore[call-overload]
            [self.programs / program, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
            check=True,
            **user,
        )


@contextlib.contextmanager
def own_server() -> Iterator[Server]:
    """A server in a folder of its own; the test is skipped where PostgreSQL is not installed."""
    found = sorted(INSTALLED.glob("*/bin"), key=lambda path: float(path.parent.name))
    if not found:
        pytest.skip(f"no PostgreSQL programs in {INSTALLED}")
    folder = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Server(found[-1], folder, free_port())
    try:
        server.run("initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        server.start()
        yield server
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            server.run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


COMMIT = b"COMMIT;"


@dataclass(slots=True)
class Proxy:
    """Stands between a client and PostgreSQL and cuts the connection at the `cut_at`th COMMIT it sees.

    `delivered`: the COMMIT still reaches the server, and only its answer is lost.
    """

    host: str
    port: int
    cut_at: int = 0
    delivered: bool = False
    commits: int = 0
    url: str = ""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def listening(self, database: str) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"postgresql://postgres@127.0.0.1:{server.sockets[0].getsockname()[1]}/{database}"
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(self.host, self.port)
        asking = asyncio.create_task(self._ask(client, to_server))
        answering = asyncio.create_task(_pass_on(server, to_client))
        self._tasks |= {asking, answering}
        try:
            await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answering.cancel()
            asking.cancel()
            to_client.transport.abort()
            to_server.close()

    async def _ask(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        while data := await client.read(65_536):
            self.commits += COMMIT in data
            cut = COMMIT in data and self.commits == self.cut_at
            if cut and not self.delivered:
                return
            to_server.write(data)
            await to_server.drain()
            if cut:
                return


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
