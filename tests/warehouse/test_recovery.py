"""The embedded server after crashes: whatever is left behind, `up` brings it back."""

from __future__ import annotations

import signal
import subprocess
import threading
import time

import psycopg
import pytest

from tests.warehouse.servers import Installation
from warehouse import processes


def test_a_committed_row_survives_a_killed_server(victim: Installation) -> None:
    with victim.connect() as connection:
        connection.execute("create table ops.kept (answer int)")
    with victim.connect() as connection:
        connection.execute("insert into ops.kept values (42)")

    victim.kill()

    victim.must("up")
    assert victim.must("sql", "select answer from ops.kept") == "answer\n42\n"
    victim.must("sql", "drop table ops.kept")


def test_backends_orphaned_in_a_long_query_are_ended(victim: Installation) -> None:
    connection = victim.connect()
    never_ending = "do $$ begin loop end loop; end $$"

    def query() -> None:
        with pytest.raises(psycopg.OperationalError):
            connection.execute(never_ending)

    thread = threading.Thread(target=query)
    thread.start()
    backend = connection.info.backend_pid
    victim.kill()
    assert processes.is_alive(backend)

    victim.must("up")

    thread.join()
    assert not processes.is_alive(backend)
    assert victim.must("sql", "select 1 as one") == "one\n1\n"


def test_a_process_id_that_another_process_has_by_now_is_left_alone(victim: Installation) -> None:
    pid_file = victim.layout.data / "postmaster.pid"
    content = pid_file.read_text()
    old = victim.postmaster
    victim.kill()
    stranger = subprocess.Popen(["sleep", "600"], user=victim.uid)
    try:
        pid_file.write_text(content.replace(str(old), str(stranger.pid), 1))
        victim.must("up")
        assert stranger.poll() is None
        assert victim.must("sql", "select 1 as one") == "one\n1\n"
    finally:
        stranger.kill()
        stranger.wait()


def test_an_empty_file_for_the_process_id_is_no_obstacle(victim: Installation) -> None:
    victim.kill()
    (victim.layout.data / "postmaster.pid").write_text("")
    victim.must("up")
    assert victim.must("sql", "select 1 as one") == "one\n1\n"


def test_processes_that_look_like_ours_are_left_alone(victim: Installation) -> None:
    another = victim.layout.data.with_name("data of another clone")
    impostors = [
        subprocess.Popen([name, "600"], executable="/usr/bin/sleep", user=victim.uid)
        for name in (
            f"{another}/bin/postgres",
            f"postgres: {processes.cluster_name(another)}: checkpointer",
        )
    ]
    try:
        victim.must("down")
        assert all(process.poll() is None for process in impostors)
    finally:
        for process in impostors:
            process.kill()
            process.wait()


def test_up_may_be_killed_at_any_moment(installation: Installation) -> None:
    for seconds in (0.5, 0.8, 1.1, 1.4, 2.0):
        process = installation.popen("up")
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    installation.must("up")
    assert installation.must("sql", "select 1 as one") == "one\n1\n"
    left = {entry.name for entry in installation.layout.base.iterdir()}
    assert not {name for name in left if name.startswith("partial")}


def test_two_at_once_start_one_server(installation: Installation) -> None:
    racers = [installation.popen("up") for _ in range(3)]
    outputs = {racer.communicate() for racer in racers}
    assert [racer.returncode for racer in racers] == [0, 0, 0], outputs
    assert len(outputs) == 1
    assert processes.is_alive(installation.postmaster)
