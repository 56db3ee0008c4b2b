"""Studies on a Ray cluster, through its jobs API: each attempt of a study is a job whose driver is ``gce-study run``.

The attempt's number is part of the job's id, so that Ray refuses one of two simultaneous submissions.
"""

from __future__ import annotations

import shlex
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.cluster.connection import answers, connect
from study.errors import EngineError, UnknownStudyError, UsageError
from study.spec.messages import closest, shown
from study.spec.reading import Submission

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ADDRESS = "http://127.0.0.1:8265"
STUDY, DIGEST, FILE, OPTIONS = "gce_study", "gce_study_digest", "gce_study_file", "gce_study_options"  # of a job
STOPPING_S = 600  # for the runs to finish their epoch before Ray kills the driver
RACES = 5  # with other submissions, lost before giving up


@dataclass(frozen=True)
class Attempt:
    """One job of a study.

    Attributes:
        study: the study's name.
        number: counts the study's jobs on this cluster, from 1.
        digest: of the study file.
        file: the study file's name and text, packed by ``Submission``.
        options: of ``gce-study run``.
        status: PENDING, RUNNING, SUCCEEDED, FAILED or STOPPED.
        started, ended: in seconds since 1970; None before that.
        exit_code: of the driver, if it ended by itself.
        message: what Ray reports about the status.

    """

    study: str
    number: int
    digest: str
    file: str
    options: str
    status: str
    started: float | None
    ended: float | None
    exit_code: int | None
    message: str

    @property
    def job(self) -> str:
        """The job's id. The number after the last hyphen is not part of the name, so no two studies share an id."""
        return f"{self.study}-{self.number}"

    @property
    def alive(self) -> bool:
        """Whether its driver runs or is about to."""
        return self.status in {"PENDING", "RUNNING"}

    @property
    def submission(self) -> Submission:
        """The study file that was submitted."""
        return Submission.unpack(self.file, self.digest)


class Cluster:
    """A cluster's studies. Every method raises EngineError if the cluster does not answer, or refuses."""

    def __init__(self, address: str = ADDRESS, file: Path | None = None) -> None:
        """Connect to a cluster.

        Args:
            address: of its dashboard.
            file: its cluster file, if that led to the address; messages then name the file.

        Raises:
            EngineError: nothing answers there, the token is missing or wrong, the cluster runs another version of Ray,
                or Ray's job client is not installed here.

        """
        self.name = str(file or address)
        with answers(self.name):
            self._client = connect(address, self.name)

    def attempts(self, study: str | None = None) -> list[Attempt]:
        """Return the jobs of a study, or of all, the earliest first."""
        with answers(self.name):
            details = self._client.list_jobs()
        attempts = [_attempt(job) for job in details if STUDY in (job.metadata or {})]
        return sorted((a for a in attempts if study in (None, a.study)), key=lambda a: (a.study, a.number))

    def latest(self, study: str) -> Attempt:
        """Return the newest job of a study.

        Raises:
            UnknownStudyError: this cluster has none; the message names the studies that it has.

        """
        attempts = self.attempts()
        of_study = [attempt for attempt in attempts if attempt.study == study]
        if not of_study:
            names = list(dict.fromkeys(attempt.study for attempt in attempts))
            known = ", ".join(names) or "none"
            msg = f"{self.name}: no study named {shown(study)} was submitted since this cluster started"
            msg += f"{closest(study, names)}; submitted: {known}"
            raise UnknownStudyError(msg)
        return of_study[-1]

    def submit(self, study: str, file: Submission, options: Sequence[str] = ()) -> tuple[Attempt, bool]:
        """Start a study's driver, unless it runs already.

        Args:
            study: the study's name.
            file: its file.
            options: of ``gce-study run``.

        Returns:
            The study's job, and whether it was started here.

        Raises:
            UsageError: a driver runs from a file that differs.
            EngineError: the cluster does not answer, or others submit the study at the same time, again and again.

        """
        for _ in range(RACES):
            earlier = self.attempts(study)
            if earlier and earlier[-1].alive:
                if earlier[-1].digest != file.digest:
                    other = f"study {study} runs here from a file that differs (job {earlier[-1].job})"
                    msg = f"{other}; give this one another name, or stop that one first"
                    raise UsageError(msg)
                return earlier[-1], False
            number = earlier[-1].number + 1 if earlier else 1
            if self._start(study, number, file, shlex.join(options)):
                return self.latest(study), True
        msg = f"{self.name}: study {study} is being submitted from elsewhere again and again"
        raise EngineError(msg)

    def _start(self, study: str, number: int, file: Submission, options: str) -> bool:
        """Start a study's driver; return whether Ray accepted it: it refuses a number that is in use."""
        job = f"{study}-{number}"
        with tempfile.TemporaryDirectory(prefix="gce-study-") as folder, answers(self.name):
            file.write(Path(folder))
            try:
                self._client.submit_job(
                    entrypoint=f"exec gce-study run {shlex.quote(file.name)} {options}".strip(),
                    submission_id=job,
                    metadata={STUDY: study, DIGEST: file.digest, FILE: file.packed, OPTIONS: options},
                    runtime_env={
                        "working_dir": folder,
                        "env_vars": {
                            "GCE_STUDY_JOB": job,
                            "GCE_STUDY_CLIENT_VERSION": version("gce-study"),
                            "RAY_JOB_STOP_SIGNAL": "SIGINT",
                            "RAY_JOB_STOP_WAIT_TIME_S": str(STOPPING_S),
                        },
                    },
                )
            except RuntimeError as error:
                if f"submission_id {job} already exists" not in str(error):
                    raise
                return False
        return True

    def stop(self, attempt: Attempt) -> None:
        """Ask a driver to end once its runs have finished their epoch; return at once."""
        with answers(self.name):
            self._client.stop_job(attempt.job)

    def cancel(self, attempt: Attempt) -> None:
        """End a driver now; return at once.

        Ray can only stop a job gracefully, so a second job on the same machine sends the signal.
        """
        with answers(self.name):
            if attempt.status == "PENDING":
                self._client.stop_job(attempt.job)
                return
            self._client.submit_job(entrypoint=f"exec gce-study end-driver {attempt.job}")

    def logs(self, attempt: Attempt) -> str:
        """Return what a driver has printed."""
        with answers(self.name):
            return str(self._client.get_job_logs(attempt.job))

    def follow(self, attempt: Attempt) -> Iterator[str]:
        """Yield what a driver prints, from its first line on, until it ends."""
        import asyncio  # noqa: PLC0415 -- slow to import, and only needed here

        lines = self._client.tail_job_logs(attempt.job)
        with answers(self.name), asyncio.Runner() as runner:
            while True:
                try:
                    yield runner.run(anext(lines))
                except StopAsyncIteration:
                    return


def _attempt(details: Any) -> Attempt:  # noqa: ANN401 -- Ray's JobDetails
    about = details.metadata
    study, _, number = str(details.submission_id).rpartition("-")
    return Attempt(
        study=study,
        number=int(number),
        digest=about.get(DIGEST, ""),
        file=about.get(FILE, ""),
        options=about.get(OPTIONS, ""),
        status=str(details.status.value),
        started=details.start_time and details.start_time / 1000,
        ended=details.end_time and details.end_time / 1000,
        exit_code=details.driver_exit_code,
        message=details.message or "",
    )
