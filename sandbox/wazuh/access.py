"""Who may ask the Wazuh server API, and how often: tokens, locks after failed logins, a limit."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import jwt
from starlette.requests import Request

from sandbox.credentials import Credentials
from sandbox.web import Refusal, is_basic_login

AUDIENCE = "Wazuh API REST"
MINUTE = 60.0


@dataclass
class WazuhBehaviour:
    """How this manager behaves; may be changed while it is served.

    token_seconds: how long a token is good for.
    requests_per_minute: answered in a fixed window of a minute, for all clients together.
    failed_logins: so many lock logins out for `locked_seconds`.
    is_partial: lists leave their last item out and say so with HTTP 200.
    denied: paths (``rules``, ``sca/000``) the account has no right to.
    now: seconds, the clock of all of the above.
    """

    token_seconds: float = 900
    requests_per_minute: int = 300
    failed_logins: int = 50
    locked_seconds: float = 300
    is_partial: bool = False
    denied: frozenset[str] = frozenset()
    now: Callable[[], float] = time.time


class Access:
    """The gate of one manager."""

    def __init__(self, credentials: Credentials, behaviour: WazuhBehaviour) -> None:
        self._credentials = credentials
        self._behaviour = behaviour
        self._key = secrets.token_hex(32)
        self._failed = 0
        self._locked_until = float("-inf")
        self._window = 0.0
        self._asked = 0

    def token(self, request: Request) -> str:
        """A token for a login; raises `Refusal` for a wrong one and while logins are locked."""
        now, ways = self._behaviour.now(), self._behaviour
        if now < self._locked_until:
            detail = "Limit of login attempts reached. The current IP has been blocked"
            body = {"title": "Permission Denied", "detail": detail, "error": 6000}
            raise Refusal(403, body)
        login = self._credentials.wazuh_user, self._credentials.wazuh_password
        if not is_basic_login(request, *login):
            self._failed += 1
            if self._failed >= ways.failed_logins:
                self._failed, self._locked_until = 0, now + ways.locked_seconds
            raise unauthorized("Invalid credentials")
        self._failed = 0
        claims = {
            "iss": "wazuh",
            "aud": AUDIENCE,
            "sub": self._credentials.wazuh_user,
            "nbf": int(now),
            "exp": int(now) + ways.token_seconds,
            "run_as": False,
            "rbac_roles": [1],
            "rbac_mode": "white",
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def require_token(self, request: Request) -> None:
        """Raise `Refusal` unless the request carries a token that is good now."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("No authorization token provided")
        try:
            # expiry is judged by the manager's own clock
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                options={"verify_exp": False, "verify_nbf": False},
            )
        except jwt.InvalidTokenError:
            raise unauthorized("Invalid token") from None
        if claims["exp"] <= self._behaviour.now():
            raise unauthorized("Invalid token")

    def count(self) -> None:
        """Count a request against the limit; raises `Refusal` beyond it, without Retry-After."""
        window = self._behaviour.now() // MINUTE
        self._asked = self._asked + 1 if window == self._window else 1
        self._window = window
        if self._asked > self._behaviour.requests_per_minute:
            body = {
                "title": "Too Many Requests",
                "detail": "Maximum number of requests per minute reached",
                "remediation": "Please try again later",
                "error": 6001,
            }
            raise Refusal(429, body)


def unauthorized(detail: str) -> Refusal:
    return Refusal(401, {"title": "Unauthorized", "detail": detail})
