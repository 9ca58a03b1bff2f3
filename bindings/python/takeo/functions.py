"""Typed SQL functions: `from takeo import functions as fn`.  Everything here builds an expression;
nothing runs.  How a database spells a function is the core's to know.
"""

from __future__ import annotations


from . import errors
from ._kinds import type_of_expression
from ._lib import lib
from .expr import CONCAT, Predicate, Value, and_, condition, operand
from .fields import entity_leaf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "abs", "avg", "bool_and", "bool_or", "call", "case", "cast", "ceil", "coalesce", "concat",
    "count", "exists", "floor", "greatest", "least", "length", "lower", "max", "min", "now", "nullif",
    "position", "power", "random", "replace", "round", "stddev", "string_agg", "substring", "sum",
    "trim", "upper", "variance",
]  # fmt: skip

_DISTINCT = lib.TAKEO_NODE_FLAG_DISTINCT


class Aggregate(Value):
    """A function over many rows."""

    __slots__ = ()

    def filter(self, *where: Predicate) -> Aggregate:
        """Only over rows that fulfil these: `count().filter(City.population > 3)`."""
        word, function, flags, arguments, _ = self.shape
        both = and_(*where)
        shape = (word, function, flags, arguments, both.shape)
        return Aggregate(shape, self.values + both.values, self.depth + both.depth)

    def distinct(self) -> Aggregate:
        """Equal values count once."""
        word, function, flags, arguments, where = self.shape
        return Aggregate((word, function, flags | _DISTINCT, arguments, where), self.values, self.depth)


def _call(kind: Any, function: str, *arguments: Any, flags: int = 0) -> Any:
    shapes, values, deepest = [], [], 0
    for one in arguments:
        shape, its_values, depth = operand(one)
        shapes.append(shape)
        values += its_values
        deepest = depth if depth > deepest else deepest
    number = getattr(lib, f"TAKEO_FUNCTION_{function}")
    return kind(("call", number, flags, tuple(shapes), None), tuple(values), deepest + 1)


# ---- aggregates


def count(expr: Any = None, /, *, distinct: bool = False) -> Aggregate:
    """Rows, or rows in which an expression is not NULL: `count()`, `count(City.id, distinct=True)`."""
    flags = _DISTINCT if distinct else 0
    if expr is None:
        return Aggregate(("call", lib.TAKEO_FUNCTION_COUNT, flags, (), None), (), 1)
    if isinstance(expr, type):
        shape = ("entity", entity_leaf(expr))
        return Aggregate(("call", lib.TAKEO_FUNCTION_COUNT, flags, (shape,), None), (), 2)
    return _call(Aggregate, "COUNT", expr, flags=flags)  # type: ignore[no-any-return]


def sum(expr: Any, /) -> Aggregate:
    """The sum; NULL of no rows."""
    return _call(Aggregate, "SUM", expr)  # type: ignore[no-any-return]


def avg(expr: Any, /) -> Aggregate:
    """The average; NULL of no rows."""
    return _call(Aggregate, "AVG", expr)  # type: ignore[no-any-return]


def min(expr: Any, /) -> Aggregate:
    """The least value."""
    return _call(Aggregate, "MIN", expr)  # type: ignore[no-any-return]


def max(expr: Any, /) -> Aggregate:
    """The greatest value."""
    return _call(Aggregate, "MAX", expr)  # type: ignore[no-any-return]


def string_agg(expr: Any, separator: str, /) -> Aggregate:
    """All texts in one, with a separator between them."""
    return _call(Aggregate, "STRING_AGG", expr, separator)  # type: ignore[no-any-return]


def bool_and(expr: Any, /) -> Aggregate:
    """Are all true?"""
    return _call(Aggregate, "BOOL_AND", expr)  # type: ignore[no-any-return]


def bool_or(expr: Any, /) -> Aggregate:
    """Is one true?"""
    return _call(Aggregate, "BOOL_OR", expr)  # type: ignore[no-any-return]


def stddev(expr: Any, /) -> Aggregate:
    """Standard deviation of the sample."""
    return _call(Aggregate, "STDDEV", expr)  # type: ignore[no-any-return]


def variance(expr: Any, /) -> Aggregate:
    """Variance of the sample."""
    return _call(Aggregate, "VARIANCE", expr)  # type: ignore[no-any-return]


# ---- text


def lower(expr: Any, /) -> Value:
    """In small letters."""
    return _call(Value, "LOWER", expr)  # type: ignore[no-any-return]


def upper(expr: Any, /) -> Value:
    """In capital letters."""
    return _call(Value, "UPPER", expr)  # type: ignore[no-any-return]


def length(expr: Any, /) -> Value:
    """Characters of a text."""
    return _call(Value, "LENGTH", expr)  # type: ignore[no-any-return]


def trim(expr: Any, /) -> Value:
    """Without blanks at both ends."""
    return _call(Value, "TRIM", expr)  # type: ignore[no-any-return]


def substring(expr: Any, start: Any, length: Any = None, /) -> Value:
    """From the character number `start`, from 1, as long as said or to the end."""
    arguments = (expr, start) if length is None else (expr, start, length)
    return _call(Value, "SUBSTRING", *arguments)  # type: ignore[no-any-return]


def replace(expr: Any, old: Any, new: Any, /) -> Value:
    """With every `old` replaced by `new`."""
    return _call(Value, "REPLACE", expr, old, new)  # type: ignore[no-any-return]


def position(expr: Any, part: Any, /) -> Value:
    """Where `part` begins in a text, from 1; 0 when it is not in it."""
    return _call(Value, "POSITION", expr, part)  # type: ignore[no-any-return]


def concat(*parts: Any) -> Value:
    """Texts one after another; NULL when one of them is."""
    if len(parts) < 2:
        raise errors.InputError("concat takes two parts or more", code="TAKEO.INPUT.COUNT")
    shape, values, depth = operand(parts[0])
    for part in parts[1:]:
        its, its_values, its_depth = operand(part)
        shape, values = (CONCAT, shape, its), values + its_values
        depth = (its_depth if its_depth > depth else depth) + 1
    return Value(shape, values, depth)


# ---- numbers and time


def abs(expr: Any, /) -> Value:
    """Without its sign."""
    return _call(Value, "ABS", expr)  # type: ignore[no-any-return]


def round(expr: Any, digits: int | None = None, /) -> Value:
    """Rounded to so many digits behind the point; to a whole number when left out."""
    arguments = (expr,) if digits is None else (expr, digits)
    return _call(Value, "ROUND", *arguments)  # type: ignore[no-any-return]


def floor(expr: Any, /) -> Value:
    """The next whole number below."""
    return _call(Value, "FLOOR", expr)  # type: ignore[no-any-return]


def ceil(expr: Any, /) -> Value:
    """The next whole number above."""
    return _call(Value, "CEIL", expr)  # type: ignore[no-any-return]


def power(base: Any, exponent: Any, /) -> Value:
    """A base to the power of an exponent."""
    return _call(Value, "POWER", base, exponent)  # type: ignore[no-any-return]


def random() -> Value:
    """A random number of the server."""
    return _call(Value, "RANDOM")  # type: ignore[no-any-return]


def now() -> Value:
    """The server's time, with its zone."""
    return _call(Value, "NOW")  # type: ignore[no-any-return]


# ---- logic


def case(*when: tuple[Predicate, Any], else_: Any = None) -> Value:
    """The value of the first condition that is true: `case((City.population > 1, "big"), else_="x")`."""
    if not when:
        raise errors.InputError("case takes pairs of a condition and a value", code="TAKEO.INPUT.COUNT")
    whens, values, deepest = [], [], 0
    for condition_, value in when:
        test = condition(condition_)
        shape, its_values, depth = operand(value)
        whens.append((test.shape, shape))
        values += (*test.values, *its_values)
        deepest = sorted((deepest, test.depth, depth))[-1]
    otherwise = None
    if else_ is not None:
        otherwise, its_values, depth = operand(else_)
        values += its_values
        deepest = depth if depth > deepest else deepest
    return Value(("case", tuple(whens), otherwise), tuple(values), deepest + 1)


def coalesce(first: Any, /, *others: Any) -> Value:
    """The first that is not NULL."""
    return _call(Value, "COALESCE", first, *others)  # type: ignore[no-any-return]


def nullif(expr: Any, value: Any, /) -> Value:
    """NULL when both are equal, else the first."""
    return _call(Value, "NULLIF", expr, value)  # type: ignore[no-any-return]


def greatest(first: Any, /, *others: Any) -> Value:
    """The greatest of these."""
    return _call(Value, "GREATEST", first, *others)  # type: ignore[no-any-return]


def least(first: Any, /, *others: Any) -> Value:
    """The least of these."""
    return _call(Value, "LEAST", first, *others)  # type: ignore[no-any-return]


def cast(expr: Any, to: Any, /) -> Value:
    """The same as another type: a Python type, a type string or a marker of `takeo.types`."""
    number = getattr(lib, f"TAKEO_TYPE_{type_of_expression(to)}")
    shape, values, depth = operand(expr)
    return Value(("cast", shape, number), values, depth + 1)


def exists(query: Any, /) -> Predicate:
    """Has a subquery a row: `exists(select(User).where(...).subquery())`."""
    shape = getattr(query, "shape", None)
    if type(shape) is not tuple or shape[0] != "subquery":
        raise errors.InputError(
            "exists takes a subquery", got=errors.shown(query), hint="select(...).subquery()"
        )
    return Predicate((lib.TAKEO_OPERATOR_EXISTS, shape), query.values, query.depth + 1)


def call(name: str, /, *arguments: Any, returns: Any) -> Value:
    """Any other function of the server: `call("soundex", City.name, returns=str)`.

    The name must be letters, digits and _.
    """
    if not (isinstance(name, str) and name.isascii() and name.isidentifier() and len(name) < 64):
        raise errors.InputError(
            f"{name!r} is no name of a function", code="TAKEO.QUERY.NAME", expected="letters, digits, _"
        )
    shapes, values, deepest = [], [], 0
    for one in arguments:
        shape, its_values, depth = operand(one)
        shapes.append(shape)
        values += its_values
        deepest = depth if depth > deepest else deepest
    number = getattr(lib, f"TAKEO_TYPE_{type_of_expression(returns)}")
    return Value(("cast", ("named", name, tuple(shapes)), number), tuple(values), deepest + 2)
