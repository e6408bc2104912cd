"""Opening folders and zips of raw data."""

import zipfile
from pathlib import Path

import pytest

from personalize_assets.core.movielens import RawDataError, open_release


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "data" / "ml-25m"
    inner.mkdir(parents=True)
    (inner / "ratings.csv").write_bytes(b"userId\n")
    (inner.parent / "movies.csv").write_bytes(b"movieId\n")
    (inner / "deep").mkdir()
    (inner / "deep" / "ratings.csv").write_bytes(b"too deep\n")
    return inner.parent


def test_open_release__folder(folder: Path) -> None:
    with open_release(folder) as release:
        assert release.names == ("ml-25m/ratings.csv", "movies.csv")
        assert release.size("movies.csv") == 8
        with release.open("ml-25m/ratings.csv") as stream:
            assert stream.read() == b"userId\n"


def test_open_release__zip(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "release.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("ml-25m")
        archive.write(folder / "movies.csv", "ml-25m/movies.csv")
    with open_release(path) as release:
        assert release.names == ("ml-25m/movies.csv",)
        assert release.size("ml-25m/movies.csv") == 8
        with release.open("ml-25m/movies.csv") as stream:
            assert stream.read(3) == b"mov"
            assert stream.read() == b"ieId\n"


def test_open_release__missing(tmp_path: Path) -> None:
    with (
        pytest.raises(RawDataError, match="nothing does not exist: give a folder or a zip"),
        open_release(tmp_path / "nothing"),
    ):
        pass


def test_open_release__neither(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_bytes(b"userId,movieId\n")
    with (
        pytest.raises(RawDataError, match="neither a folder nor a zip"),
        open_release(tmp_path / "ratings.csv"),
    ):
        pass


def test_open_release__damaged_member(tmp_path: Path) -> None:
    path = tmp_path / "release.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("ratings.csv", b"userId,movieId" * 50)
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    with (
        pytest.raises(RawDataError, match=r"is damaged: Bad CRC-32 .* download it again"),
        open_release(path) as release,
        release.open("ratings.csv") as stream,
    ):
        stream.read()


def test_open_release__encrypted(tmp_path: Path) -> None:
    path = tmp_path / "release.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ratings.csv", b"x")
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(RawDataError, match="is encrypted: unpack it"), open_release(path):
        pass
