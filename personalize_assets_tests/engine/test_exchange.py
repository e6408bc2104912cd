"""The exchange of two states, ended at each of its moments and carried on by the next start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from personalize_assets.engine.exchange import carry_out, stage
from personalize_assets.engine.store import crash_points


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    crash_points.arm(None)


def write(folder: Path, text: str) -> None:
    for name in ("control.sqlite3", "models/a/m", "clock.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def read(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in root.rglob("*")
        if path.is_file()
    }


def prepare(tmp_path: Path) -> tuple[Path, Path]:
    root = tmp_path / "engine"
    write(root, "old")
    (root / "control.sqlite3-wal").write_text("old")
    (root / "engine.lock").write_text("1")
    made = root / "tmp" / "made"
    write(made, "new")
    return root, made


OLD = {
    "control.sqlite3": "old",
    "control.sqlite3-wal": "old",
    "models/a/m": "old",
    "clock.json": "old",
    "engine.lock": "1",
}
NEW = {"control.sqlite3": "new", "models/a/m": "new", "clock.json": "new", "engine.lock": "1"}


def test_exchange__replaces_everything_but_the_lock(tmp_path: Path) -> None:
    root, made = prepare(tmp_path)
    stage(root, made)
    assert carry_out(root)
    assert read(root) == NEW
    assert not carry_out(root)
    assert read(root) == NEW


def test_exchange__with_nothing(tmp_path: Path) -> None:
    root, _ = prepare(tmp_path)
    empty = root / "tmp" / "empty"
    empty.mkdir()
    stage(root, empty)
    assert carry_out(root)
    assert read(root) == {"engine.lock": "1"}


def run_until(root: Path, made: Path, moment: int) -> list[str]:
    """Exchange, killed at a moment; gives the moments that came before."""
    passed: list[str] = []

    def end(name: str) -> None:
        if len(passed) == moment:
            raise Killed(name)
        passed.append(name)

    crash_points.arm(end)
    try:
        stage(root, made)
        carry_out(root)
    except Killed:
        pass
    finally:
        crash_points.arm(None)
    return passed


def test_exchange__killed_at_each_moment(tmp_path: Path) -> None:
    moments = run_until(*prepare(tmp_path / "whole"), 1_000)
    decision = moments.index("exchange: after decision")
    assert len(moments) > decision + 6
    for number in range(len(moments)):
        root, made = prepare(tmp_path / str(number))
        assert run_until(root, made, number) == moments[:number]
        assert carry_out(root) == (number >= decision)
        left = {name: text for name, text in read(root).items() if not name.startswith("tmp/")}
        left.pop("incoming.ready.new", None)
        assert left == (NEW if number >= decision else OLD), moments[number]
