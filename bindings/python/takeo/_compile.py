"""From the shape of a statement to a compiled statement of the core.

A statement's shape is a tuple: its kind, its entity's leaf, then its clauses, each a tuple that begins
with a word.  Parameters are numbered in the order in which they are met, which is the order of the
values.  The nodes go into one flat array, children before parents.  No SQL is written here.
"""

from __future__ import annotations


from . import errors
from ._door import door
from ._lib import NULL, Memory, call, ffi, lib
from .expr import AND, BETWEEN, LIST, OR, PARAM, Leaf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KINDS = {
    name: getattr(lib, f"TAKEO_NODE_{name}")
    for name in (
        "ALL CALL CASE CAST COLUMN COLUMNS COMMENT CONSTANT DELETE DISTINCT ENTITY FILTER FRAGMENT FROM "
        "GROUP_BY HAVING INTO ITEM JOIN KEY LABEL LIMIT LOAD OFFSET ONLY OPERATION ORDER_BY PARAM PATH "
        "RAW RAW_SQL RELATION RETURNING ROW SELECT SET SUBQUERY TABLE UPDATE WHEN WHERE ASSIGN"
    ).split()
}
STATEMENTS = {"select": "SELECT", "update": "UPDATE", "delete": "DELETE", "raw": "RAW_SQL"}
PLAIN_CLAUSES = {"where": "WHERE", "having": "HAVING", "limit": "LIMIT", "offset": "OFFSET"}
LIST_CLAUSES = {"order_by": "ORDER_BY", "distinct": "DISTINCT", "only": "ONLY"}
JOINS = {"inner": lib.TAKEO_VARIANT_INNER, "left": lib.TAKEO_VARIANT_LEFT}
JOINS |= {"cross": lib.TAKEO_VARIANT_CROSS}
STRATEGIES = {None: 0, "join": lib.TAKEO_VARIANT_BY_JOIN, "query": lib.TAKEO_VARIANT_BY_QUERY}
CONSTANTS = {None: lib.TAKEO_VARIANT_NULL, True: lib.TAKEO_VARIANT_TRUE}
FLAG_LIST = lib.TAKEO_NODE_FLAG_LIST
FLAGGED = frozenset((*range(24, 29), 64, 65))  # operators of patterns and order: (op, flags, a ...)

STATEMENT_MAX = 1000  # compiled statements that one source keeps


class Statements(dict):  # type: ignore[type-arg]
    """shape -> statement of the door.  A hit is one look-up; a miss compiles."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._model = model

    def __missing__(self, shape: Any) -> Any:
        made = door.statement(compiled(self._model, shape), self._model.target)
        while len(self) >= STATEMENT_MAX:
            self.pop(next(iter(self)), None)
        self[shape] = made
        return made


def compiled(model: Any, shape: Any) -> Any:
    """The takeo_statement * of a shape; the caller owns it."""
    nodes = _Nodes()
    _Compiler(model, nodes).statement(shape, [])
    memory = Memory()
    definition = memory.new("takeo_statement_def *")
    definition.struct_size = ffi.sizeof("takeo_statement_def")
    definition.nodes, definition.node_count = nodes.packed(memory), len(nodes.all)
    definition.node_size = ffi.sizeof("takeo_node")
    out = ffi.new("takeo_statement **")
    call(lib.takeo_statement_compile, model.handle, definition, out)
    return out[0]


class _Nodes:
    """The array while it grows: lists of kind, op, flags, a, b, next, ref and text."""

    def __init__(self) -> None:
        self.all: list[list[Any]] = []
        self.chained: set[int] = set()

    def push(
        self, kind: str, op: int = 0, a: int = 0, b: int = 0, *, flags: int = 0, ref: int = 0, text: Any = None
    ) -> int:
        self.all.append([KINDS[kind], op, flags, a, b, 0, ref, text])
        return len(self.all)

    def chain(self, numbers: list[int]) -> int:
        """Link nodes; one that is linked already, or stands too early, is stood for by an ITEM."""
        last = first = 0
        for number in numbers:
            if number in self.chained or number <= last:
                number = self.push("ITEM", a=number)
            self.chained.add(number)
            if last:
                self.all[last - 1][5] = number
            last, first = number, first or number
        return first

    def packed(self, memory: Memory) -> Any:
        array = memory.new("takeo_node[]", len(self.all))
        for node, (kind, op, flags, a, b, after, ref, text) in zip(array, self.all):
            node.kind, node.op, node.flags = kind, op, flags
            node.a, node.b, node.next, node.ref = a, b, after, ref
            if text is not None:
                data = text.encode()
                node.text, node.text_len = memory.new("char[]", data), len(data)
            else:
                node.text = NULL
        return array


class _Compiler:
    """One statement on its way into nodes.  A scope is a list of (class, node of its table), inner
    first; `tables` holds the aliases that were joined or selected."""

    def __init__(self, model: Any, nodes: _Nodes) -> None:
        self.model = model
        self.nodes = nodes
        self.push = nodes.push
        self.count = 0  # parameters
        self.tables: dict[Any, tuple[type, int]] = {}
        self.paths: dict[tuple[int, int], tuple[type, int]] = {}

    # ---- statements
    def statement(self, shape: Any, outer: list[Any], is_value: bool = False) -> int:
        """A statement; as a value it gives keys where others give whole objects."""
        kind, root, *clauses = shape
        if kind == "select":  # all() says nothing to a read
            clauses = [clause for clause in clauses if clause[0] != "all"]
        if kind == "raw":
            return self.push("RAW_SQL", a=self.nodes.chain([self._part(p, outer) for p in root]))
        table, entity = self._root(root)
        # Plain columns never mean an alias: that is asked for by other[City.name].
        scope = [(entity, table), *outer] if isinstance(root, Leaf) else outer
        froms = [table]
        for clause in clauses:
            if clause[0] == "join":
                self._declare(clause[2])
        for clause in clauses:
            if clause[0] == "columns":
                froms += [self._declare(s[1]) for s in clause[1:] if self._is_new_table(s)]
        made = [self._clause(clause, scope, table, is_value) for clause in clauses]
        if kind == "select":
            if not any(clause[0] == "columns" for clause in clauses):
                whole = self.push("KEY" if is_value else "ENTITY", a=table)
                made.append(self.push("COLUMNS", a=self.nodes.chain([whole])))
            made.insert(0, self.push("FROM", a=self.nodes.chain(froms)))
        else:
            made.insert(0, self.push("INTO", a=table))
        return self.push(STATEMENTS[kind], a=self.nodes.chain(made))

    def _root(self, root: Any) -> tuple[int, type]:
        if isinstance(root, Leaf):
            number = self.push("TABLE", ref=self.model.of(root.entity).number)
            return number, root.entity
        self._declare(root)  # an alias
        entity, number = self.tables[root]
        return number, entity

    def _declare(self, source: Any) -> int:
        """Give a table with an alias its node."""
        if source[0] != "table":
            return 0
        if source not in self.tables:
            _, leaf, name = source
            number = self.push("TABLE", ref=self.model.of(leaf.entity).number, text=name)
            self.tables[source] = leaf.entity, number
        return self.tables[source][1]

    def _is_new_table(self, shape: Any) -> bool:
        is_alias = type(shape) is tuple and shape[0] == "key" and shape[1][0] == "table"
        return is_alias and shape[1] not in self.tables

    # ---- clauses
    def _clause(self, clause: Any, scope: list[Any], table: int, is_value: bool) -> int:
        word = clause[0]
        if word in PLAIN_CLAUSES:
            what = clause[1] if len(clause) > 1 else PARAM
            return self.push(PLAIN_CLAUSES[word], a=self.value(what, scope))
        if word in LIST_CLAUSES:
            values = [self.value(one, scope) for one in clause[1:]]
            return self.push(LIST_CLAUSES[word], a=self.nodes.chain(values))
        if word == "columns" or word == "returning":
            output = self.value if is_value else self.output
            values = [output(one, scope) for one in clause[1:]]
            return self.push(word.upper(), a=self.nodes.chain(values))
        if word == "group_by":
            return self.push("GROUP_BY", a=self.nodes.chain([self._group(g, scope) for g in clause[1:]]))
        if word == "set":
            return self.push("SET", a=self.nodes.chain(self._assignments(clause[1:], scope, table)))
        if word == "load":
            return self._load(clause, scope)
        if word == "join":
            return self._join(clause, scope)
        if word == "comment":
            return self.push("COMMENT", text=clause[1])
        return self.push("ALL")

    def output(self, shape: Any, scope: list[Any]) -> int:
        """One column of a result: a relation or entity is the whole object."""
        if type(shape) is tuple and shape[0] == "label":
            return self.push("LABEL", a=self.output(shape[1], scope), text=shape[2])
        if type(shape) is tuple and shape[0] in ("entity", "key"):
            source = shape[1]
            if isinstance(source, Leaf):
                return self.push("ENTITY", a=self._find(source, scope)[1])
            return self.push("ENTITY", a=self.source(source, scope)[1])
        return self.value(shape, scope)

    def _group(self, shape: Any, scope: list[Any]) -> int:
        if type(shape) is tuple and shape[0] == "key":
            return self.source(shape[1], scope)[1]
        return self.value(shape, scope)

    def _load(self, clause: Any, scope: list[Any]) -> int:
        _, source, strategy = clause
        if isinstance(source, Leaf):  # a deferred column
            target = self.value(source, scope)
        elif source[0] == "at":
            target = self.value(source, scope)
        else:
            target = self._path(source, scope)[1]
        return self.push("LOAD", STRATEGIES[strategy], a=target)

    def _join(self, clause: Any, scope: list[Any]) -> int:
        _, how, source, on = clause
        target = self.source(source, scope)[1]
        condition = self.value(on, scope) if on is not None else 0
        return self.push("JOIN", JOINS[how], a=target, b=condition)

    def _assignments(self, clause: Any, scope: list[Any], table: int) -> list[int]:
        made = []
        for leaf, shape in clause:
            model = self.model.of(scope[0][0])
            if leaf.name in model.column_numbers:
                column = self.push("COLUMN", a=table, ref=model.column_numbers[leaf.name])
                made.append(self.push("ASSIGN", a=column, b=self.value(shape, scope)))
                continue
            relation = model.relation(leaf.name)
            parts = shape[1:] if type(shape) is tuple and shape[0] == "row" else [shape]
            if shape is None:
                parts = [None] * len(relation.columns)
            for name, part in zip(relation.columns, parts):
                value = self.value(part, scope) if part is not None else self._constant(None)
                column = self.push("COLUMN", a=table, ref=model.column_numbers[name])
                made.append(self.push("ASSIGN", a=column, b=value))
        return made

    # ---- sources
    def _find(self, leaf: Leaf, scope: list[Any]) -> tuple[type, int]:
        """The table that a column's owner means here: the innermost one of its class."""
        for entity, number in scope:
            if issubclass(entity, leaf.entity):
                return entity, number
        here = ", ".join(dict.fromkeys(entity.__name__ for entity, _ in scope)) or "nothing"
        raise errors.InputError(
            f"{leaf!r} does not belong to this query, which is about {here}",
            code="TAKEO.QUERY.SHAPE",
            entity=leaf.entity.__name__,
            field=leaf.name or None,
            hint="a path leads there: City.country[Country.name]; or join it",
        )

    def source(self, source: Any, scope: list[Any]) -> tuple[type, int]:
        """Class and node of a source; a path is one node however often it is named."""
        if source[0] == "table":
            found = self.tables.get(source)
            if found is None:
                raise errors.InputError(
                    f"the alias {source[2]!r} of {source[1]!r} is in no join of this query",
                    code="TAKEO.QUERY.SHAPE",
                    hint="q.join(other, on=...)",
                )
            return found
        base, number, ref = self._step(source, scope)
        if (number, ref) not in self.paths:
            self.paths[number, ref] = base, self.push("PATH", a=number, ref=ref)
        return self.paths[number, ref]

    def _path(self, source: Any, scope: list[Any]) -> tuple[type, int]:
        """A path with nodes of its own: what a RELATION looks into, and what is loaded."""
        if source[1] is None or source[1][0] == "table":
            target, number, ref = self._step(source, scope)
        else:
            entity, number = self._path(source[1], scope)
            target, ref = self._target(entity, source[2])
        return target, self.push("PATH", a=number, ref=ref)

    def _step(self, source: Any, scope: list[Any]) -> tuple[type, int, int]:
        """(class at the end, node at the beginning, number of the relation) of the last step."""
        _, parent, leaf = source
        entity, number = self._find(leaf, scope) if parent is None else self.source(parent, scope)
        target, ref = self._target(entity, leaf)
        return target, number, ref

    def _target(self, entity: type, leaf: Leaf) -> tuple[type, int]:
        self._belongs(entity, leaf)
        relation = self.model.of(entity).relation(leaf.name)
        return self.model.by_name[relation.target], relation.number

    def _belongs(self, entity: type, leaf: Leaf) -> None:
        if not issubclass(entity, leaf.entity):
            raise errors.InputError(
                f"the brackets of a path to {entity.__name__} hold {leaf!r}",
                code="TAKEO.QUERY.SHAPE",
                entity=entity.__name__,
                field=leaf.name,
                expected=f"a column or relation of {entity.__name__}",
            )

    # ---- values
    def value(self, shape: Any, scope: list[Any]) -> int:
        if isinstance(shape, Leaf):
            entity, number = self._find(shape, scope)
            return self._column(entity, number, shape)
        if shape is PARAM or shape is LIST:
            self.count += 1
            return self.push("PARAM", ref=self.count, flags=FLAG_LIST if shape is LIST else 0)
        if shape is None or shape is True:
            return self._constant(shape)
        word = shape[0]
        if type(word) is int:
            return self._operation(shape, scope)
        return getattr(self, "_" + word)(shape, scope)  # type: ignore[no-any-return]

    def _column(self, entity: type, source: int, leaf: Leaf) -> int:
        model = self.model.of(entity)
        number = model.column_numbers.get(leaf.name)
        if number is None:
            raise errors.unknown_field(entity.__name__, leaf.name, model.column_numbers)
        return self.push("COLUMN", a=source, ref=number)

    def _constant(self, value: Any) -> int:
        return self.push("CONSTANT", CONSTANTS[value])

    def _operation(self, shape: Any, scope: list[Any]) -> int:
        op, flags = shape[0], 0
        if op in FLAGGED:
            flags, operands = shape[1], shape[2:]
        else:
            operands = shape[1:]
        values = [self.value(one, scope) for one in operands]
        if op == AND or op == OR:
            return self.push("OPERATION", op, self.nodes.chain(values))
        if op == BETWEEN:
            return self.push("OPERATION", op, values[0], self.nodes.chain(values[1:]))
        return self.push("OPERATION", op, *values, flags=flags)

    def _at(self, shape: Any, scope: list[Any]) -> int:
        entity, number = self.source(shape[1], scope)
        self._belongs(entity, shape[2])
        return self._column(entity, number, shape[2])

    def _key(self, shape: Any, scope: list[Any]) -> int:
        return self.push("KEY", a=self.source(shape[1], scope)[1])

    def _entity(self, shape: Any, scope: list[Any]) -> int:
        return self.push("KEY", a=self._find(shape[1], scope)[1])

    def _row(self, shape: Any, scope: list[Any]) -> int:
        return self.push("ROW", a=self.nodes.chain([self.value(one, scope) for one in shape[1:]]))

    def _relation(self, shape: Any, scope: list[Any]) -> int:
        _, variant, source, condition = shape
        target, path = self._path(source, scope)
        inner = self.value(condition, [(target, path), *scope]) if condition is not None else 0
        return self.push("RELATION", variant, a=path, b=inner)

    def _call(self, shape: Any, scope: list[Any]) -> int:
        _, function, flags, arguments, where = shape
        first = self.nodes.chain([self.value(one, scope) for one in arguments])
        modifier = 0
        if where is not None:
            modifier = self.nodes.chain([self.push("FILTER", a=self.value(where, scope))])
        return self.push("CALL", function, first, modifier, flags=flags)

    def _named(self, shape: Any, scope: list[Any]) -> int:
        first = self.nodes.chain([self.value(one, scope) for one in shape[2]])
        return self.push("CALL", a=first, text=shape[1])

    def _case(self, shape: Any, scope: list[Any]) -> int:
        whens = [
            self.push("WHEN", a=self.value(when, scope), b=self.value(then, scope))
            for when, then in shape[1]
        ]
        otherwise = self.value(shape[2], scope) if shape[2] is not None else 0
        return self.push("CASE", a=self.nodes.chain(whens), b=otherwise)

    def _cast(self, shape: Any, scope: list[Any]) -> int:
        return self.push("CAST", shape[2], a=self.value(shape[1], scope))

    def _label(self, shape: Any, scope: list[Any]) -> int:
        return self.value(shape[1], scope)  # a label says nothing inside an expression

    def _subquery(self, shape: Any, scope: list[Any]) -> int:
        paths, self.paths = self.paths, {}
        made = self.statement(shape[1], scope, True)
        self.paths = paths
        return self.push("SUBQUERY", a=made)

    def _raw(self, shape: Any, scope: list[Any]) -> int:
        parts = self.nodes.chain([self._part(part, scope) for part in shape[1]])
        return self.push("RAW", shape[2], a=parts)

    def _part(self, part: Any, scope: list[Any]) -> int:
        """A piece of raw SQL: text, a value, or the name of a table or column."""
        if isinstance(part, str):
            return self.push("FRAGMENT", text=part)
        if type(part) is tuple and part[0] == "name":  # only inside db.sql()
            leaf = part[1]
            model = self.model.of(leaf.entity)
            table = self.push("TABLE", ref=model.number)
            return self._column(leaf.entity, table, leaf) if leaf.name else table
        return self.value(part, scope)
