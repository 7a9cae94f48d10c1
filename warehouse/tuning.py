"""PostgreSQL settings for the machine the embedded server finds itself on.

An analytics warehouse has few sessions and large scans: much memory per operation, rare
checkpoints, no replication. Finished loads must survive a crash, so fsync and
synchronous_commit stay on.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MB = 2**20
GB = 2**30


def memory_bytes() -> int:
    """Return the memory this process may use: the machine's, or its control group's if less."""
    fields = dict(
        line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line
    )
    total = int(fields["MemTotal"].split()[0]) * 1024
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (text := limit.read_text().strip()).isdecimal():
        total = min(total, int(text))
    return total


def _megabytes(amount: float, least: int, most: int) -> str:
    return f"{int(min(max(amount, least), most) // MB)}MB"


def server_settings(data: Path, port: int, cluster_name: str) -> dict[str, str]:
    """Return the settings of `postgresql.conf` for a server with its data in `data`."""
    memory = memory_bytes()
    cores = len(os.sched_getaffinity(0))
    free_disk = shutil.disk_usage(data).free
    wal = min(max(free_disk / 8, 256 * MB), 16 * GB)
    # The 64 MB that containers give /dev/shm do not hold one parallel hash join.
    roomy = Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > GB  # noqa: S108
    return {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "cluster_name": cluster_name,
        "max_connections": "200",
        "shared_buffers": _megabytes(memory / 6, 128 * MB, 8 * GB),
        "effective_cache_size": _megabytes(memory * 2 / 3, 256 * MB, 1024 * GB),
        "work_mem": _megabytes(memory / 192, 16 * MB, 128 * MB),
        "maintenance_work_mem": _megabytes(memory / 24, 64 * MB, GB),
        "dynamic_shared_memory_type": "posix" if roomy else "mmap",
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(min(max(cores // 2, 1), 4)),
        "max_locks_per_transaction": "256",
        "random_page_cost": "1.1",
        "jit": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": _megabytes(wal, 256 * MB, 16 * GB),
        "min_wal_size": _megabytes(wal / 8, 80 * MB, 2 * GB),
        "checkpoint_timeout": "30min",
        "log_line_prefix": "%m [%p] ",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "lc_messages": "C",
    }


def configuration_file(settings: dict[str, str]) -> str:
    """Return the text of `postgresql.conf`."""
    lines = [
        "# Written at every start for the machine found.",
        "# Settings of your own: ALTER SYSTEM SET, which wins over this file.",
        *(f"{name} = '{value}'" for name, value in settings.items()),
    ]
    return "\n".join(lines) + "\n"
