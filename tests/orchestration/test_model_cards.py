"""A card says of the version that serves what the tables say, and of no other."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from orchestration import model_cards
from warehouse import Warehouse

TABLES = """
create table predictions.dim_model as
select model, version, kind, '7 days' as horizon, 'features.feat' as feature_table,
       '["one", "two"]'::jsonb as features, 'rows' as data_fingerprint, 'code' as code_hash,
       'sha' as artifact_sha256, '2026-03-02 02:00+00'::timestamptz as trained_at,
       '2026-01-01 00:00+00'::timestamptz as train_start,
       '2026-03-01 00:00+00'::timestamptz as train_end, 12345 as trained_rows, 42 as seed,
       'better' as gate_reason, '2026-03-02 03:00+00'::timestamptz as serves_from, is_serving
from (values ('m', 'old', 'incident', false), ('m', 'new', 'incident', true),
             ('never', 'v', 'incident', false), ('c', 'v', 'forecast', true))
     as v (model, version, kind, is_serving);
create table marts.model_backtests as
select *
from (values ('m', 'new', 'all', 'pr_auc', 0.5, 0.25, 10),
             ('m', 'new', 'all', 'pr_auc', 0.7, 0.35, 20),
             ('m', 'old', 'all', 'pr_auc', 0.9, 0.1, 10))
     as v (model, version, slice, metric, value, baseline_value, n);
create table predictions.feature_drift as
select 'm' as model, version, week, feature, psi, q_value, n, 3 * n as n_reference, verdict,
       version = 'new' as is_newest
from (values ('old', '2026-02-16'::date, 'cpu', 9.0, 0.001, 7, 'drifted'),
             ('new', '2026-02-23', 'cpu', 0.25, 0.0025, 1400, 'drifted'),
             ('new', '2026-02-23', 'mem', 1.5, 0.0015, 1400, 'drifted'),
             ('new', '2026-02-23', 'net', 0.125, 0.5, 1400, 'stable'))
     as v (version, week, feature, psi, q_value, n, verdict);
create table marts.prediction_accuracy as
select model, version, horizon, date_key, to_date(date_key::text, 'YYYYMMDD') as date_day,
       predictions, 1 as not_scored, hits, misses, false_alarms, correct_rejects, 1 as expired,
       0 as unknown, 0 as not_due, comparable_error, naive_error, squared_error, probabilities
from (values ('m', 'old', '7 days', 20260301, 1001, 3, 1, 0, 996, 0, 0, 1.5, 30),
             ('m', 'new', '7 days', 20260302, 12, 0, 2, 3, 6, 0, 0, 0.5, 10),
             ('c', 'v', 'days 1 to 7', 20260302, 11, 9, 1, 0, 0, 6, 8, 0, 0))
     as v (model, version, horizon, date_key, predictions, hits, misses, false_alarms,
           correct_rejects, comparable_error, naive_error, squared_error, probabilities);
create table marts.ml_model_health_daily as
select 'm' as model, 20260302 as date_key, '2026-03-02'::date as date_day, 'healthy' as status,
       'all is well' as status_reason
union all select 'm', 20260301, '2026-03-01', 'silent', 'nothing was said';
insert into predictions.challenges
(model, champion, challenger, began_at, judged_at, n, days, entities, difference, difference_lower,
 difference_upper, margin, verdict, reason)
select model, champion, challenger, '2026-03-01 02:00+00', '2026-03-02 02:00+00', 1200, 7, 5, 0.01,
       -0.02, 0.04, 0.05, 'not_worse', ''
from (values ('m', 'old', 'new'), ('m', 'oldest', 'old'), ('c', 'u', 'v'))
     as v (model, champion, challenger);
"""


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(TABLES)
        yield connection
        connection.rollback()


def test_every_model_that_serves_has_a_card(connection: psycopg.Connection) -> None:
    assert set(model_cards.cards(connection, "tiny")) == {"c", "m"}


def test_a_card_holds_the_figures_of_the_tables(connection: psycopg.Connection) -> None:
    card = model_cards.cards(connection, "tiny")["m"]
    assert "Version new serves since 2026-03-02 03:00 UTC, 7 days ahead." in card
    assert "2026-03-02: healthy, all is well." in card
    assert "| data set | tiny, generated: figures prove the plumbing, not skill |" in card
    assert "| rows learned from | 12,345 |" in card
    assert "| inputs | 2: one, two |" in card
    # means of 0.5 and 0.7, of 0.25 and 0.35; nothing of the version before
    assert "| all | pr_auc | 0.600 | 0.300 | 2 | 30 |" in card
    # the week judged last, the feature that moved most first
    assert "Of 3 features 2 drifted in the week of 2026-02-23, against what version new" in card
    mem, cpu, net = (card.index(f"| {name} |") for name in ("mem", "cpu", "net"))
    assert mem < cpu < net
    assert "| mem | 1.500 | 0.002 | 1,400 | 4,200 | drifted |" in card
    # over both versions: 3 of 6 flagged, 3 of 6 incidents, (1.5 + 0.5) / 40
    days = "2026-03-01 to 2026-03-02"
    record = "1,013 | 3 | 3 | 3 | 1,002 | 2 | 0 | 0.500 | 0.500 | 0.050"
    assert f"| 7 days | {days} | {record} |" in card


def test_a_card_tells_how_its_version_came_to_serve(connection: psycopg.Connection) -> None:
    card = model_cards.cards(connection, "")["m"]
    figures = "1,200 | 0.010 | -0.020 | 0.040 | 0.050 | not_worse"
    assert f"| new | old | 2026-03-01 02:00 UTC | {figures} |" in card
    assert "oldest" not in card


def test_a_card_of_forecasts_tells_bands_and_errors(connection: psycopg.Connection) -> None:
    card = model_cards.cards(connection, "")["c"]
    assert "| data set | production |" in card
    assert "No week of a version that serves was judged yet." in card
    # 9 of 10, 6 / 8
    assert "| days 1 to 7 | 2026-03-02 to 2026-03-02 | 11 | 9 | 1 | 1 | 1 | 0.900 | 0.750 |" in card
