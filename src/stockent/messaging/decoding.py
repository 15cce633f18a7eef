"""From decoded JSON to a command, or to a refusal that names the field."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from .errors import Code, FieldError, MessagingError

T = TypeVar("T")

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at (?:`key` in )?`(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"missing required field `(?P<field>[^`]+)`")


def decode(kind: type[T], value: Any) -> T:
    """Check decoded JSON against a command's struct. Raises `MessagingError` (`INVALID`) naming the field."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise refusal(error) from None


def refusal(error: msgspec.ValidationError) -> MessagingError:
    """msgspec says what was expected and at which path (`$.subject.title`); a client reads field and message."""
    match = _PLACE.match(str(error))
    what, path = (match["what"], match["path"]) if match else (str(error), None)
    field = (path or "$").removeprefix("$").lstrip(".")
    missing = _FIELD.search(what)
    if missing:
        field = f"{field}.{missing['field']}" if field else missing["field"]
        what = "this field is required"
    what = what[:1].lower() + what[1:]
    return MessagingError(
        Code.INVALID, f"{field or 'the value'}: {what}", errors=(FieldError(field or "", what),)
    )
