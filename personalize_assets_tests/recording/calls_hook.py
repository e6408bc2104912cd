"""The hook on botocore's clients: which operation is called, and by which of our modules.

Only the standard library is imported, because this is loaded at the start of every Python process
of a recording test session; botocore is watched for, and changed once somebody imports it. A call
counts where the innermost frame that is ours, of package or tests, is of the package. Threads of a
pool, such as those of a managed transfer, act for whoever handed them their work.
"""

import contextvars
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable, MutableMapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

VARIABLE = "PERSONALIZE_ASSETS_TESTS_RECORD_CALLS"
"""Names the file that a test session appends its calls to."""

_INHERITED = "TESTS_RECORD_CALLS_TO"  # unlike ours, no test clears it
_HERE = Path(__file__).resolve()
_ROOT = _HERE.parents[2]
_PACKAGE = f"{_ROOT / 'personalize_assets'}{os.sep}"
_TESTS = f"{_ROOT / 'personalize_assets_tests'}{os.sep}"
_WATCHED = "botocore.client"

Modules = tuple[str, ...]
"""Paths in the package of the modules that led to a call, innermost first."""

_acting: contextvars.ContextVar[Modules] = contextvars.ContextVar("acting", default=())


def install_from_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Record in this process and in its children, if a file is named."""
    target = inherit(environ)
    if target is not None:
        install(Recorder(target))


def inherit(environ: MutableMapping[str, str]) -> Path | None:
    """Let child processes record as well; give the file, or None where none is named."""
    named = environ.get(VARIABLE) or environ.get(_INHERITED)
    if not named:
        return None
    target = Path(named).absolute()
    environ[_INHERITED] = str(target)
    folders = environ.get("PYTHONPATH", "").split(os.pathsep)
    if str(_HERE.parent) not in folders:
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_HERE.parent), *folders)))
    return target


class Recorder:
    """Appends each call once a process, as `service:Operation`, tab, modules with spaces between.

    A line is one write to a file that is open for appending, so that processes may share it.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._seen: set[str] = set()

    def note(self, service: str, operation: str, modules: Modules) -> None:
        """Take note of one call."""
        line = f"{service}:{operation}\t{' '.join(modules)}\n"
        if line in self._seen:
            return
        self._seen.add(line)
        file = os.open(self._target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


def install(recorder: Recorder) -> None:
    """Record every client of this process, made before or after."""
    ThreadPoolExecutor.submit = _carrying(ThreadPoolExecutor.submit)  # type: ignore[method-assign]
    if _WATCHED in sys.modules:
        _watch_calls(sys.modules[_WATCHED], recorder)
    else:
        sys.meta_path.insert(0, _AfterImport(recorder))


def acting_modules(frame: FrameType | None) -> Modules:
    """The package's modules on the stack, from ``frame`` outwards to the first of the tests."""
    modules: dict[str, None] = {}
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_PACKAGE):
            modules[path.removeprefix(_PACKAGE)] = None
        elif path.startswith(_TESTS) and path != str(_HERE):
            return tuple(modules)
        frame = frame.f_back
    modules |= dict.fromkeys(_acting.get())
    return tuple(modules)


def _watch_calls(module: ModuleType, recorder: Recorder) -> None:
    base: Any = module.BaseClient  # type: ignore[attr-defined]
    call: Callable[..., Any] = base._make_api_call

    @functools.wraps(call)
    def recorded(client: Any, operation_name: str, arguments: Any) -> Any:
        modules = acting_modules(sys._getframe(1))
        if modules:
            recorder.note(client.meta.service_model.service_name, operation_name, modules)
        return call(client, operation_name, arguments)

    base._make_api_call = recorded


def _carrying(submit: Callable[..., Future[Any]]) -> Callable[..., Future[Any]]:
    @functools.wraps(submit)
    def carried(pool: Any, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        modules = acting_modules(sys._getframe(1))
        if modules:
            work = functools.partial(_on_behalf_of, modules, work)
        return submit(pool, work, *args, **kwargs)

    return carried


def _on_behalf_of(
    modules: Modules, work: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> object:
    token = _acting.set(modules)
    try:
        return work(*args, **kwargs)
    finally:
        _acting.reset(token)


class _AfterImport(importlib.abc.MetaPathFinder):
    """Lets botocore's clients be imported as usual, and changes them then."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _WATCHED:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            run = loader.exec_module

            def run_and_watch(module: ModuleType) -> None:
                run(module)
                _watch_calls(module, self._recorder)

            loader.exec_module = run_and_watch
        return spec
