"""Running jobs on a Dask cluster: the same jobs as on worker processes here, and the same bytes out.

Needs the extra ``cluster``, a folder that all machines see under the same path, and workers that can import nashlens;
see ``docs/clusters.md``. A job lost with its worker is given to another by the scheduler; one that is lost again and
again is handed back as lost.
"""

from __future__ import annotations

import logging
import os
import platform
import random
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashlens.reports.provenance import installed_versions

if TYPE_CHECKING:
    from nashlens.reports.store import Store

TIMEOUT_SECONDS = 10.0
WITH_PORT = frozenset({"tcp", "tls", "ws", "wss", "ucx"})
NO_LONGER_ANSWERS = "the scheduler no longer answers or dropped the job; the same command goes on from here"
_ALONE = threading.Lock()
Client = Any  # distributed.Client and distributed.Future: an extra, and without annotations
RemoteFuture = Any


class ClusterError(ValueError):
    """A cluster that cannot be used, and why."""


class WorkerLostError(BrokenExecutor):
    """The workers that a job was given to died, one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that is ready for jobs.

    Attributes
    ----------
    address : of its scheduler.
    n_workers : workers that it has now; 0 where none has come up yet.
    warnings : what makes results of its workers differ from results made here.
    client : the connection to its scheduler.
    """

    address: str
    n_workers: int
    warnings: tuple[str, ...]
    client: Client

    def pool(self, _: int) -> Executor:
        """Return an executor over all workers; it leaves the connection open."""
        return ClusterExecutor(self.client)


@contextmanager
def connected(address: str, store: Store, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Iterator[Cluster]:
    """Hold a connection to the scheduler at `address` during the block.

    Parameters
    ----------
    address : such as ``tcp://10.0.0.5:8786``.
    store : where the runs go; the workers must see it.
    timeout_seconds : how long to wait for an answer.

    Raises
    ------
    ClusterError : Dask is not installed, nothing answers at the address, or its workers cannot import nashlens or do
        not see the folder.
    """
    with _undisturbed(), _connection(address, timeout_seconds) as client:
        workers = list(client.nthreads())
        warnings = _checked(client, store) if workers else ()
        yield Cluster(address=address, n_workers=len(workers), warnings=warnings, client=client)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep Dask from drawing from the global generator, and from telling in a log what errors say anyway."""
    state, logger = random.getstate(), logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
        random.setstate(state)


@contextmanager
def _connection(address: str, timeout_seconds: float) -> Iterator[Client]:
    client = _client(address, timeout_seconds)
    try:
        yield client
    finally:
        client.close(timeout=timeout_seconds)


class ClusterExecutor(Executor):
    """An executor whose calls run on the workers of a cluster, one at a time in each worker process.

    Parameters
    ----------
    client : a connection to the scheduler; not closed with the executor.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._open: dict[Future[Any], RemoteFuture] = {}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a call to the scheduler."""
        future: Future[Any] = Future()
        # Not pure: a call that failed and is handed over again must run again.
        remote = self._client.submit(alone, fn, *args, pure=False, **kwargs)
        self._open[future] = remote
        remote.add_done_callback(partial(self._pass_on, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of the calls; those that have not begun are cancelled where `cancel_futures` says so."""
        if cancel_futures:
            self._client.cancel(list(self._open.values()))
        elif wait:
            for future in list(self._open):
                future.exception()
        self._open.clear()

    def _pass_on(self, future: Future[Any], remote: RemoteFuture) -> None:
        try:
            error, value = _outcome(remote)
        except Exception as broken:  # whatever goes wrong here, someone waits for this future
            error, value = broken, None
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
        self._open.pop(future, None)


def _outcome(remote: RemoteFuture) -> tuple[BaseException | None, Any]:
    from distributed.scheduler import KilledWorker

    if remote.status == "finished":
        return None, remote.result()
    if remote.status != "error":
        return ClusterError(NO_LONGER_ANSWERS), None
    error = remote.exception()
    return (WorkerLostError("its workers died") if isinstance(error, KilledWorker) else error), None


def alone(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `fn` while no other call goes through here in this process: threads of one worker must not share torch."""
    with _ALONE:
        return fn(*args, **kwargs)


def worker_facts(folder: str, name: str) -> Mapping[str, Any]:
    """Return what a worker process is like, and whether it sees the file `name` in `folder`."""
    return {
        "versions": {"python": platform.python_version(), **installed_versions()},
        "threads": os.environ.get("OMP_NUM_THREADS", "not limited"),
        "sees_folder": (Path(folder) / name).is_file(),
    }


def differences(facts: Mapping[str, Mapping[str, Any]], here: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line for each way in which workers may give other bytes than this process would.

    Parameters
    ----------
    facts : what `worker_facts` said, by worker.
    here : the versions of this process.
    """
    lines: dict[str, None] = {}
    for found in facts.values():
        for package, version in found["versions"].items():
            if here.get(package) != version:
                lines[f"workers have {package} {version}, here is {here.get(package, 'none')}"] = None
        if found["threads"] != "1":
            lines[f"workers do not limit numerical threads to 1: OMP_NUM_THREADS is {found['threads']}"] = None
    return tuple(lines)


def _client(address: str, timeout_seconds: float) -> Client:
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(
            "scheduler needs Dask, which is not installed; install nashlens with its extra: nashlens[cluster]"
        ) from error
    try:
        _check_address(address)
        connect: Client = distributed.Client
        return connect(address, timeout=timeout_seconds, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"scheduler is {address!r}: {str(error)[:1].lower()}{str(error)[1:]}; "
            "expected the address of a running Dask scheduler, such as tcp://10.0.0.5:8786"
        ) from error


def _check_address(address: str) -> None:
    """Refuse an address without a port before anything waits for it.

    Raises
    ------
    ValueError : of Dask, which says what is wrong.
    """
    from distributed.comm.addressing import parse_address, parse_host_port

    scheme, place = parse_address(address)
    if scheme in WITH_PORT:
        parse_host_port(place)


def _checked(client: Client, store: Store) -> tuple[str, ...]:
    """Ask every worker what it is like; return what makes its results differ."""
    folder = store.folder("progress").resolve()
    token = folder / f"seen-{secrets.token_hex(8)}"
    token.touch()
    try:
        facts = client.run(worker_facts, str(folder), token.name)
    except ImportError as error:
        raise ClusterError(f"scheduler: its workers cannot import nashlens: {error}") from error
    finally:
        token.unlink()
    blind: Sequence[str] = [worker for worker, found in facts.items() if not found["sees_folder"]]
    if blind:
        raise ClusterError(
            f"scheduler: {len(blind)} of {len(facts)} workers do not see {store.root.resolve()}; it must be on a file "
            "system that all of them share, under the same path"
        )
    return differences(facts, {"python": platform.python_version(), **installed_versions()})
