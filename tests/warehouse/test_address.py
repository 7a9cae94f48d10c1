from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from warehouse.address import Address

words = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)
addresses = st.builds(
    Address,
    host=st.sampled_from(["127.0.0.1", "db.example", "::1", "/var/run/postgresql"]),
    port=st.integers(1, 65535),
    user=words,
    password=words,
    parameters=st.fixed_dictionaries({}, optional={"sslmode": st.just("require")}),
)


@given(addresses)
def test_a_url_carries_every_login_unchanged(address: Address) -> None:
    assert Address.parse(address.url("opsmart_small")) == (address, "opsmart_small")


@given(addresses.filter(lambda address: not address.host.startswith("/")))
def test_sqlalchemy_reads_the_same_login(address: Address) -> None:
    read = make_url(address.url("opsmart", "-crole=opsmart_ml -cjit=off", "postgresql+psycopg2"))
    assert (read.username, read.password) == (address.user, address.password)
    assert (read.host, read.port, read.database) == (address.host, address.port, "opsmart")
    assert read.query == {**address.parameters, "options": "-crole=opsmart_ml -cjit=off"}


def test_options_are_added_to_those_of_the_url() -> None:
    address, database = Address.parse("postgres://u@h/d?options=-cjit%3Don")
    assert (
        address.url(database, "-crole=r")
        == "postgresql://u@h:5432/d?options=-cjit%3Don%20-crole%3Dr"
    )


def test_a_password_does_not_show_in_what_describes_an_address() -> None:
    address, _ = Address.parse("postgresql://u:s3cret@h/d?sslpassword=s3cret")
    assert "s3cret" not in f"{address} {address!r}"
