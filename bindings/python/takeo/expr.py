"""Expressions: what `City.population > 3` is.

An expression is an immutable pair: its shape, which is all that decides the SQL, and its values, in
the order in which they stand in the shape.  Equal shapes are equal dictionary keys, so a repeated query
is compiled once.  Nothing here knows statements, sources or SQL.

Shapes are nested tuples:

    a Leaf                          a column or relation, found by its owner where it stands
    (op, a, b ...)                  an operation of the core, op below 128
    (op, flags, a, b)               ... that takes flags (text and order)
    PARAM, LIST                     the next value; the next value, which is a list
    ("at", source, leaf)            a column or relation of a named source: a path or an alias
    ("key", source)                 the key of what is at the end of a path
    ("row", a, b ...)               a key of several columns
    ("relation", variant, source, condition or None)
    ("call", function, flags, arguments, filter), ("named", name, arguments), ("case", whens, else),
    ("cast", a, type), ("label", a, name), ("raw", parts, type), ("subquery", statement),
    ("table", class leaf, alias or None)

where a source is None (the statement's own table), ("path", source, leaf) or ("table", ...).
"""

from __future__ import annotations

from types import GenericAlias

from . import errors
from ._lib import lib
from .types import SKIP, UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    K = TypeVar("K", bound="Value")

AND, OR, NOT = lib.TAKEO_OPERATOR_AND, lib.TAKEO_OPERATOR_OR, lib.TAKEO_OPERATOR_NOT
EQ, NE = lib.TAKEO_OPERATOR_EQ, lib.TAKEO_OPERATOR_NE
LT, LE, GT, GE = (getattr(lib, f"TAKEO_OPERATOR_{n}") for n in ("LT", "LE", "GT", "GE"))
BETWEEN, IN, NOT_IN = (getattr(lib, f"TAKEO_OPERATOR_{n}") for n in ("BETWEEN", "IN", "NOT_IN"))
IS_NULL, IS_NOT_NULL = lib.TAKEO_OPERATOR_IS_NULL, lib.TAKEO_OPERATOR_IS_NOT_NULL
DISTINCT_FROM = lib.TAKEO_OPERATOR_DISTINCT_FROM
LIKE, CONTAINS = lib.TAKEO_OPERATOR_LIKE, lib.TAKEO_OPERATOR_TEXT_CONTAINS
STARTS_WITH, ENDS_WITH = lib.TAKEO_OPERATOR_STARTS_WITH, lib.TAKEO_OPERATOR_ENDS_WITH
MATCHES, CONCAT = lib.TAKEO_OPERATOR_MATCHES, lib.TAKEO_OPERATOR_CONCAT
ADD, SUBTRACT = lib.TAKEO_OPERATOR_ADD, lib.TAKEO_OPERATOR_SUBTRACT
MULTIPLY, DIVIDE = lib.TAKEO_OPERATOR_MULTIPLY, lib.TAKEO_OPERATOR_DIVIDE
MODULO, NEGATE = lib.TAKEO_OPERATOR_MODULO, lib.TAKEO_OPERATOR_NEGATE
ASC, DESC = lib.TAKEO_OPERATOR_ASC, lib.TAKEO_OPERATOR_DESC
IGNORE_CASE = lib.TAKEO_NODE_FLAG_IGNORE_CASE
NULLS = {
    None: 0,
    "first": lib.TAKEO_NODE_FLAG_NULLS_FIRST,
    "last": lib.TAKEO_NODE_FLAG_NULLS_LAST,
}
HAS, ANY, NONE = lib.TAKEO_VARIANT_HAS, lib.TAKEO_VARIANT_ANY, lib.TAKEO_VARIANT_NONE
EVERY, COUNT, HOLDS = lib.TAKEO_VARIANT_EVERY, lib.TAKEO_VARIANT_COUNT, lib.TAKEO_VARIANT_HOLDS

DEPTH_MAX = 900  # the core takes 1000 nodes below each other


class _Place:
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


PARAM = _Place("PARAM")
LIST = _Place("LIST")


class Leaf:
    """What stands for a column, relation or entity in a shape: compared by identity."""

    __slots__ = ("entity", "name")

    def __init__(self, entity: type, name: str) -> None:
        self.entity = entity
        self.name = name

    def __repr__(self) -> str:
        return f"{self.entity.__name__}.{self.name}" if self.name else self.entity.__name__


class Expr:
    """An SQL expression: comparisons give conditions, arithmetic gives expressions."""

    __slots__ = ()
    __class_getitem__: Any = classmethod(GenericAlias)
    __hash__ = object.__hash__
    __iter__ = None
    __contains__ = None

    shape: Any
    values: tuple[Any, ...]
    depth: int

    def __bool__(self) -> bool:
        raise TypeError(
            "an expression is neither true nor false: join conditions with & | ~ and put each "
            "into brackets, as in (City.id > 3) & (City.id < 9)"
        )

    # ---- of conditions, which sql() may be too; others are refused with what to write instead
    def __and__(self, other: Predicate) -> Predicate:
        return _all(AND, (self, other))

    def __or__(self, other: Predicate) -> Predicate:
        return _all(OR, (self, other))

    def __rand__(self, other: Any) -> Predicate:
        return _all(AND, (other, self))

    def __ror__(self, other: Any) -> Predicate:
        return _all(OR, (other, self))

    def __invert__(self) -> Predicate:
        condition(self)
        return Predicate((NOT, self.shape), self.values, self.depth + 1)

    # ---- comparisons
    def __eq__(self, other: object) -> Predicate:  # type: ignore[override]
        return compare(EQ, self, other)

    def __ne__(self, other: object) -> Predicate:  # type: ignore[override]
        return compare(NE, self, other)

    def __lt__(self, other: Any) -> Predicate:
        return compare(LT, self, other)

    def __le__(self, other: Any) -> Predicate:
        return compare(LE, self, other)

    def __gt__(self, other: Any) -> Predicate:
        return compare(GT, self, other)

    def __ge__(self, other: Any) -> Predicate:
        return compare(GE, self, other)

    def between(self, low: Any, high: Any) -> Predicate:
        """low <= self <= high."""
        return _operation(Predicate, BETWEEN, self, low, high)

    def in_(self, values: Any) -> Predicate:
        """One of these; an empty list is false.  Also a `subquery()` of one column."""
        return _membership(IN, self, values)

    def not_in(self, values: Any) -> Predicate:
        """None of these; an empty list is true.  Rows with NULL drop out, as in SQL."""
        return _membership(NOT_IN, self, values)

    def is_null(self) -> Predicate:
        """It is NULL."""
        return Predicate((IS_NULL, self.shape), self.values, self.depth + 1)

    def is_not_null(self) -> Predicate:
        """It is not NULL."""
        return Predicate((IS_NOT_NULL, self.shape), self.values, self.depth + 1)

    def is_distinct_from(self, other: Any) -> Predicate:
        """Unlike `!=`, NULL counts as a value."""
        if other is None:
            return self.is_not_null()
        return _operation(Predicate, DISTINCT_FROM, self, other)

    # ---- text
    def like(self, pattern: str) -> Predicate:
        """SQL's pattern: % any text, _ any character, \\ before a sign means the sign."""
        return _text(LIKE, self, pattern, False)

    def ilike(self, pattern: str) -> Predicate:
        """`like` without looking at case."""
        return _text(LIKE, self, pattern, True)

    def contains(self, text: str, *, ignore_case: bool = False) -> Predicate:
        """Holds this text; % and _ in it mean themselves."""
        return _text(CONTAINS, self, text, ignore_case)

    def startswith(self, text: str, *, ignore_case: bool = False) -> Predicate:
        """Begins with this text; % and _ in it mean themselves."""
        return _text(STARTS_WITH, self, text, ignore_case)

    def endswith(self, text: str, *, ignore_case: bool = False) -> Predicate:
        """Ends with this text; % and _ in it mean themselves."""
        return _text(ENDS_WITH, self, text, ignore_case)

    def matches(self, regex: str, *, ignore_case: bool = False) -> Predicate:
        """A regular expression, where the server has them."""
        return _text(MATCHES, self, regex, ignore_case)

    # ---- arithmetic
    def __add__(self, other: Any) -> Value:
        return _operation(Value, CONCAT if is_text(self) or is_text(other) else ADD, self, other)

    def __radd__(self, other: Any) -> Value:
        return _operation(Value, CONCAT if isinstance(other, str) else ADD, other, self)

    def __sub__(self, other: Any) -> Value:
        return _operation(Value, SUBTRACT, self, other)

    def __rsub__(self, other: Any) -> Value:
        return _operation(Value, SUBTRACT, other, self)

    def __mul__(self, other: Any) -> Value:
        return _operation(Value, MULTIPLY, self, other)

    def __rmul__(self, other: Any) -> Value:
        return _operation(Value, MULTIPLY, other, self)

    def __truediv__(self, other: Any) -> Value:
        return _operation(Value, DIVIDE, self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return _operation(Value, DIVIDE, other, self)

    def __mod__(self, other: Any) -> Value:
        return _operation(Value, MODULO, self, other)

    def __neg__(self) -> Value:
        return Value((NEGATE, self.shape), self.values, self.depth + 1)

    # ---- order and names
    def asc(self, *, nulls: str | None = None) -> Order:
        """Smallest first; nulls="first" or "last"."""
        return _order(ASC, self, nulls)

    def desc(self, *, nulls: str | None = None) -> Order:
        """Largest first; nulls="first" or "last"."""
        return _order(DESC, self, nulls)

    def label(self, name: str) -> Value:
        """A name for the column of a result: the key in `dicts()`."""
        if not isinstance(name, str):
            raise errors.InputError("a label is a text", got=errors.shown(name))
        return Value(("label", self.shape, name), self.values, self.depth + 1)


class Value(Expr):
    """A computed expression."""

    __slots__ = ("depth", "shape", "values")

    def __init__(self, shape: Any, values: tuple[Any, ...], depth: int) -> None:
        if depth > DEPTH_MAX:
            raise errors.InputError(
                f"an expression is more than {DEPTH_MAX} operations deep",
                code="TAKEO.QUERY.TOO_LARGE",
                hint="and_(*conditions) and in_(values) are flat",
            )
        self.shape = shape
        self.values = values
        self.depth = depth

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.shape!r}>"


class Predicate(Value):
    """A condition.  `&`, `|`, `~` join conditions; brackets are needed around comparisons."""

    __slots__ = ()


class Order:
    """What `City.name.desc()` gives; only for `order_by`."""

    __slots__ = ("depth", "shape", "values")

    def __init__(self, shape: Any, values: tuple[Any, ...], depth: int) -> None:
        self.shape = shape
        self.values = values
        self.depth = depth


class Assignment:
    """What `City.name.to("Lyon")` gives; only for updates."""

    __slots__ = ("leaf", "shape", "values")

    def __init__(self, leaf: Leaf, shape: Any, values: tuple[Any, ...]) -> None:
        self.leaf = leaf
        self.shape = shape
        self.values = values


# ---- making them -------------------------------------------------------------------------------------


def operand(value: Any) -> tuple[Any, tuple[Any, ...], int]:
    """Shape, values and depth of what stands beside an operator."""
    if isinstance(value, Expr):
        return value.shape, value.values, value.depth
    if value is UNSET:
        raise errors.InputError(
            "a value was never given or loaded",
            code="TAKEO.INPUT.UNSET",
            why="an unset value never widens a condition",
            hint="SKIP leaves a condition out",
        )
    if value is None:
        raise errors.InputError(
            "None has no place in this operation",
            code="TAKEO.INPUT.NULL",
            hint="x == None, x.is_null() or x.is_not_null()",
        )
    return PARAM, (value,), 1


def compare(op: int, left: Expr, right: Any) -> Predicate:
    """left op right; None is IS NULL, SKIP stays SKIP."""
    if right is None and op in (EQ, NE):
        null = IS_NULL if op == EQ else IS_NOT_NULL
        return Predicate((null, left.shape), left.values, left.depth + 1)
    if right is SKIP:
        return right  # type: ignore[no-any-return]
    if right.__class__ in _PLAIN:
        return Predicate((op, left.shape, PARAM), (*left.values, right), left.depth + 1)
    return _operation(Predicate, op, left, right)


_PLAIN = frozenset((int, str, float, bytes))


def _operation(kind: type[K], op: int, *operands: Any) -> K:
    shape: list[Any] = [op]
    values: tuple[Any, ...] = ()
    deepest = 0
    for one in operands:
        if one is SKIP:
            return one  # type: ignore[no-any-return]
        its, its_values, depth = operand(one)
        shape.append(its)
        values += its_values
        deepest = max(deepest, depth)
    return kind(tuple(shape), values, deepest + 1)


def _text(op: int, left: Expr, right: Any, ignore_case: bool) -> Predicate:
    if right is SKIP:
        return right  # type: ignore[no-any-return]
    shape, values, depth = operand(right)
    flags = IGNORE_CASE if ignore_case else 0
    deeper = max(left.depth, depth) + 1
    return Predicate((op, flags, left.shape, shape), left.values + values, deeper)


def _membership(op: int, left: Expr, right: Any) -> Predicate:
    if right is SKIP:
        return right  # type: ignore[no-any-return]
    if isinstance(right, Expr):
        return _operation(Predicate, op, left, right)
    values = listed(right)
    return Predicate((op, left.shape, LIST), (*left.values, values), left.depth + 1)


def listed(values: Any, word: str = "in_") -> tuple[Any, ...]:
    """The values of a list as a tuple; what is no list, or holds None, is an InputError."""
    if isinstance(values, (str, bytes, bytearray, dict)) or getattr(values, "__iter__", None) is None:
        raise errors.InputError(
            f"{word} takes a list of values", expected="a list", got=errors.shown(values)
        )
    found = tuple(values)
    if any(one is None or one is UNSET for one in found):
        raise errors.InputError(
            "a list of values holds None or UNSET",
            code="TAKEO.INPUT.NULL",
            why="NULL is never equal to anything, so it would be looked for in vain",
            hint="x.in_([...]) | x.is_null()",
        )
    return found


def _order(op: int, what: Expr, nulls: str | None) -> Order:
    if nulls not in NULLS:
        raise errors.InputError(f"nulls={nulls!r} is not known", expected='"first" or "last"')
    return Order((op, NULLS[nulls], what.shape), what.values, what.depth + 1)


def _all(op: int, conditions: tuple[Any, ...]) -> Predicate:
    shapes: list[Any] = []
    values: list[Any] = []
    deepest = 0
    for one in conditions:
        if one is SKIP:
            continue
        condition(one)
        shape = one.shape
        if type(shape) is tuple and shape[0] == op:  # a & b & c is one flat AND
            shapes += shape[1:]
            deepest = max(deepest, one.depth - 1)
        else:
            shapes.append(shape)
            deepest = max(deepest, one.depth)
        values += one.values
    return Predicate((op, *shapes), tuple(values), deepest + 1)


def condition(value: Any) -> Predicate:
    """The value, when it is a condition; else an InputError that says what was given."""
    if isinstance(value, Predicate):
        return value
    if isinstance(value, Value) and value.shape[0] == "raw":  # sql("...") stands for itself
        return Predicate(value.shape, value.values, value.depth)
    hint = "City.name == name, not a dict or a bool; join conditions with & | ~"
    if isinstance(value, Expr):
        hint = "compare it: City.flag == True"
    raise errors.InputError(
        "a condition is needed here", expected="a condition", got=errors.shown(value), hint=hint
    )


def and_(*where: Predicate) -> Predicate:
    """All of these; of none it is true.

    Example:
        >>> and_(City.population > 3, City.name.like("L%"), SKIP)
    """
    return _all(AND, where)


def or_(*where: Predicate) -> Predicate:
    """One of these; of none it is false."""
    return _all(OR, where)


def is_text(value: Any) -> bool:
    return isinstance(value, str) or getattr(value, "_is_text", False)


__all__ = ["Assignment", "Expr", "Order", "Predicate", "Value", "and_", "or_"]
