"""The moment before which everything written to Odoo is committed and visible.

Odoo stamps a write with its transaction's start and shows it at its commit, so a row can appear
whose stamp is older than rows already read. What is stamped before the start of the oldest open
transaction cannot: that start is the mark. It can only be told on the primary, by a role that sees
other sessions; elsewhere reading stays behind by more than a request may last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import sql

from ingest.odoo.session import APPLICATION, Session

LAG = timedelta(minutes=30)
LONG_OPEN = timedelta(hours=2)
READ_ONLY_TOOLS = (APPLICATION, "pg_dump", "pg_dumpall", "pg_basebackup")
"""Applications whose transactions write nothing, however long they are open."""

# A replica that has replayed all it received is up to date however long its primary was silent.
_QUERY = sql.SQL("""
    select
        now() as now,
        pg_is_in_recovery() as is_replica,
        pg_has_role(current_user, 'pg_read_all_stats', 'usage') as sees_sessions,
        case
            when not pg_is_in_recovery() then now()
            when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then now()
            else coalesce(pg_last_xact_replay_timestamp(), now())
        end as replayed_until,
        (select min(xact_start) from pg_stat_activity
         where datname = current_database() and backend_type = 'client backend'
           and pid <> pg_backend_pid() and application_name <> all({tools})) as oldest_open,
        (select min(prepared) from pg_prepared_xacts
         where database = current_database()) as oldest_prepared
""").format(tools=sql.Literal(list(READ_ONLY_TOOLS)))


@dataclass(frozen=True)
class HighWater:
    """The mark (aware UTC), and what keeps it further back than need be, with the remedy."""

    mark: datetime
    caveat: str | None


def high_water(session: Session) -> HighWater:
    """The mark as of now; a snapshot begun after this shows all that was stamped before it.

    Raises:
        SourceError: the server cannot be asked.
    """
    session.end_snapshot()
    answer = session.row(_QUERY)
    session.end_snapshot()
    if answer["is_replica"]:
        return HighWater(
            (answer["replayed_until"] - LAG).astimezone(UTC),
            "OPSMART_ODOO_URL names a replica, which does not show its primary's open "
            f"transactions: reading stays {LAG.seconds // 60} minutes behind",
        )
    if not answer["sees_sessions"]:
        return HighWater(
            (answer["now"] - LAG).astimezone(UTC),
            "the role of OPSMART_ODOO_USER does not see other sessions, so reading stays "
            f"{LAG.seconds // 60} minutes behind: grant pg_read_all_stats to it",
        )
    open_since = [answer[name] for name in ("oldest_open", "oldest_prepared") if answer[name]]
    mark = min([answer["now"], *open_since])
    caveat = None
    if answer["now"] - mark > LONG_OPEN:
        caveat = (
            f"a transaction open since {mark:%Y-%m-%d %H:%M %Z} holds reading back: end it, or "
            "find it in pg_stat_activity or pg_prepared_xacts"
        )
    return HighWater(mark.astimezone(UTC), caveat)
