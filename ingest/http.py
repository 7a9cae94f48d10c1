"""HTTP as all sources need it: time-outs, retries that honour Retry-After, one-line errors."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests
from dlt.sources.helpers.requests import Client
from tenacity import wait_random

from ingest.errors import SourceError

CONNECT_SECONDS = 10
READ_SECONDS = 60
ATTEMPTS = 5
JITTER_SECONDS = 1.0


class Http:
    """A session against one base URL of one source.

    `ca_file` is the PEM file of an authority beyond the public ones that may have signed the
    source's certificate (setting ``OPSMART_<SOURCE>_CA_FILE``). Retries 429, 5xx and connection
    errors with exponential backoff and jitter, or after what Retry-After says (dlt's client); every
    other refusal is the caller's to explain.
    """

    def __init__(
        self,
        source: str,
        url_setting: str,
        url: str,
        headers: Mapping[str, str],
        ca_file: str = "",
    ) -> None:
        self.source = source
        self.url_setting = url_setting
        self.ca_setting = f"OPSMART_{source.upper()}_CA_FILE"
        self.base = self._base(url)
        if ca_file and not Path(ca_file).is_file():
            raise SourceError(
                source, f"{self.ca_setting} names {ca_file}, which is no file: name a PEM file"
            )
        # said with every request, because a variable of the environment overrules a session's
        self._verify: bool | str = ca_file or True
        self.session = Client(
            request_timeout=(CONNECT_SECONDS, READ_SECONDS),
            request_max_attempts=ATTEMPTS,
            raise_for_status=False,
        ).session
        # many clients of a service that comes back must not come back in step
        retrying: Any = self.session.send.retry  # type: ignore[attr-defined]
        retrying.wait = retrying.wait + wait_random(0, JITTER_SECONDS)
        self.session.headers.update(headers)
        # else a login in ~/.netrc would overrule the header
        self.session.auth = _unchanged

    def _base(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SourceError(
                self.source, f"{self.url_setting} is no URL: give https://host[:port][/path]"
            )
        if parts.username or parts.password:
            raise SourceError(
                self.source,
                f"{self.url_setting} holds a login: move it to the settings for user and password",
            )
        return url.rstrip("/")

    def request(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Send a request; the response may carry any status below 500 but 429.

        Raises:
            SourceError: no answer, a certificate that is not trusted, or still 429 or 5xx after the
                last attempt.
        """
        url = f"{self.base}/{path.lstrip('/')}"
        try:
            response: requests.Response = self.session.request(
                method, url, verify=self._verify, **kwargs
            )
        except requests.exceptions.SSLError as error:
            raise SourceError(
                self.source,
                f"the certificate of {self.base} is not trusted ({_tls_reason(error)}): set "
                f"{self.ca_setting} to the PEM file of the authority that signed it",
            ) from error
        except requests.RequestException as error:
            raise SourceError(
                self.source,
                f"no answer from {self.base} ({type(error).__name__}): "
                f"check {self.url_setting} and that the service runs",
            ) from error
        if response.status_code == 429 or response.status_code >= 500:
            raise SourceError(
                self.source,
                f"{self.base} answered {response.status_code} {ATTEMPTS} times: "
                "look at the service's own log, then load again",
            )
        return response

    def clock(self, response: requests.Response) -> datetime:
        """The source's own time, from the Date header (UTC, whole seconds)."""
        header = response.headers.get("Date")
        if header is None:
            raise SourceError(self.source, f"{self.base} sends no Date header: check for a proxy")
        return parsedate_to_datetime(header).astimezone(UTC)

    def decode(self, response: requests.Response, kind: Any = Any) -> Any:
        """The JSON body; a body that is not JSON usually comes from a proxy in between."""
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError as error:
            raise SourceError(
                self.source,
                f"{response.url.split('?')[0]} answered {response.status_code} with a body that is "
                f"not what its API describes ({error}): check {self.url_setting}",
            ) from error

    def close(self) -> None:
        self.session.close()


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _tls_reason(error: BaseException) -> str:
    """What OpenSSL says, out of the wrapping of urllib3 and requests."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return str(cause.verify_message)
        arguments = [item for item in cause.args if isinstance(item, BaseException)]
        reason = getattr(cause, "reason", None)
        cause = reason if isinstance(reason, BaseException) else next(iter(arguments), None)
    return "TLS handshake failed"
