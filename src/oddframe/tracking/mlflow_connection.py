"""Reaching MLflow: a database file or a server, without noise, and in seconds or not at all."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import sys
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING
from urllib.parse import quote

from filelock import FileLock, Timeout

from oddframe.console.redaction import redacted, trouble_of_login
from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE = "mlflow.db"
ARTIFACTS = "mlartifacts"
"""Folder beside the database with the runs' files; the name that ``mlflow server`` gives it."""

_SERVER = ("http://", "https://")
_FIRST_ANSWER_SECONDS = 5
_LOCK_SECONDS = 60.0
_READ_SECONDS = 20.0


def address_of(where: str | None) -> str:
    """The address of the runs, as MLflow writes it.

    Args:
        where: ``http://host:port``, ``sqlite:///file`` or another that MLflow knows; by default
            ``$MLFLOW_TRACKING_URI`` or, without it, ``mlflow.db`` in the current folder.

    Raises:
        OddframeError: not an address, or a login that could not be hidden.
    """
    where = where or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{DATABASE}"
    if trouble := trouble_of_login(where):
        raise OddframeError(trouble)
    if "://" not in where and where != "databricks":
        raise OddframeError(
            f"mlflow: expected the address of a server or a database, such as http://host:5000 or "
            f"sqlite:///mlflow.db, found '{where}'"
        )
    file = database_file(where)
    return where.rstrip("/") if file is None else f"sqlite:///{file}"


def database_file(address: str) -> Path | None:
    """The SQLite file of an address, absolute; None for a server and for other databases."""
    name = address.removeprefix("sqlite:///")
    return None if name == address else Path(name or DATABASE).absolute()


def artifact_folder(address: str) -> Path | None:
    """Where the runs' files go; None where that is a server's business."""
    file = database_file(address)
    if file is not None:
        return file.parent / ARTIFACTS
    scheme = re.split(r"[+:]", address, maxsplit=1)[0]
    return Path(ARTIFACTS).absolute() if scheme in ("postgresql", "mysql", "mssql") else None


def page_of(address: str, experiment: str, run: str | None = None) -> str:
    """The web page of a run, or of all runs of an experiment."""
    server = redacted(address) if _is_served(address) else "http://127.0.0.1:5000"
    return f"{server}/#/experiments/{experiment}/runs{f'/{run}' if run else ''}"


def start_of_pages(address: str) -> str:
    """How to start the server of the pages, in words; empty where it is running anyway."""
    if _is_served(address):
        return ""
    shown = redacted(address)
    quoted = f"'{shown}'" if re.search(r"[^\w:/.@*+-]", shown) else shown
    # Not on the path where the environment is not activated.
    command = "mlflow" if which("mlflow") else f"{sys.executable} -m mlflow"
    return f"for the page to open, run: {command} server --backend-store-uri {quoted}"


def _is_served(address: str) -> bool:
    return address.startswith((*_SERVER, "databricks"))


def connect(address: str) -> MlflowClient:
    """A client for an address; a database file that is not there is created.

    Call it inside :func:`in_one_line`.

    Raises:
        OddframeError: nothing answers, or the database file is damaged or locked.
    """
    # MLflow reports its use to its makers unless it is told not to.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient

    file = database_file(address)
    if file is not None:
        _create(file)
        _check_database(file)
    elif address.startswith(_SERVER):
        # By itself, MLflow tries a dead server for some minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        _check_server(address)
    return MlflowClient(tracking_uri=address)


def _create(file: Path) -> None:
    """Make an empty database, whole or not at all: MLflow cannot mend one that is half made."""
    if file.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    file.parent.mkdir(parents=True, exist_ok=True)
    with alone(file.parent):
        if file.exists():
            return
        with atomic_path(file) as temporary:
            artifacts = file.parent / ARTIFACTS
            store = SqlAlchemyStore(f"sqlite:///{temporary}", artifacts.as_uri())
            store.engine.dispose()


def _check_database(file: Path) -> None:
    """Find out at once what MLflow would try ten times."""
    try:
        address = f"file:{quote(str(file))}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=_READ_SECONDS)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        mend = "end the program that holds it" if "locked" in str(error) else "move it away"
        raise OddframeError(
            f"{file}: cannot be used as MLflow's database ({error}); {mend}, or choose another "
            "with mlflow=sqlite:///FILE, and upload again with 'oddframe track'"
        ) from error


def _check_server(address: str) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    # Any answer will do: a proxy before the server may not pass this page on.
    try:
        http_request(
            get_default_host_creds(address),
            "/health",
            "GET",
            timeout=_FIRST_ANSWER_SECONDS,
            max_retries=0,
            raise_on_status=False,
        )
    except MlflowException as error:
        reason = redacted(str(error)).rsplit(": ", 1)[-1].strip("\"')")
        raise OddframeError(
            f"mlflow: no server answers at {redacted(address)} within "
            f"{_FIRST_ANSWER_SECONDS} s ({reason[:160]}); start one with 'mlflow server', and "
            "upload again with 'oddframe track'"
        ) from error


@contextmanager
def in_one_line(address: str) -> Generator[None]:
    """Turn what goes wrong with MLflow into one line, and keep its log messages off the screen.

    Only messages of this thread are kept off, and only on MLflow's own handlers: the logging of
    the program around it stays as it is.

    Raises:
        OddframeError: instead of the errors of MLflow, of the database and of the connection.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from alembic.util import CommandError
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    silence = _OfOtherThreads()
    # A retried request is told to urllib3's logger, which has no handler of its own.
    noisy = [*logging.getLogger("mlflow").handlers, logging.getLogger("urllib3.connectionpool")]
    for place in noisy:
        place.addFilter(silence)
    try:
        yield
    except (MlflowException, SQLAlchemyError, CommandError, OSError) as error:
        raise OddframeError(
            f"mlflow at {redacted(address)}: {_brief(error)}; mend it and upload again "
            "with 'oddframe track'"
        ) from error
    finally:
        for place in noisy:
            place.removeFilter(silence)


class _OfOtherThreads(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread


def _brief(error: Exception) -> str:
    """The beginning and the end of the first line: libraries put the reason at either."""
    line = redacted(str(error).strip() or type(error).__name__).splitlines()[0]
    return line if len(line) <= 240 else f"{line[:100]} ... {line[-120:]}"


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Hold a folder's lock, so that two uploads do not both make what neither finds.

    Args:
        folder: folder of a sweep or of a database.

    Raises:
        OddframeError: another upload held it for a minute.
    """
    try:
        with FileLock(folder / ".mlflow.lock", timeout=_LOCK_SECONDS):
            yield
    except Timeout as error:
        raise OddframeError(
            f"{folder}: another upload to MLflow has held it for {_LOCK_SECONDS:.0f} s; wait for "
            "its end and try again"
        ) from error
