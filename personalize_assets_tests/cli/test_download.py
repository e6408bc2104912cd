"""Downloading a release, from a server on loopback."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from personalize_assets.cli.download import DownloadError, download, download_release
from personalize_assets.core.movielens import RELEASES, ReleaseFile

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 8192
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


@dataclass
class Mirror:
    """What the server answers, and how often it was asked."""

    url: str = ""
    status: int = 200
    content: bytes = CONTENT
    claimed_length: int | None = len(CONTENT)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("no_proxy", "*")
    answers = Mirror()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers.requests.append(self.path)
            self.send_response(answers.status)
            if answers.claimed_length is not None:
                self.send_header("Content-Length", str(answers.claimed_length))
            self.end_headers()
            self.wfile.write(answers.content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers.url = f"http://127.0.0.1:{server.server_port}/ml-1m.zip"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield answers
    server.shutdown()
    server.server_close()
    thread.join()


def test_download__whole_and_checked(mirror: Mirror, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    path = download_release(
        "ml-1m",
        tmp_path / "new",
        url=mirror.url,
        md5=MD5,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert path == tmp_path / "new" / "ml-1m.zip"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert list(path.parent.iterdir()) == [path]


def test_download__no_length_given(mirror: Mirror, tmp_path: Path) -> None:
    mirror.claimed_length = None
    seen: list[int | None] = []
    path = download_release(
        "ml-1m", tmp_path, url=mirror.url, md5=MD5, progress=lambda _, total: seen.append(total)
    )
    assert path.read_bytes() == CONTENT
    assert set(seen) == {None}


def test_download__already_there(mirror: Mirror, tmp_path: Path) -> None:
    for _ in range(2):
        download_release("ml-1m", tmp_path, url=mirror.url, md5=MD5)
    assert mirror.requests == ["/ml-1m.zip"]


def test_download__damaged_one_is_replaced(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "ml-1m.zip").write_bytes(CONTENT[:-1])
    assert download_release("ml-1m", tmp_path, url=mirror.url, md5=MD5).read_bytes() == CONTENT


def test_download__wrong_checksum(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=f"arrived with MD5 {MD5}, expected c4d9eecf"):
        download_release("ml-1m", tmp_path, url=mirror.url)
    assert list(tmp_path.iterdir()) == []


def test_download__cut_off(mirror: Mirror, tmp_path: Path) -> None:
    mirror.content = CONTENT[:1000]
    with pytest.raises(DownloadError, match=r"cut off after 1,000 of|broke off"):
        download_release("ml-1m", tmp_path, url=mirror.url, md5=MD5)
    assert list(tmp_path.iterdir()) == []


def test_download__server_refuses(mirror: Mirror, tmp_path: Path) -> None:
    mirror.status, mirror.content, mirror.claimed_length = 404, b"", 0
    with pytest.raises(DownloadError, match=r"ml-1m\.zip answers 404 Not Found"):
        download_release("ml-1m", tmp_path, url=mirror.url, md5=MD5)


def test_download__offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url = f"http://127.0.0.1:{port}/ml-1m.zip"
    with pytest.raises(DownloadError, match=r"cannot reach http.*Without internet.*--data PATH"):
        download_release("ml-1m", tmp_path, url=url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ml-2m", "no release named 'ml-2m'; there are ml-latest-small, ml-100k, ml-1m"),
        ("ml-latest", "changes over time"),
    ],
)
def test_download__unknown_release(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=message):
        download_release(name, tmp_path)


def test_download__folder_is_a_file(mirror: Mirror, tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.write_text("")
    with pytest.raises(DownloadError, match=r"cannot write .*taken/ml-1m\.zip: "):
        download_release("ml-1m", folder, url=mirror.url, md5=MD5)


def test_download_command__prints_the_path(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = ReleaseFile("ml-1m", mirror.url, MD5, len(CONTENT))
    monkeypatch.setattr("personalize_assets.cli.download.RELEASES", {"ml-1m": release})
    result = CliRunner().invoke(download, ["ml-1m", "--folder", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path / 'ml-1m.zip'}\n"
    assert f"--data {tmp_path / 'ml-1m.zip'}" in result.stderr


def test_download_command__keeps_what_was_there(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "ml-1m.zip").write_bytes(CONTENT)
    result = CliRunner().invoke(download, ["ml-1m", "--folder", str(tmp_path), "--url", mirror.url])
    assert result.exit_code == 1
    assert "Error: " in result.stderr
    assert "expected c4d9eecfca2ab87c1945afe126590906" in result.stderr
    assert (tmp_path / "ml-1m.zip").read_bytes() == CONTENT


def test_download_command__names_the_releases() -> None:
    words = CliRunner().invoke(download, ["--help"]).output.split()
    assert all(name in " ".join(words) for name in RELEASES)
