"""The dbt docs site as one static page."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from orchestration.dbt_project import connect_dbt, project
from warehouse import Warehouse


def build(warehouse: Warehouse) -> Path:
    """Write lineage, tables and columns of the current data set to ``.opsmart/docs/index.html``.

    Raises:
        RuntimeError: dbt could not generate the page; its own words stand above.
    """
    warehouse.start()
    warehouse.setup()
    connect_dbt(warehouse)
    command = [
        *(sys.executable, "-m", "dbt.cli.main", "docs", "generate", "--static", "--no-compile"),
        *("--project-dir", str(project.project_dir), "--profiles-dir", str(project.project_dir)),
    ]
    if subprocess.run(command, check=False).returncode:
        raise RuntimeError("dbt could not generate the docs; its lines above say why")
    page = warehouse.home / "docs" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(project.project_dir / "target" / "static_index.html", page)
    return page
