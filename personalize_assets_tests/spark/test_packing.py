"""The zip that a cluster runs: complete, the same each time, and in need of nothing more."""

import ast
import io
import sys
import zipfile

from personalize_assets.spark.packing import job_files, job_script, job_zip

ON_THE_CLUSTER = {"pyspark", "boto3", "dagster_pipes"}


def modules() -> dict[str, ast.Module]:
    return {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): ast.parse(content)
        for name, content in job_files().items()
    }


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_job_files__import_nothing_else() -> None:
    packed = modules()
    for module, tree in packed.items():
        for name in imported(tree):
            root = name.partition(".")[0]
            known = name in packed or root in ON_THE_CLUSTER or root in sys.stdlib_module_names
            assert known, f"{module} imports {name}, which is not in the zip"


def test_job_zip__same_bytes() -> None:
    content = job_zip()
    assert content == job_zip()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == list(job_files())
        assert archive.testzip() is None


def test_job_script__imports_what_is_packed() -> None:
    assert imported(ast.parse(job_script())) <= set(modules())
