"""Everything ingestion can raise, grouped by what the runner does next.

EtlError
├── SourceUnavailable   the upstream may answer later: the run fails, the window stays open, retry_at may be set
├── SourceBroken        the upstream answered something we must not believe: the run fails
├── InjectedFailure     asked for by ETL_FAIL_AFTER_N_RECORDS: the run fails after exactly N records
├── RunStopped          this process was asked to stop: the run ends as interrupted
├── RunCancelled        a user asked for it: the run ends as cancelled
└── RecordInvalid       one record is bad: it is quarantined and the run goes on
"""

from datetime import datetime


class EtlError(Exception):
    """Base of all ingestion errors; the text is shown to users and holds no secret."""


class SourceUnavailable(EtlError):
    """The upstream did not answer usefully. `retry_at` is the earliest time worth asking again, if known."""

    def __init__(self, message: str, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class SourceBroken(EtlError):
    """The upstream answered with something that must not be stored as fact."""


class InjectedFailure(EtlError):
    """ETL_FAIL_AFTER_N_RECORDS was reached; everything up to that record is committed."""


class RunStopped(EtlError):
    """The process is shutting down; what was committed stays and the next run resumes."""


class RunCancelled(EtlError):
    """A user cancelled the run at a batch boundary."""


class RecordInvalid(EtlError):
    """One record breaks a rule: `reason` is a constant word, `detail` names the field and the value."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
