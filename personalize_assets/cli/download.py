"""Downloads a MovieLens release by name, checked against its pinned checksum.

The one place of the project that fetches data from the internet, and only when it is asked to.
Knows nothing of what is in a release.
"""

import hashlib
import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from personalize_assets.core.movielens import RELEASES, ReleaseFile

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 30
_CHUNK_BYTES: Final = 1 << 20
_MD5: Final = partial(hashlib.md5, usedforsecurity=False)

_HELP: Final = f"""Download a MovieLens release and check it.

NAME is one of {", ".join(RELEASES)}.

The data belong to GroupLens: read the licence inside the zip before you use them. Nothing is
unpacked; the zip itself is what --data takes.
"""

DownloadProgress = Callable[[int, int | None], None]
"""Told after each chunk: bytes so far, and bytes in all where the server says."""


class DownloadError(ValueError):
    """A release could not be fetched whole."""


def download_release(
    name: str,
    folder: Path,
    *,
    url: str | None = None,
    md5: str | None = None,
    progress: DownloadProgress | None = None,
) -> Path:
    """Fetch a release's zip into a folder, unless it is there already.

    The zip appears under its name only when it is complete and its checksum is right.

    Args:
        name: A key of `RELEASES`, such as ``ml-25m``.
        folder: Where the zip goes; created where it is missing.
        url: Another address of the same zip, such as a mirror.
        md5: Another checksum, in hex.
        progress: Called as the download advances.

    Returns:
        The path of the zip.

    Raises:
        DownloadError: The name is unknown, the address cannot be reached, the zip arrives cut off
            or changed, or it cannot be written.
    """
    release = _find_release(name)
    url, md5 = url or release.url, md5 or release.md5
    target = folder / f"{name}.zip"
    unfinished = folder / f".{name}.zip.partial"
    try:
        if target.exists() and _md5_of(target) == md5:
            log.info("%s is already here", target)
            return target
        folder.mkdir(parents=True, exist_ok=True)
        try:
            found = _fetch(url, unfinished, progress)
            if found != md5:
                raise DownloadError(
                    f"{url} arrived with MD5 {found}, expected {md5}: it was changed or damaged on"
                    " its way, and nothing of it is kept"
                )
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise DownloadError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def _find_release(name: str) -> ReleaseFile:
    if name in RELEASES:
        return RELEASES[name]
    reason = ""
    if name == "ml-latest":
        reason = " (ml-latest changes over time, so that no checksum of it holds)"
    raise DownloadError(f"no release named {name!r}{reason}; there are {', '.join(RELEASES)}")


def _fetch(url: str, path: Path, progress: DownloadProgress | None) -> str:
    """Write what an address holds into a file and return its MD5 in hex."""
    digest = _MD5()
    received = 0
    with _open(url) as response, path.open("wb") as file:
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        while chunk := _read(response, url):
            file.write(chunk)
            digest.update(chunk)
            received += len(chunk)
            if progress is not None:
                progress(received, total)
    if total is not None and received != total:
        raise DownloadError(f"{url} was cut off after {received:,} of {total:,} bytes; try again")
    return digest.hexdigest()


def _open(url: str) -> closing[HTTPResponse]:
    try:
        return closing(urllib.request.urlopen(url, timeout=TIMEOUT_S))
    except urllib.error.HTTPError as error:
        raise DownloadError(f"{url} answers {error.code} {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise DownloadError(
            f"cannot reach {url}: {reason}. Without internet, use the sample in data/ (the default)"
            " or a release that you have, with --data PATH"
        ) from error


def _read(response: HTTPResponse, url: str) -> bytes:
    try:
        return response.read(_CHUNK_BYTES)
    except (OSError, HTTPException) as error:
        raise DownloadError(
            f"{url} broke off: {error or type(error).__name__}; try again"
        ) from error


def _md5_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, _MD5).hexdigest()


@click.command(help=_HELP)
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where the zip goes. Default: here.",
)
@click.option("--url", help="Another address of the same zip, such as a mirror.")
def download(name: str, folder: Path, url: str | None) -> None:
    """Run `download_release` with a progress bar; see ``_HELP`` for users' words."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = Console(stderr=True)
    with Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(name, total=None)

        def advance(received: int, total: int | None) -> None:
            bar.update(task, completed=received, total=total or RELEASES[name].about_bytes)

        try:
            path = download_release(name, folder, url=url, progress=advance)
        except DownloadError as error:
            raise click.ClickException(str(error)) from error
    click.echo(path)
    click.echo(f"use it with: personalize-assets run --data {path}", err=True)
