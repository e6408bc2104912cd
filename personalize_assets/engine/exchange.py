"""One state of the engine's folder put in the place of another, in steps that survive a kill.

The new state lies complete in ``incoming`` before the file ``incoming.ready`` appears; from then on
the exchange is carried to its end, if need be by the next start. Before, it has not happened.
Knows nothing of what the files hold.
"""

import json
import shutil
from pathlib import Path
from typing import Any, Final

from personalize_assets.engine.store.crash_points import reached

INCOMING: Final = "incoming"
_READY: Final = "incoming.ready"
_STAYS: Final = frozenset({"engine.lock", INCOMING, _READY})


def stage(root: Path, made: Path) -> None:
    """Decide that what lies in ``made`` becomes the state of ``root``.

    Args:
        root: The engine's folder.
        made: A folder on the same disk; an empty one empties the engine.
    """
    incoming = root / INCOMING
    shutil.rmtree(incoming, ignore_errors=True)
    reached("exchange: before staging")
    made.rename(incoming)
    draft = root / f"{_READY}.new"
    draft.write_text(json.dumps(sorted(path.name for path in incoming.iterdir())), encoding="utf-8")
    reached("exchange: before decision")
    draft.replace(root / _READY)
    reached("exchange: after decision")


def carry_out(root: Path) -> bool:
    """Finish the exchange that was decided, if any; else clear away one that was not.

    Only while nothing in ``root`` is open. Tells whether there was one.
    """
    incoming, ready = root / INCOMING, root / _READY
    if not ready.exists():
        shutil.rmtree(incoming, ignore_errors=True)
        return False
    names: list[str] = json.loads(ready.read_text(encoding="utf-8"))
    in_place = {name for name in names if not (incoming / name).exists()}
    for old in root.iterdir():
        if old.name not in _STAYS | in_place:
            _remove(old)
    for name in names:
        if name not in in_place:
            reached("exchange: before rename")
            (incoming / name).rename(root / name)
    reached("exchange: before end")
    ready.unlink()
    shutil.rmtree(incoming, ignore_errors=True)
    return True


def _remove(path: Path) -> None:
    reached("exchange: before remove")
    if path.is_dir():
        shutil.rmtree(path, onerror=_unless_gone)
    else:
        path.unlink(missing_ok=True)


def _unless_gone(_function: object, _path: object, found: tuple[Any, BaseException, Any]) -> None:
    # Whoever answered with a file may be removing its temporary folder right now.
    if not isinstance(found[1], FileNotFoundError):
        raise found[1]
