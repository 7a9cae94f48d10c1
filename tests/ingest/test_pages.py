"""Pages checked many rows at once: nothing tells them from the same rows checked one by one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import shape
from ingest.contract import Column, Resource, from_epoch_milliseconds
from ingest.encoded import Encoded
from ingest.pages import CheckedPage, PageChecker

EVENTS = Resource(
    name="events",
    kind="event",
    key=("node", "id"),
    columns=(
        Column("node", "text", "cluster.node", required=True, otherwise="manager.name"),
        Column("id", "bigint", required=True),
        Column("at", "timestamp", "@timestamp"),
        Column("manager_name", "text", "manager.name"),
        Column("level", "bigint", "rule.level"),
        Column("groups", "json", "rule.groups"),
        Column("mitre", "json", "rule.mitre.id"),
        Column("score", "double", "rule.score"),
        Column("is_mail", "boolean", "rule.mail"),
        Column("opened_at", "timestamp", "openedAt", convert=from_epoch_milliseconds),
        Column("document", "text", "_id"),
    ),
    changed_at=("at", "opened_at"),
    complete_after=timedelta(minutes=1),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.sampled_from(["", "7", "\0", '"', "\\u0000", "2026-03-01", "2026-03-01T00:00:00.5+0100"])
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z")
)
OTHERS = st.sampled_from(["", "x", "id", "_id", "a.b", "level", "é", '"', "\\", "\0", "@timestamp"])
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(OTHERS, inner, max_size=3),
    max_leaves=6,
)


def around(**fields: Any) -> Any:
    """Objects with these fields, most of them as promised, among fields nobody knows."""
    promised = st.fixed_dictionaries({}, optional={n: f | ANY for n, f in fields.items()})
    return st.builds(lambda known, others: others | known, promised, st.dictionaries(OTHERS, ANY))


TIMES = st.datetimes().map(lambda moment: f"{moment.isoformat()}+01:00")
NAMED = around(name=st.just("n"), node=st.just("w"))
RULES = around(
    level=st.integers(0, 15),
    groups=st.lists(st.text(max_size=3)),
    mitre=around(id=st.lists(st.text(max_size=3))),
    score=st.floats(0, 1),
    mail=st.booleans(),
)
ROWS = around(
    id=st.integers(0, 3),
    cluster=NAMED,
    manager=NAMED,
    rule=RULES,
    openedAt=st.integers(0, 2**45),
    **{"@timestamp": TIMES},
)
# what no encoder writes, and a source may send all the same
ODD = st.sampled_from(
    [
        b'{"id":1,"id":2,"manager":{"name":"n"},"rule":{"level":1},"rule":{"mail":true}}',
        b'{ "id" : 1.0, "manager": {"name": "\\u00e9\\ud83d\\ude00"} }',
        b'{"id":1,"manager":{"name":"n"},"x":1e999}',
        b'{"id":1,"manager":{"name":"n"},"x":"\xff"}',
        b'{"id":1,"manager":{"name":"\\u0000"},"x":{"\\u0000":"\\u0000"}}',
        b"{" + b'"x":{' * 5000 + b"}" * 5001,
        b'{"id":',
        b"",
    ]
)
RAWS = st.lists((ROWS | ANY).map(msgspec.json.encode) | ODD, max_size=8)


def encoded(raws: list[bytes]) -> Encoded:
    documents = [f"document {place}" for place in range(len(raws))]
    return Encoded([msgspec.Raw(raw) for raw in raws], {"_id": documents})


def comparable(page: CheckedPage) -> Any:
    rejections = [
        (row.payload, str(row.cause), row.cause.found, row.key) for row in page.rejections
    ]
    # repr, since 1 is not 1.0 and true is not 1 here
    return repr(page.columns), page.rests, repr(rejections)


@given(st.lists(RAWS, max_size=3))
def test_rows_checked_together_come_out_as_one_by_one(pages: list[list[bytes]]) -> None:
    checker = PageChecker(EVENTS)
    for raws in pages:
        page = encoded(raws)
        assert comparable(checker.check(page)) == comparable(PageChecker(EVENTS).check(list(page)))


def alert(**fields: Any) -> bytes:
    return json.dumps({"id": 1, "manager": {"name": "n"}, "rule": {"level": 3}} | fields).encode()


def test_names_once_met_need_no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    checker = PageChecker(EVENTS)
    raws = [alert(), alert(x=1, rule={"level": 3, "y": [2]}), alert(z=None)]
    expected = comparable(checker.check(encoded(raws)))
    assert json.loads(expected[1][1]) == {"x": 1, "rule": {"y": [2]}}
    monkeypatch.setattr(Encoded, "__getitem__", None)
    assert comparable(checker.check(encoded(raws))) == expected


def test_names_without_end_are_not_all_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "MOST_NAMES", 3)
    checker = PageChecker(EVENTS)
    for start in (0, 3):
        raws = [alert(**{f"name {number}": number}) for number in range(start, start + 3)]
        rests = checker.check(encoded(raws)).rests
        assert rests == [f'{{"name {number}":{number}}}' for number in range(start, start + 3)]
    one_by_one = Mock(wraps=Encoded.__getitem__)
    monkeypatch.setattr(Encoded, "__getitem__", lambda page, place: one_by_one(page, place))
    checker.check(encoded(raws))
    assert one_by_one.call_count == 3
