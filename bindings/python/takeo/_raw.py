"""SQL written by hand: the text, and what stands in its braces.

`{name}` is a value, a list (right of IN), a column or an entity; `{{` is a brace.  The text is cut into pieces once;
values never become part of it.  Nothing here knows what the SQL means.
"""

from __future__ import annotations


from . import errors
from ._kinds import type_of_expression
from ._lib import lib, utf8
from .expr import LIST, PARAM, Expr, Value, listed
from .fields import Field, ToOne, entity_leaf
from .types import SKIP, UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_pieces: dict[str, tuple[str, ...]] = {}  # text -> fragment, name, fragment, name, ... fragment
_PIECES_MAX = 1000


def pieces(text: Any) -> tuple[str, ...]:
    """The fragments of a text (even places) and the names in its braces (odd places)."""
    if text.__class__ is not str:
        raise errors.InputError("SQL is a text", got=errors.shown(text))
    found = _pieces.get(text)
    if found is None:
        found = _cut(text)
        if len(_pieces) >= _PIECES_MAX:
            _pieces.clear()
        _pieces[text] = found
    return found


def _cut(text: str) -> tuple[str, ...]:
    utf8(text, "SQL")
    found: list[str] = []
    fragment: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in "{}" and text[at : at + 2] == char * 2:
            fragment.append(char)
            at += 2
        elif char == "{":
            end = text.find("}", at)
            name = text[at + 1 : end] if end > 0 else ""
            if not name.isidentifier():
                raise _wrong(text, at, "a brace opens no name")
            found += ("".join(fragment), name)
            fragment, at = [], end + 1
        elif char == "}":
            raise _wrong(text, at, "a brace closes nothing")
        else:
            fragment.append(char)
            at += 1
    return (*found, "".join(fragment))


def _wrong(text: str, at: int, message: str) -> errors.InputError:
    near = errors.shown(text[max(0, at - 20) : at + 20])
    return errors.InputError(
        f"{message} at {at}", code="TAKEO.INPUT.FORM", got=near, hint="{{ and }} are braces"
    )


def fill(text: str, values: dict[str, Any], piece: Any) -> tuple[list[Any], tuple[Any, ...]]:
    """Shapes of all pieces and the values; `piece(value)` says what one value stands for."""
    found = pieces(text)
    names = found[1::2]
    if set(names) != values.keys():
        missing = ", ".join(n for n in dict.fromkeys(names) if n not in values)
        unknown = ", ".join(n for n in values if n not in names)
        parts = [f"{{{missing}}} has no value"] if missing else []
        parts += [f"{unknown} is not in the text"] if unknown else []
        hint = "a name in braces is given by keyword: sql(text, name=value)"
        raise errors.InputError("; ".join(parts), code="TAKEO.INPUT.COUNT", hint=hint)
    shapes: list[Any] = []
    given: list[Any] = []
    for index, one in enumerate(found):
        if index % 2:
            shape, its_values = piece(one, values[one])
            shapes += shape
            given += its_values
        elif one:
            shapes.append(one)
    return shapes, tuple(given)


def _value(name: str, value: Any) -> tuple[list[Any], Any]:
    """What a plain value stands for, in both kinds of SQL."""
    if value is UNSET or value is SKIP:
        raise errors.InputError(
            f"{{{name}}} is {value!r}", code="TAKEO.INPUT.UNSET", hint="give a value"
        )
    if isinstance(value, dict) or hasattr(type(value), "_takeo"):
        raise errors.InputError(
            f"{{{name}}} is no value of SQL",
            expected="a value of a column, a list of them, a column or an entity's class",
            got=errors.shown(value),
            hint="of an object give its key, of a dict its JSON: json.dumps(value)",
        )
    if isinstance(value, (list, tuple, set, frozenset)):
        return [LIST], (listed(value),)
    return [PARAM], (value,)


def statement_piece(name: str, value: Any) -> tuple[list[Any], Any]:
    """In db.sql(): entities and columns are their quoted names."""
    if isinstance(value, type):
        return [("name", entity_leaf(value))], ()
    if isinstance(value, (Field, ToOne)):
        return [("name", value.about.leaf)], ()
    if isinstance(value, Sql) and not value.shape[2]:
        return list(value.shape[1]), value.values
    if isinstance(value, Expr):
        raise errors.InputError(
            f"{{{name}}} is an expression; only columns, entities and sql() go into db.sql()",
            got=errors.shown(value),
        )
    return _value(name, value)


def _expression_piece(name: str, value: Any) -> tuple[list[Any], Any]:
    """In sql(): expressions are themselves."""
    if isinstance(value, Sql) and not value.shape[2]:
        return list(value.shape[1]), value.values
    if isinstance(value, Expr):
        return [value.shape], value.values
    return _value(name, value)


class Sql(Value):
    """What `sql()` gives: an expression whose type nobody knows, until `typed` says it."""

    __slots__ = ()

    def typed(self, type_: Any, /) -> Value:
        """The same with a type: `sql("{x} % 2", x=City.id).typed(int)`."""
        number = getattr(lib, f"TAKEO_TYPE_{type_of_expression(type_)}")
        return Value((*self.shape[:2], number), self.values, self.depth)


def sql(text: str, /, **values: Any) -> Sql:
    """SQL written by hand, for one expression; values stand in braces only.

    Args:
        text: a literal; `{name}` is a value or an expression, `{{` a brace.

    Raises:
        InputError: braces that do not pair, a name without a value.

    Example:
        >>> cities.find(sql("{x} % 2 = 1", x=City.id))
    """
    shapes, given = fill(text, values, _expression_piece)
    deepest = max((v.depth for v in values.values() if isinstance(v, Expr)), default=0)
    return Sql(("raw", tuple(shapes), 0), given, deepest + 1)
