"""The job as a zip that a cluster can run: this package and what it needs of ``core``.

What a cluster has is PySpark and the standard library; the job's modules need no more. Packages
whose ``__init__`` imports more (pyarrow, pydantic) are packed with an empty one.
"""

import io
import zipfile
from importlib.resources import files
from typing import Final

_ROOT: Final = "personalize_assets"

EMPTY_PACKAGES: Final = ("", "core/", "core/cleaning/", "core/movielens/")
"""Packages of which the zip holds single modules only."""

CORE_MODULES: Final = (
    "core/columns.py",
    "core/cleaning/definitions.py",
    "core/cleaning/fields.py",
    "core/movielens/errors.py",
    "core/movielens/formats.py",
    "core/movielens/layouts.py",
    "core/movielens/movies.py",
)

LAUNCHER_MODULES: Final = frozenset({"ordering.py", "packing.py"})
"""Modules of this package that run where the job is launched."""


def job_files() -> dict[str, bytes]:
    """Content of every file of the zip by its name in it, ordered by name."""
    root = files(_ROOT)
    packed = {f"{_ROOT}/{folder}__init__.py": b"" for folder in EMPTY_PACKAGES}
    packed |= {f"{_ROOT}/{name}": root.joinpath(name).read_bytes() for name in CORE_MODULES}
    packed |= {
        f"{_ROOT}/spark/{module.name}": module.read_bytes()
        for module in root.joinpath("spark").iterdir()
        if module.name.endswith(".py") and module.name not in LAUNCHER_MODULES
    }
    return dict(sorted(packed.items()))


def job_zip() -> bytes:
    """The zip, for ``--py-files`` or ``--extra-py-files``; the same code makes the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in job_files().items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def job_script() -> bytes:
    """The program that Glue and spark-submit start; the zip must be importable beside it."""
    return b"from personalize_assets.spark.__main__ import main\n\nmain()\n"
