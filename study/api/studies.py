"""Studies in Python: define one, check it, run it in a script or a notebook.

What trains and reports is imported when it is used, so that ``from study import Study`` takes no time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel

from study.api.from_python import reloaded, spec_from_python
from study.consent import Consent
from study.console import printed_warnings
from study.errors import EngineError
from study.interrupts import Interrupted, interruptible, received
from study.spec.reading import read_spec
from study.spec.shipped import spec_path
from study.streams import steady_streams
from trainables.plugins.loading import load_apart

if TYPE_CHECKING:
    from analysis.study import Study as Results
    from study.planning.check import Check
    from study.spec.study import StudySpec
    from trainables.settings import CollapseRule, Controls, Keep

Keys = Mapping[str, Any] | BaseModel  # what a file writes as a mapping: a dict, or one of the package's models
CONSENT = Consent(allowed=True, accepted=load_apart)  # to name a file in Python is to accept its code

_running = threading.Lock()


class Study:
    """A study: which configurations are compared, on what data, with which seeds.

    Attributes:
        spec: its keys, validated.

    """

    spec: StudySpec

    def __init__(  # noqa: PLR0913 -- the keys of a study file
        self,
        *,
        name: str,
        dataset: Keys,
        arms: Sequence[Keys],
        description: str | None = None,
        plugins: Sequence[str | Path] | None = None,
        method: Keys | None = None,
        seeds: int | Sequence[int] | None = None,
        select_on: Literal["validation", "verified"] | Keys | None = None,
        collapse: CollapseRule | None = None,
        controls: Controls | list[Literal["fixed_q"]] | None = None,
        keep: Keep | None = None,
        budget: Keys | None = None,
        features: Keys | None = None,
        training: Keys | None = None,
        network: Keys | None = None,
        resources: Keys | None = None,
        notify: Keys | None = None,
        storage: str | Path | None = None,
    ) -> None:
        """Define a study by the keys of a study file; None stands for a key's default.

        A loss or a network may also be an object of your own class, whose file then counts as one of ``plugins``.
        The code of plugins is run without asking. Relative paths start from the working folder.

        Raises:
            SpecError: it is not a study; the message has a line for each problem, with the key, the value and what is
                allowed.

        """
        keys = {key: value for key, value in locals().items() if key != "self" and value is not None}
        self.spec = spec_from_python(keys, CONSENT)

    @classmethod
    def from_yaml(cls, path: str | Path) -> Self:
        """Read a study file, or a shipped one by its name, such as ``demo``; the code of its plugins is run.

        Raises:
            SpecError: the file cannot be read or is not a study; the message has a line for each problem.

        """
        study = cls.__new__(cls)
        study.spec = read_spec(spec_path(Path(path)), CONSENT)
        return study

    def __repr__(self) -> str:
        """Name the study, its arms and its method."""
        arms = ", ".join(arm.name for arm in self.spec.arms)
        return f"<study {self.spec.name}: {arms} (method {self.spec.method.name})>"


def check(study: Study, *, skip_bad_clips: int = 0) -> Check:
    """Return what a study asks for, as ``gce-study check`` prints it: runs, data, time. Train nothing.

    Args:
        study: the study.
        skip_bad_clips: how many clips that cannot be used may be left out.

    Raises:
        TypeError: it is no study.
        SpecError: the storage location holds another study of this name.
        DataSetError: the data set has problems; all are listed.

    """
    _demand_study(study, "check")
    from study.planning.check import check_study  # noqa: PLC0415 -- see the module's docstring

    with printed_warnings():
        return check_study(reloaded(study.spec, CONSENT), skip_bad_clips)


def _demand_study(study: object, function: str) -> None:
    """Refuse anything but a study, such as the name of its file."""
    if not isinstance(study, Study):
        made = f"Study.from_yaml({study!r})" if isinstance(study, str | Path) else "Study(...)"
        msg = f"{function}: an object of class {type(study).__name__} is not allowed; allowed: a study, such as {made}"
        raise TypeError(msg)


def run(study: Study, *, skip_bad_clips: int = 0, retry_failed: bool = False, retrain_choice: bool = False) -> Results:
    """Train what a study still needs on this machine, write its report, and return its results.

    It does what ``gce-study run`` does, but prints no results. The progress is shown on the standard error, or in the
    cell of a notebook. If the study is interrupted, nothing recorded is lost, and another call continues it.

    Args:
        study: the study.
        skip_bad_clips: how many clips that cannot be used may be left out.
        retry_failed: whether failed runs are trained again.
        retrain_choice: whether the choice's runs are trained again whose weights were not kept.

    Returns:
        What ``analysis.load_study`` returns.

    Raises:
        KeyboardInterrupt: Ctrl-C, a notebook's interrupt or a signal ended the study, or ``gce-study stop`` or
            ``cancel`` in another process. Only those two reach a study outside the main thread.
        TypeError: it is no study.
        SpecError: the storage location holds another study of this name, or a plugin has a problem.
        DataSetError: the data set has problems; all are listed.
        OwnedError: another process runs the study.
        EngineError: the study cannot continue, for a reason outside its runs.
        OSError: the storage location cannot be read or written.

    """
    _demand_study(study, "run")
    with _alone(), steady_streams(), printed_warnings():
        from study.cluster.ray_environment import environment_kept  # noqa: PLC0415 -- see the module's docstring
        from study.engine.session import Start, print_end, run_study  # noqa: PLC0415

        start = Start("run(study) in Python", skip_bad_clips, retry_failed, retrain_choice)
        try:
            with interruptible(), environment_kept():
                return run_study(reloaded(study.spec, CONSENT), start, print_end)
        except Interrupted as interrupted:  # without the way it took, which a notebook would print
            raise interrupted.with_traceback(None) from None
        except Exception:
            if received_here := received():  # a library has made another exception of the interrupt
                raise received_here from None
            raise


@contextmanager
def _alone() -> Iterator[None]:
    """Run the only study of this process.

    Raises:
        EngineError: another thread runs one.

    """
    if not _running.acquire(blocking=False):
        msg = "this process runs a study already; run them one after the other, or each in its own process"
        raise EngineError(msg)
    try:
        yield
    finally:
        _running.release()
