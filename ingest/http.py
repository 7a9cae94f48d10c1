"""HTTP as all sources need it: time-outs, retries that honour Retry-After, one-line errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import requests
from dlt.sources.helpers.requests import Client

from ingest.errors import SourceError

TIMEOUT_SECONDS = 60
ATTEMPTS = 5


class Http:
    """A session against one base URL of one source.

    Retries 429, 5xx and connection errors with backoff (dlt's client); every other refusal becomes
    a `SourceError` that names the URL's setting.
    """

    def __init__(self, source: str, url_setting: str, url: str, headers: Mapping[str, str]) -> None:
        self.source = source
        self.url_setting = url_setting
        self.base = url.rstrip("/")
        self.session = Client(
            request_timeout=TIMEOUT_SECONDS,
            request_max_attempts=ATTEMPTS,
            raise_for_status=False,
        ).session
        self.session.headers.update(headers)

    def request(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Send a request; the response may carry any status below 500 but 429.

        Raises:
            SourceError: no answer, or still 429 or 5xx after the last attempt.
        """
        url = f"{self.base}/{path.lstrip('/')}"
        try:
            response: requests.Response = self.session.request(method, url, **kwargs)
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
