"""Wazuh's server API: logging in, asking within a budget, and listing without gaps.

A token's end cannot be told from a malformed token, so it is renewed early and once when refused.
Fifty failed logins lock the address out, the dashboard's too: a refused login is never repeated.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import requests

from ingest.contract import Row
from ingest.errors import SourceError
from ingest.http import Http

PAGE_SIZE = 500
SHARE_OF_TOKEN_LIFE = 0.8
DEFAULT_TOKEN_SECONDS = 900.0
MINUTE = 60.0
PERMISSION_DENIED = 4000
LOCKED_OUT = 6000
UNKNOWN_AGENT = 1701
ACCOUNT = "OPSMART_WAZUH_USER and OPSMART_WAZUH_PASSWORD"


class Pace:
    """At most so many requests in any 60 seconds; the API's own limit is shared by all clients."""

    def __init__(
        self,
        per_minute: int,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sent: deque[float] = deque(maxlen=per_minute)
        self._now = now
        self._sleep = sleep

    def wait(self) -> None:
        """Return when the next request may be sent."""
        if len(self._sent) == self._sent.maxlen:
            left = self._sent[0] + MINUTE - self._now()
            if left > 0:
                self._sleep(left)
        self._sent.append(self._now())


class AgentGone(Exception):
    """The agent asked about was removed since it was listed."""


class PermissionDenied(SourceError):
    """The account may not read what was asked for."""


class Api:
    """The endpoints of one manager, read with one account."""

    def __init__(
        self,
        http: Http,
        login: tuple[str, str],
        pace: Pace,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.http = http
        self._login = login
        self._pace = pace
        self._now = now
        self._renew_at = 0.0
        # The API names no Retry-After with a 429, and its window is a minute.
        http.session.hooks["response"].append(_wait_out_the_window)

    def get(self, path: str, parameters: dict[str, str | int] | None = None) -> Row:
        """The `data` of an answer that was given whole.

        Raises:
            AgentGone: the path names an agent that is unknown by now.
            PermissionDenied: the account lacks the right.
            SourceError: refused, or answered in part only.
        """
        if self._now() >= self._renew_at:
            self.log_in()
        response = self._send("GET", path, params=parameters)
        if response.status_code == 401:
            self.log_in()
            response = self._send("GET", path, params=parameters)
        body = self.http.decode(response)
        if response.status_code == 404 and body.get("error") == UNKNOWN_AGENT:
            raise AgentGone(path)
        self._refuse(response, body, path)
        if body.get("error"):
            self._refuse_part(body, path)
        data: Row = body["data"]
        return data

    def listing(self, path: str, sort: str) -> list[Row]:
        """Every item of a list, in the order of `sort` (``+field,field``).

        Paging by offset over a live list can skip an item, so a list that changed its length
        underway is read once more.

        Raises:
            SourceError: as `get`; or the list changed again.
        """
        for _ in range(2):
            items: list[Row] = []
            totals: set[int] = set()
            while True:
                page: dict[str, str | int] = {
                    "offset": len(items),
                    "limit": PAGE_SIZE,
                    "sort": sort,
                }
                data = self.get(path, page)
                totals.add(data["total_affected_items"])
                items += data["affected_items"]
                if not data["affected_items"] or len(items) >= data["total_affected_items"]:
                    break
            if totals == {len(items)}:
                return items
        raise SourceError(
            self.http.source,
            f"GET /{path} changed its length while it was read, twice: load again when the "
            "manager at OPSMART_WAZUH_URL is quieter",
        )

    def tail(self, path: str) -> Iterator[Row]:
        """Lines of a log, newest first: new ones push known ones onto the next page, not past it.

        A line may so come twice; none is left out.
        """
        offset = 0
        while True:
            page: dict[str, str | int] = {
                "offset": offset,
                "limit": PAGE_SIZE,
                "sort": "-timestamp",
            }
            data = self.get(path, page)
            yield from data["affected_items"]
            offset += PAGE_SIZE
            if offset >= data["total_affected_items"]:
                return

    def total(self, path: str) -> int:
        """How many items a list has."""
        return int(self.get(path, {"limit": 1})["total_affected_items"])

    def log_in(self) -> None:
        """Get a token, and note when to renew it.

        Raises:
            SourceError: the login was refused.
        """
        response = self._send(
            "POST", "security/user/authenticate", auth=self._login, params={"raw": "true"}
        )
        if response.status_code != 200:
            self._refuse(response, _body_of(response), "security/user/authenticate")
        token = response.text.strip()
        self.http.session.headers["Authorization"] = f"Bearer {token}"
        self._renew_at = self._now() + SHARE_OF_TOKEN_LIFE * _seconds_of_life(token)

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        self._pace.wait()
        return self.http.request(method, path, **options)

    def _refuse(self, response: requests.Response, body: Any, path: str) -> None:
        status, code = response.status_code, _body_code(body)
        if status == 403 and code == LOCKED_OUT:
            raise SourceError(
                self.http.source,
                f"too many failed logins, the API is locked for five minutes: check {ACCOUNT}",
            )
        if status == 403:
            raise PermissionDenied(
                self.http.source,
                f"GET /{path} is not allowed (403): give OPSMART_WAZUH_USER the right to read it",
            )
        if status == 401:
            raise SourceError(self.http.source, f"the login was refused (401): check {ACCOUNT}")
        if status != 200:
            raise SourceError(
                self.http.source,
                f"GET /{path} answered {status} (error {code}): check that OPSMART_WAZUH_URL "
                "is a server API of Wazuh 4.8 to 4.14",
            )

    def _refuse_part(self, body: Row, path: str) -> None:
        """Partial results come with HTTP 200; taking them for the whole would delete the rest."""
        failed = body.get("data", {}).get("failed_items", [])
        codes = {item.get("error", {}).get("code") for item in failed}
        if codes == {UNKNOWN_AGENT}:
            raise AgentGone(path)
        refusal = PermissionDenied if codes == {PERMISSION_DENIED} else SourceError
        raise refusal(
            self.http.source,
            f"GET /{path} was answered in part only (error {body['error']}, codes "
            f"{sorted(map(str, codes))}): give OPSMART_WAZUH_USER the right to read all of it",
        )


def _seconds_of_life(token: str) -> float:
    """How long a token is good for by its own claims."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return float(claims["exp"]) - float(claims["nbf"])
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        return DEFAULT_TOKEN_SECONDS


def _wait_out_the_window(response: requests.Response, **_: Any) -> None:
    if response.status_code == 429:
        response.headers.setdefault("Retry-After", str(int(MINUTE)))


def _body_of(response: requests.Response) -> Any:
    try:
        return response.json()
    except requests.JSONDecodeError:
        return None


def _body_code(body: Any) -> Any:
    return body.get("error") if isinstance(body, dict) else None
