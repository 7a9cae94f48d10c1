"""Lines that COPY will read: another reader of CSV finds in them what was written."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ingest.contract import ColumnType
from ingest.csv_lines import fields

TYPES: list[ColumnType] = ["text", "bigint", "double", "boolean", "timestamp", "json"]
# years that any zone can show in UTC
TIMES = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001
    datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
)
ROWS = st.tuples(
    st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.booleans(),
    st.none() | TIMES,
    st.none() | st.just('{"a":"b, \\"c\\""}'),
)


def line(*values: Any) -> str:
    columns = [fields(type_, [value]) for type_, value in zip(TYPES, values, strict=True)]
    return ",".join(field for (field,) in columns)


@given(st.lists(ROWS))
def test_every_value_is_read_as_it_was(rows: list[tuple[Any, ...]]) -> None:
    columns = [fields(type_, [row[at] for row in rows]) for at, type_ in enumerate(TYPES)]
    lines = [",".join(each) for each in zip(*columns, strict=True)]
    assert len(lines) == len(rows)
    for each, row in zip(lines, rows, strict=True):
        assert each == line(*row)
        (found,) = csv.reader([each], strict=True)
        text, whole, number, flag, moment, json = row
        assert found[0] == (text or "")
        assert found[1] == ("" if whole is None else str(whole))
        assert found[2] == "" if number is None else float(found[2]) == number
        assert found[3] == {None: "", True: "t", False: "f"}[flag]
        # an hour that a zone's clocks skip equals none but in UTC
        instant = moment and moment.astimezone(UTC)
        assert found[4] == "" if instant is None else datetime.fromisoformat(found[4]) == instant
        assert found[5] == (json or "")


def test_nothing_is_not_the_empty_text() -> None:
    assert fields("text", ["", None]) == ['""', ""]
    assert fields("bigint", [None]) == [""]


def test_an_old_offset_keeps_its_seconds() -> None:
    moment = datetime(1890, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert moment.utcoffset() == timedelta(minutes=53, seconds=28)
    (field,) = fields("timestamp", [moment])
    assert field == '"1889-12-31T23:06:32Z"'
    assert datetime.fromisoformat(field.strip('"')) == moment.astimezone(UTC)
