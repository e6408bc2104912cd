"""A PostgreSQL of its own for a test, from the programs that the system has."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "a password for tests"


def programs() -> Path | None:
    """Folder of `initdb` and `pg_ctl`; None where PostgreSQL is not installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    return None if found is None else Path(found).parent


@dataclass(frozen=True)
class Postgres:
    """One cluster with one database, listening on loopback."""

    folder: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What deploy/dagster.yaml asks the environment for."""
        return {
            "DAGSTER_POSTGRES_HOST": "127.0.0.1",
            "DAGSTER_POSTGRES_PORT": str(self.port),
            "DAGSTER_POSTGRES_USER": "dagster",
            "DAGSTER_POSTGRES_PASSWORD": PASSWORD,
            "DAGSTER_POSTGRES_DB": "postgres",
        }

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        self._run(
            "pg_ctl", "-D", self._data, "-l", f"{self.folder}/log", "-w", "-o", options, "start"
        )

    def kill(self) -> None:
        """Stop at once, as a machine does that loses its power."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def create(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        shutil.chown(secret, _user() or os.getuid())
        self._run(
            *("initdb", "-D", self._data, "-U", "dagster", "-E", "UTF8", "--no-locale"),
            *("-A", "scram-sha-256", "--pwfile", str(secret)),
        )

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        folder = programs()
        assert folder is not None
        done = subprocess.run(
            [str(folder / program), *arguments],
            user=_user(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "out").open("ab"),
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (self.folder / "out").read_text()


def _user() -> str | None:
    """PostgreSQL refuses to work for root."""
    return "postgres" if os.getuid() == 0 else None


@contextmanager
def postgres(port: int) -> Iterator[Postgres]:
    """A running cluster; gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if user := _user():
        shutil.chown(folder, user)
    cluster = Postgres(folder, port)
    try:
        cluster.create()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
