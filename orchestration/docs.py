"""The dbt docs site as one static page, and the diagrams and model cards beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from orchestration import erd, model_cards
from orchestration.dbt_project import connect_dbt, project
from warehouse import Warehouse


def build(warehouse: Warehouse) -> Path:
    """Write lineage, tables and columns of the current data set to ``.opsmart/docs/index.html``.

    ``erd.md`` beside it shows how facts and dimensions relate, as Mermaid diagrams;
    ``model-card-<model>.md`` tells of a model that serves, as soon as the marts are built.

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
    target = project.project_dir / "target"
    shutil.copyfile(target / "static_index.html", page)
    page.with_name("erd.md").write_text(erd.diagrams(target / "manifest.json"), encoding="utf-8")
    _write_cards(warehouse, page.parent)
    return page


def _write_cards(warehouse: Warehouse, folder: Path) -> None:
    for old in folder.glob("model-card-*.md"):
        old.unlink()
    with warehouse.connect() as connection:
        built = connection.execute("select to_regclass('marts.ml_model_health_daily')").fetchone()
        if built == (None,):
            return
        for model, card in model_cards.cards(connection, warehouse.dataset).items():
            (folder / f"model-card-{model}.md").write_text(card, encoding="utf-8")
