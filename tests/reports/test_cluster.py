from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nashlens.reports import cluster
from nashlens.reports.cli import main
from nashlens.reports.cluster import ClusterError, ClusterExecutor, alone, connected, differences, worker_facts
from nashlens.reports.store import Store

distributed = pytest.importorskip("distributed", reason="needs the extra cluster")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "out")


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


class Client:
    """Stands where the connection to a scheduler does, with workers that say what they are told to say."""

    def __init__(self, facts: dict[str, Any] | Exception) -> None:
        self.facts, self.closed = facts, False

    def nthreads(self) -> dict[str, int]:
        return {} if self.facts == {} else {"tcp://a": 1}

    def run(self, function: Any, *arguments: Any) -> dict[str, Any]:
        if isinstance(self.facts, Exception):
            raise self.facts
        return {"tcp://a": {**function(*arguments), **self.facts}}

    def close(self, timeout: float) -> None:
        self.closed = True


def client_saying(facts: dict[str, Any] | Exception, monkeypatch: pytest.MonkeyPatch) -> Client:
    client = Client(facts)
    monkeypatch.setattr(cluster, "_client", lambda address, timeout_seconds: client)
    return client


def test_suite_run_on_a_scheduler_that_does_not_answer_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, store: Store
) -> None:
    began = time.monotonic()
    says = r"scheduler is 'tcp://127.0.0.1:9': timed out .*; expected the address of a running Dask scheduler"
    with pytest.raises(ClusterError, match=says), connected("tcp://127.0.0.1:9", store, timeout_seconds=0.3):
        pass
    assert time.monotonic() - began < 5
    message = refused(["suite", "run", "demo", "--out", str(tmp_path / "a"), "--scheduler", "tcp://x:y"], capsys)
    assert "scheduler is 'tcp://x:y'" in message


@pytest.mark.parametrize("address", ["there", "tcp://x:y"])
def test_connected_refuses_an_address_without_a_port_before_anything_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(distributed, "Client", None)
    says = rf"scheduler is '{address}': .*; expected the address of a running Dask scheduler"
    with pytest.raises(ClusterError, match=says), connected(address, store):
        pass


def test_suite_run_with_workers_and_a_scheduler_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["suite", "run", "demo", "--out", str(tmp_path / "out"), "--workers", "2", "--scheduler", "tcp://x:1"]
    assert "workers is 2 and scheduler is 'tcp://x:1': give one of them" in refused(words, capsys)
    assert not (tmp_path / "out").exists()


def test_connected_without_dask_names_the_extra(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"nashlens\[cluster\]"), connected("tcp://127.0.0.1:9", store):
        pass


def test_connected_refuses_workers_that_do_not_see_the_folder(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_saying({"sees_folder": False}, monkeypatch)
    with pytest.raises(ClusterError, match="1 of 1 workers do not see"), connected("tcp://a", store):
        pass
    assert client.closed
    assert list((store.root / "progress").iterdir()) == []


def test_connected_refuses_workers_without_nashlens(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    client_saying(ModuleNotFoundError("No module named 'nashlens'"), monkeypatch)
    with pytest.raises(ClusterError, match="its workers cannot import nashlens"), connected("tcp://a", store):
        pass


def test_connected_warns_of_other_versions_and_threads(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    client_saying({"versions": {"numpy": "0.1"}, "threads": "8"}, monkeypatch)
    with connected("tcp://a", store) as ready:
        assert ready.n_workers == 1
        versions, threads = ready.warnings
    assert versions.startswith("workers have numpy 0.1, here is ")
    assert "OMP_NUM_THREADS is 8" in threads


def test_connected_before_any_worker_has_come_up_checks_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    client_saying({}, monkeypatch)
    with connected("tcp://a", store) as ready:
        assert (ready.n_workers, ready.warnings) == (0, ())


def test_differences_of_equal_workers_are_none() -> None:
    here = {"python": "3.11.7", "torch": "2.13.0"}
    facts = {"versions": here, "threads": "1", "sees_folder": True}
    assert differences({"a": facts, "b": facts}, here) == ()


def test_worker_facts_see_a_file_and_its_absence(tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    assert worker_facts(str(tmp_path), "here")["sees_folder"]
    assert not worker_facts(str(tmp_path), "gone")["sees_folder"]


def test_alone_lets_no_two_threads_in_at_once() -> None:
    inside, most = [0], [0]
    mutex = threading.Lock()

    def enter() -> None:
        with mutex:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.005)
        with mutex:
            inside[0] -= 1

    with ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(alone, enter) for _ in range(8)]:
            future.result()
    assert most == [1]


class Remote:
    """A call that has come to an end on the cluster."""

    def __init__(self, status: str, value: Any = None) -> None:
        self.status, self._value = status, value

    def result(self) -> Any:
        return self._value

    def exception(self) -> Any:
        return self._value

    def add_done_callback(self, function: Any) -> None:
        function(self)


def executor_answering(remote: Remote) -> ClusterExecutor:
    client: Any = SimpleNamespace(submit=lambda *_, **__: remote, cancel=lambda _: None)
    return ClusterExecutor(client)


def test_cluster_executor_passes_on_results_and_errors() -> None:
    with executor_answering(Remote("finished", 7)) as executor:
        assert executor.submit(int).result() == 7
    with executor_answering(Remote("error", KeyError("x"))) as executor:
        assert isinstance(executor.submit(int).exception(), KeyError)


def test_cluster_executor_calls_a_job_lost_whose_workers_died() -> None:
    from distributed.scheduler import KilledWorker

    with executor_answering(Remote("error", KilledWorker("task", None, 3))) as executor:
        assert isinstance(executor.submit(int).exception(), BrokenExecutor)


def test_cluster_executor_leaves_nobody_waiting_for_an_answer_that_cannot_be_read() -> None:
    class Unreadable(Remote):
        def result(self) -> Any:
            raise EOFError("cut off")

    with executor_answering(Unreadable("finished")) as executor:
        assert isinstance(executor.submit(int).exception(timeout=1), EOFError)


def test_cluster_executor_says_that_the_scheduler_is_gone() -> None:
    with executor_answering(Remote("cancelled")) as executor:
        assert "the same command goes on from here" in str(executor.submit(int).exception())
