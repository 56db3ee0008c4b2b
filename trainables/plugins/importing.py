"""Import the modules of a plugin from its sources, under unique names, without any search path.

A process imports a plugin once. Its modules can import each other relatively; a module beside the plugin is not found.
"""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from pydantic import PydanticUserError

from trainables.characters import one_line
from trainables.plugins.sources import SHA256, TOP, PluginError, Sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType

PREFIX = "gce_study_plugin_"  # of the names of imported modules


class _PluginFinder(MetaPathFinder, InspectLoader):
    """Finds and executes the modules of the plugins that it knows."""

    def __init__(self) -> None:
        self.sources: dict[str, Sources] = {}  # name of the top module -> sources

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of a plugin, None for any other."""
        del path, target
        module = self._file(fullname)
        if module is None:
            return None
        sources, file = module
        spec = ModuleSpec(fullname, self, origin=sources.shown(file), is_package=file.endswith(TOP))
        spec.has_location = True  # __file__ is what tracebacks show
        return spec

    def get_source(self, fullname: str) -> str:
        """Return the text of a module."""
        return self._known(fullname)[2]

    def get_code(self, fullname: str) -> CodeType:
        """Compile a module, which may begin with a byte order mark, and let tracebacks show its lines."""
        sources, file, text = self._known(fullname)
        shown = sources.shown(file)
        linecache.cache[shown] = (len(text), None, text.splitlines(keepends=True), shown)
        return compile(text.removeprefix("\ufeff"), shown, "exec", dont_inherit=True)

    def is_package(self, fullname: str) -> bool:
        """Return whether a module is a package."""
        return self._known(fullname)[1].endswith(TOP)

    def _known(self, fullname: str) -> tuple[Sources, str, str]:
        module = self._file(fullname)
        if module is None:
            raise ImportError(name=fullname)
        sources, file = module
        return sources, file, sources.files[file]

    def _file(self, fullname: str) -> tuple[Sources, str] | None:
        top, _, inner = fullname.partition(".")
        if top not in self.sources:
            return None
        sources, base = self.sources[top], inner.replace(".", "/")
        candidates = (f"{base}/{TOP}", f"{base}.py") if inner else (TOP,)
        return next(((sources, file) for file in candidates if file in sources.files), None)


_FINDER = _PluginFinder()


def import_sources(sources: Sources) -> ModuleType:
    """Import a plugin, unless this process has imported it already.

    Raises:
        PluginError: its code raises an error, calls ``sys.exit`` (the message begins with the file and line), or closes
            the standard output or error, which is opened again.

    """
    name = PREFIX + sources.sha256
    if name in sys.modules:
        return sys.modules[name]
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    _FINDER.sources[name] = sources
    try:
        module = import_module(name)
    except (Exception, SystemExit) as error:
        _reopened()
        _forget(name)
        msg = f"{place_of(error) or sources.name}: {described(error)}"
        raise PluginError(msg) from error
    if closed := _reopened():
        _forget(name)
        msg = f"{sources.shown(TOP)}: it closed {' and '.join(closed)}"
        raise PluginError(msg)
    return module


def _forget(name: str) -> None:
    for module in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
        del sys.modules[module]


def _reopened() -> list[str]:
    """Open the standard output and error again if they are closed, so that errors can be printed; return which were."""
    closed = [name for name in ("stdout", "stderr") if (stream := getattr(sys, name)) is not None and stream.closed]
    for name in closed:
        number = {"stdout": 1, "stderr": 2}[name]
        setattr(sys, name, open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False))  # noqa: SIM115 -- for the rest of the process
    return [f"sys.{name}" for name in closed]


def sources_of(defined: type) -> Sources | None:
    """Return the sources of the plugin that defines a class; None if none does."""
    return _FINDER.sources.get(defined.__module__.partition(".")[0])


def place_of(error: BaseException) -> str:
    """Return the file and line of a plugin in which an error was raised, the innermost; empty if in none.

    For a syntax error, that is where the error is.
    """
    if isinstance(error, SyntaxError) and error.filename in linecache.cache:
        return f"{error.filename}:{error.lineno}"
    places = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).startswith(PREFIX)
    ]
    return places[-1] if places else ""


def exit_of_plugin(error: SystemExit) -> bool:
    """Return whether a plugin called ``sys.exit``, rather than Ray, which ends a process so when it gets a signal."""
    *_, (innermost, _) = traceback.walk_tb(error.__traceback__)
    of_ray = str(innermost.f_globals.get("__name__", "")).partition(".")[0] == "ray"
    return bool(place_of(error)) and not of_ray


def described(error: BaseException) -> str:
    """Describe an error in one line: its class and its message."""
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {one_line(error.msg or '')}"
    message = error.message if isinstance(error, PydanticUserError) else traceback.format_exception_only(error)[-1]
    text = one_line(message.strip())
    if isinstance(error, ModuleNotFoundError) and place_of(error):  # an installed package is no file of the user's
        text = re.sub(rf"\b{PREFIX}{SHA256}\.", "", text)
        text += "; if it is a file of yours, put it into a package folder with the plugin and import it relatively"
    return text
