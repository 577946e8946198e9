"""Addresses of servers, such as ``postgresql://user:password@host/database``.

Messages, reports and descriptions show an address without its password.
"""

from __future__ import annotations

from typing import Final

from vdb.errors import InvalidArgumentError

__all__ = ["require_plain_user", "without_secrets"]

_SECRETS: Final = ("pass", "secret", "token")
_SIGNS: Final = {"/": "%2F", "@": "%40", "?": "%3F", "#": "%23"}
"""What ends a user's name and password, unless it is written so."""


def without_secrets(address: str) -> str:
    """The address without a password, be it before the host or among the parameters.

    Example:
        assert without_secrets("redis://:secret@host:6379/0") == "redis://host:6379/0"
    """
    scheme, user, rest = _parts(address)
    place, mark, query = rest.partition("?")
    kept = [one for one in query.split("&") if not _is_secret(one)]
    name = user.partition(":")[0]
    at = f"{name}@" if name else ""
    return f"{scheme}://{at}{place}{mark if any(kept) else ''}{'&'.join(kept)}"


def require_plain_user(address: str) -> None:
    """Refuse a password whose signs would be taken for the host's, and so be shown.

    Raises:
        InvalidArgumentError: The part before the last ``@`` has a sign that must be escaped.
    """
    user = _parts(address)[1]
    wrong = [sign for sign in _SIGNS if sign in user]
    if wrong:
        signs = ", ".join(f"{sign} as {code}" for sign, code in _SIGNS.items())
        raise InvalidArgumentError(
            f"the address {without_secrets(address)} has {' and '.join(wrong)} in its user or its "
            f"password; they are written {signs}",
            expected="escaped signs",
        )


def _parts(address: str) -> tuple[str, str, str]:
    """The scheme, the user with the password, and the rest."""
    scheme, _, rest = address.partition("://")
    user, _, place = rest.rpartition("@")
    return scheme, user, place


def _is_secret(parameter: str) -> bool:
    name = parameter.partition("=")[0].lower()
    return any(word in name for word in _SECRETS)
