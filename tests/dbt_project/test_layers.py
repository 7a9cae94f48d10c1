"""The house rules of the dbt project, read off its manifest; parsing needs no database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import GenericTestNode

from ingest.sources import SOURCES
from warehouse.settings import ROOT

PROJECT = ROOT / "dbt_project"
LAYERS = ["staging", "intermediate", "core", "features", "predictions", "marts"]
MAKING = {"_known_at", "_load_id"}
# Incremental tables find with it what belongs to another device now; it is no data.
REKEYING = "int_device__possible_keys"
# It is written when all models that go ticket by ticket are, the facts too, and reads none of them.
WRITTEN_LAST = "int_ticket__built"
CONTRACTED = LAYERS[LAYERS.index("core") :]
# Beside staging only predictions reads tables that dbt does not make: what ML and the loader wrote.
SOURCES_OF = {
    "staging": {f"raw_{name}" for name in SOURCES} | {"ops", "quarantine", "feedback"},
    "predictions": {"predictions", "ops"},
}
SEEDED = {"intermediate", "core"}
PERCENTAGE = re.compile(r"_(pct|rate)(_|$)")
# A change in percent has no bounds, a share has.
NO_SHARE = {"growth_mom_pct"}
RECONCILING = {"sum_equals", "row_count_equals"}
PERSONAL = re.compile(
    r"(^|_)(e?mail|login|phone|mobile|password|person|author|subject|first_name|last_name"
    r"|user_name|ip|mac|hash)(_|$)"
)
CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\("
    r"|\b(current_(date|time|timestamp)|localtime(stamp)?)\b"
    r"|run_started_at|datetime\.(datetime\.|date\.)?(utc)?(now|today)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manifest]:
    """The project parsed with warnings as errors, so that a deprecated spelling fails."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOST", "USER", "PASSWORD", "DATABASE"):
            patch.setenv(f"OPSMART_PG_{name}", "nowhere")
        patch.setenv("OPSMART_PG_PORT", "1")
        target = str(tmp_path_factory.mktemp("target"))
        outcome = dbtRunner().invoke(
            [
                *("--warn-error", "parse", "--quiet", "--no-partial-parse"),
                *("--target-path", target, "--log-path", target),
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            ]
        )
    assert outcome.success, outcome.exception
    assert isinstance(outcome.result, Manifest)
    yield outcome.result


def _models(manifest: Manifest) -> dict[str, Any]:
    return {
        name: node for name, node in manifest.nodes.items() if str(node.resource_type) == "model"
    }


def _layer(node: Any) -> str:
    return str(node.fqn[1])


def _seeds(manifest: Manifest) -> dict[str, Any]:
    return {
        name: node for name, node in manifest.nodes.items() if str(node.resource_type) == "seed"
    }


def _says_its_grain(node: Any) -> bool:
    return bool(re.search(r"[Oo]ne row per [^.]+\.$", node.description))


def test_layers_read_downwards_only(manifest: Manifest) -> None:
    models, seeds = _models(manifest), _seeds(manifest)
    wrong = []
    for node in models.values():
        for name in node.depends_on.nodes:
            if name in models:
                depth = LAYERS.index(_layer(models[name]))
                is_fine = node.name == WRITTEN_LAST or (
                    depth <= LAYERS.index(_layer(node))
                    and (
                        _layer(node) != "marts"
                        or depth >= LAYERS.index("core")
                        or (
                            models[name].name == REKEYING
                            and node.config.materialized == "incremental"
                        )
                    )
                )
            elif name in seeds:
                is_fine = _layer(node) in SEEDED
            else:
                is_fine = manifest.sources[name].source_name in SOURCES_OF.get(_layer(node), set())
            if not is_fine:
                wrong.append((node.name, name))
    assert not wrong


def test_days_are_noted_of_whatever_is_read_by_day(manifest: Manifest) -> None:
    models = {node.name: node for node in _models(manifest).values()}
    read_by_day = set()
    for node in models.values():
        days_of = set(node.config.get("days_of", []))
        read_by_day |= days_of
        assert days_of <= {ref.name for ref in node.refs}, f"{node.name}: days_of it does not read"
        assert not days_of or "forget_changed_days" in str(node.config.pre_hook), node.name
        assert not days_of or "note_days" in str(node.config.post_hook), node.name
    noted = {name for name, node in models.items() if node.config.get("is_read_by_day")}
    assert all("note_days" in str(models[name].config.post_hook) for name in noted)
    assert noted == read_by_day, "is_read_by_day stands where another model's days_of names it"


def test_schemas_are_the_layers(manifest: Manifest) -> None:
    assert {(_layer(node), node.schema) for node in _models(manifest).values()} == {
        (layer, layer) for layer in LAYERS
    }


def test_every_model_is_described_beside_its_sql_and_says_its_grain(manifest: Manifest) -> None:
    for node in _models(manifest).values():
        beside = Path(node.original_file_path).with_suffix(".yml")
        assert node.patch_path == f"opsmart://{beside}", node.name
        assert _says_its_grain(node), f"{node.name}: end the description in 'one row per ….'"


def test_every_seed_is_described_beside_its_rows_and_typed(manifest: Manifest) -> None:
    for node in _seeds(manifest).values():
        beside = Path(node.original_file_path).with_suffix(".yml")
        assert node.patch_path == f"opsmart://{beside}", node.name
        assert _says_its_grain(node), f"{node.name}: end the description in 'one row per ….'"
        assert set(node.config.column_types) == set(node.columns), node.name
        for column in node.columns.values():
            assert len(column.description.split()) > 1, (
                f"{node.name}.{column.name}: describe it in two words or more"
            )


def test_everything_others_read_has_an_enforced_contract_and_described_columns(
    manifest: Manifest,
) -> None:
    read_by_others = [node for node in _models(manifest).values() if _layer(node) in CONTRACTED]
    assert {_layer(node) for node in read_by_others} == set(CONTRACTED)
    for node in read_by_others:
        assert node.config.contract.enforced, node.name
        for column in node.columns.values():
            assert column.data_type, (node.name, column.name)
            assert len(column.description.split()) > 1, (
                f"{node.name}.{column.name}: describe it in two words or more"
            )


def test_every_mart_belongs_to_customers_or_the_platform_and_says_nothing_about_its_making(
    manifest: Manifest,
) -> None:
    marts = [node for node in _models(manifest).values() if _layer(node) == "marts"]
    assert marts
    for node in marts:
        # what speaks of the platform itself has no customer, so that no customer sees a row of it
        if node.fqn[2] == "platform":
            assert "customer_key" not in node.columns, node.name
        else:
            key = node.columns.get("customer_key")
            assert key and "not_null" in [constraint.type for constraint in key.constraints], (
                f"{node.name}: give it customer_key, constrained not_null, for the policies"
            )
        assert node.config.materialized in ("table", "incremental"), node.name
        # by these alone a mart too large to be rebuilt knows what it has not seen yet
        allowed = MAKING if node.config.materialized == "incremental" else set()
        assert {name for name in node.columns if name.startswith("_")} <= allowed, node.name


def test_every_mart_is_tested_for_its_grain_its_sums_its_ranges_and_a_golden_case(
    manifest: Manifest,
) -> None:
    tests: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for node in manifest.nodes.values():
        if isinstance(node, GenericTestNode) and node.attached_node:
            arguments = node.test_metadata.kwargs.get("arguments") or node.test_metadata.kwargs
            tests.setdefault(node.attached_node, []).append((node.test_metadata.name, arguments))
    golden = {unit.depends_on.nodes[0] for unit in manifest.unit_tests.values()}
    lacking = []
    for id_, node in _models(manifest).items():
        if _layer(node) != "marts":
            continue
        of_mart = tests.get(id_, [])
        checked = " ".join(
            str(arguments["expression"])
            for name, arguments in of_mart
            if name == "expression_is_true"
        )
        shares = {name for name in node.columns if PERCENTAGE.search(name)} - NO_SHARE
        lacking += [
            (node.name, what)
            for what, is_there in {
                "grain": any(
                    name == "unique_combination" and set(arguments["columns"]) <= set(node.columns)
                    for name, arguments in of_mart
                ),
                "reconciliation with what it is made of": any(
                    name in RECONCILING and "relation" in arguments for name, arguments in of_mart
                ),
                "unit test": id_ in golden,
            }.items()
            if not is_there
        ]
        lacking += [
            (node.name, f"expression_is_true with {name} between 0 and 100")
            for name in shares
            if not re.search(rf"\b{name}(, 0\))? between 0 and \d", checked)
        ]
        lacking += [
            (node.name, f"personal {name}") for name in node.columns if PERSONAL.search(name)
        ]
    assert not lacking


def test_no_sql_looks_at_a_clock(manifest: Manifest) -> None:
    code = {name: node.raw_code for name, node in manifest.nodes.items()} | {
        name: macro.macro_sql
        for name, macro in manifest.macros.items()
        if macro.package_name == "opsmart"
    }
    assert len(code) > len(_models(manifest))
    assert not {name: found[0] for name, text in code.items() if (found := CLOCK.search(text))}


def test_the_sources_are_the_raw_tables_of_ingest(manifest: Manifest) -> None:
    declared: dict[str, set[str]] = {}
    for source in manifest.sources.values():
        declared.setdefault(source.source_name, set()).add(source.name)
    for name, kind in SOURCES.items():
        tables = {resource.name for resource in kind.resources}
        assert declared[f"raw_{name}"] == tables
    staged = {
        manifest.sources[name].identifier
        for node in _models(manifest).values()
        if _layer(node) == "staging"
        for name in node.depends_on.nodes
        if name in manifest.sources and manifest.sources[name].source_name.startswith("raw_")
    }
    assert staged <= {resource.name for kind in SOURCES.values() for resource in kind.resources}


@pytest.mark.parametrize(
    "sql", ["select now()", "where at < CURRENT_TIMESTAMP", "{{ run_started_at }}"]
)
def test_a_clock_would_be_found(sql: str) -> None:
    assert CLOCK.search(sql)
