"""Lists of objects: one call, few statements, and every object told apart by its key.

The same tests run on every database; what PostgreSQL does with a list in its own way (keys drawn first, rows
by COPY or unnest, once more object by object when something comes out otherwise) is tried where it could
go wrong: triggers, keys that are no sequence's, partitions, rights, constraints.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from takeo import (
    Column,
    DataSource,
    Entity,
    ManyToOne,
    Mapped,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Rel,
    errors,
    sql,
)

MANY = 500  # enough for a batch, more than a window of single statements


@Entity("batch_parents")
class Parent:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(length=40)


@Entity("batch_children")
class Child:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(length=40, unique=True)
    price: Mapped[Decimal | None] = Column(precision=10, scale=2, default=None)
    made: Mapped[datetime] = Column(default=lambda: datetime(2020, 1, 2, 3, 4, 5, 6, timezone.utc))
    note: Mapped[str] = Column(server_default=sql("'made by the server'"))
    parent: Rel[Parent | None] = ManyToOne(Parent, default=None)


@Entity("batch_plain")
class Plain:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column()
    size: Mapped[int] = Column(default=0)


@Entity("batch_tokens")
class Token:
    id: Mapped[UUID] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column()


@Entity("batch_places")
class Place:
    x: Mapped[int] = PrimaryColumn()
    y: Mapped[int] = PrimaryColumn()
    name: Mapped[str | None] = Column(default=None)


@Entity("batch_nodes")
class Node:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column()
    above: Rel[Node | None] = ManyToOne("Node", default=None)


@Entity("batch_lists")
class Lists:
    id: Mapped[int] = PrimaryGeneratedColumn()
    texts: Mapped[list[str]] = Column(default=list)
    wholes: Mapped[list[int] | None] = Column(default=None)
    amounts: Mapped[list[Decimal] | None] = Column(default=None)
    times: Mapped[list[datetime] | None] = Column(default=None)
    days: Mapped[list[date] | None] = Column(default=None)
    tokens: Mapped[list[UUID] | None] = Column(default=None)
    flags: Mapped[list[bool] | None] = Column(default=None)
    reals: Mapped[list[float] | None] = Column(default=None)
    data: Mapped[list[bytes] | None] = Column(default=None)


@Entity("batch_told_lists")
class ToldLists:
    """The server makes one more value, so the rows do not go by COPY."""

    id: Mapped[int] = PrimaryGeneratedColumn()
    texts: Mapped[list[str] | None] = Column(default=None)
    wholes: Mapped[list[int] | None] = Column(default=None)
    note: Mapped[str] = Column(server_default=sql("'made by the server'"))


ALL = [Parent, Child, Plain, Token, Place, Node, Lists, ToldLists]


@pytest.fixture
def db(new_url: Any) -> Any:
    with DataSource(new_url(), entities=ALL) as source:
        source.synchronize()
        yield source


def plains(count: int = MANY) -> list[Plain]:
    return [Plain(name=f"p{number}", size=number) for number in range(count)]


def names(db: DataSource, cls: Any) -> dict[Any, str]:
    return {row.id: row.name for row in db.repository(cls).find()}


# ---- what every database does ---------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 23, 24, 25, 300, 20_000])
def test_a_list_of_any_length_gets_its_keys(db: DataSource, count: int) -> None:
    made = plains(count)
    db.save(made)
    assert len({one.id for one in made}) == count
    assert names(db, Plain) == {one.id: one.name for one in made}


def test_keys_belong_to_their_objects_in_any_order(db: DataSource) -> None:
    made = plains()
    made.sort(key=lambda one: one.name, reverse=True)
    db.save(made)
    found = names(db, Plain)
    assert all(found[one.id] == one.name for one in made)


def test_loaded_objects_are_updated_where_they_changed(db: DataSource) -> None:
    made = plains()
    db.save(made)
    for number, one in enumerate(made):
        if number % 3 == 0:
            one.size = -number
        elif number % 3 == 1:
            one.name, one.size = f"new {number}", 7
    db.save(made)
    sizes = {row.id: (row.name, row.size) for row in db.repository(Plain).find()}
    assert sizes == {one.id: (one.name, one.size) for one in made}


def test_removed_objects_are_gone_and_only_they(db: DataSource) -> None:
    made = plains()
    db.save(made)
    db.remove(made[10:-10])
    assert set(names(db, Plain)) == {one.id for one in made[:10] + made[-10:]}


def test_values_of_every_kind_go_through(db: DataSource) -> None:
    parents = [Parent(name=f"parent {number}") for number in range(50)]
    made = [
        Child(
            name=f"Zürich 'x' \\ \t{number}",
            price=Decimal(number).scaleb(-2) if number % 2 else None,
            parent=parents[number % 50] if number % 7 else None,
        )
        for number in range(MANY)
    ]
    db.save([*made, *parents])
    found = {row.id: row for row in db.repository(Child).find(load=[Child.parent])}
    for one in made:
        row = found[one.id]
        assert (row.name, row.price, row.made, row.note) == (one.name, one.price, one.made, "made by the server")
        assert one.note == "made by the server"
        assert (row.parent and row.parent.id) == (one.parent and one.parent.id)


ODD = ["", "a", "NULL", "null", None, "{}", "{a,b}", '"', 'say "y"', "\\", "a\\b", '\\"', "a,b", " a ", "Zürich", "'", "\t\n", "{", "}"]


def drawn_lists(draw: random.Random, kind: type[Any]) -> Any:
    """Lists may be empty or NULL, and so may what is in them."""

    def some(make: Any, or_none: bool = True) -> Any:
        many = draw.choice([None, 0, 1, 1, 2, 3, 7])
        return [make() for _ in range(many or 0)] if many is not None or not or_none else None

    made = kind(
        texts=some(lambda: draw.choice(ODD), or_none=False),
        wholes=some(lambda: draw.choice([None, 0, -1, 2**63 - 1, -(2**63)])),
    )
    if kind is Lists:
        made.amounts = some(lambda: Decimal(draw.randrange(-(10**9), 10**9)).scaleb(-draw.randrange(9)))
        made.times = some(lambda: datetime.fromtimestamp(draw.randrange(2**33) / 16, timezone.utc))
        made.days = some(lambda: date.fromordinal(draw.randrange(1, 10**6)))
        made.tokens = some(lambda: UUID(int=draw.getrandbits(128)))
        made.flags = some(lambda: draw.random() < 0.5)
        made.reals = some(lambda: draw.choice([0.0, -1.5, 1e300, 5e-324]))
        made.data = some(lambda: draw.randbytes(draw.randrange(4)))
    return made


def values_of(one: Any) -> list[Any]:
    names = ["texts", "wholes", "amounts", "times", "days", "tokens", "flags", "reals", "data"]
    return [getattr(one, name, None) for name in names]


@pytest.mark.parametrize("kind", [Lists, ToldLists])
def test_columns_of_lists(db: DataSource, kind: type[Any], database: str) -> None:
    draw = random.Random(7)
    made = [drawn_lists(draw, kind) for _ in range(MANY)]
    if kind is Lists and database == "sqlite":
        for one in made:
            one.data = None  # JSON has no bytes
    db.save(made)
    for turn in range(2):
        found = {row.id: row for row in db.repository(kind).find()}
        assert [values_of(found[one.id]) for one in made] == [values_of(one) for one in made]
        for one in made:
            other = drawn_lists(draw, kind)
            one.texts, one.wholes = other.texts, other.wholes
        db.save(made)


@pytest.mark.postgresql("counts statements of a server")
def test_columns_of_lists_go_as_batches(db: DataSource) -> None:
    draw = random.Random(8)
    db.sql("create table calls (kind text)").run()
    db.sql(
        "create function note_call() returns trigger language plpgsql as "
        "$$ begin insert into calls values (tg_op); return null; end $$"
    ).run()
    for table in ("batch_lists", "batch_told_lists"):
        db.sql(
            f"create trigger counted before insert or update on {table} for each statement execute function note_call()"
        ).run()
    for kind in (Lists, ToldLists):
        made = [drawn_lists(draw, kind) for _ in range(MANY)]
        for one in made:
            if kind is Lists:
                one.data = None  # of bytes nobody can say that they did not change
        db.save(made)
        for one in made:
            one.wholes = [1, None]
        db.save(made)
        repository = db.repository(kind)
        repository.upsert([kind(id=one.id, texts=['"']) for one in made], on=[kind.id], update=[kind.texts])
        assert repository.count(kind.wholes == [1, None]) == MANY
    calls = "select kind || ' ' || count(*) from calls group by kind order by kind"
    assert db.sql(calls).scalars() == ["INSERT 4", "UPDATE 4"]


def test_keys_that_the_client_makes(db: DataSource) -> None:
    made = [Token(name=f"t{number}") for number in range(MANY)]
    db.save(made)
    assert names(db, Token) == {one.id: one.name for one in made}


def test_keys_of_several_columns(db: DataSource) -> None:
    made = [Place(x=number % 20, y=number // 20, name=f"{number}") for number in range(MANY)]
    db.repository(Place).insert(made)
    for one in made:
        one.name = None if one.x == 3 else f"new {one.name}"
    db.save(made)
    found = {(row.x, row.y): row.name for row in db.repository(Place).find()}
    assert found == {(one.x, one.y): one.name for one in made}
    db.remove(made[:-5])
    assert db.repository(Place).count() == 5


def test_a_tree_in_one_list(db: DataSource) -> None:
    nodes = [Node(name="root")]
    for number in range(1, MANY):
        nodes.append(Node(name=f"n{number}", above=nodes[(number - 1) // 4]))
    db.save(nodes[::-1])
    found = {row.id: row for row in db.repository(Node).find(load=[Node.above])}
    for one in nodes:
        above = found[one.id].above
        assert (above and above.id) == (one.above and one.above.id)


# ---- failures -------------------------------------------------------------------------------------------


def test_a_constraint_names_the_object_and_nothing_is_written(db: DataSource) -> None:
    db.save(Child(name="n250"))
    made = [Child(name=f"n{number}") for number in range(MANY)]
    with pytest.raises(errors.UniqueViolation) as caught:
        db.save(made)
    assert caught.value.entity == "Child" and caught.value.field == "name"
    assert caught.value.object == 251
    assert db.repository(Child).count() == 1
    made[250].name = "free"
    db.save(made)  # the objects are as they were: all of them are new
    assert db.repository(Child).count() == MANY + 1


def test_a_row_that_is_gone_is_stale(db: DataSource) -> None:
    made = plains()
    db.save(made)
    db.repository(Plain).delete(Plain.id == made[77].id)
    for one in made:
        one.size = 5
    with pytest.raises(errors.StaleEntity) as caught:
        db.save(made)
    assert caught.value.object == 78
    assert db.repository(Plain).count(Plain.size == 5) <= 1  # the one that had it before
    with pytest.raises(errors.StaleEntity) as caught:
        db.remove(made)
    assert caught.value.object == 78
    assert db.repository(Plain).count() == MANY - 1


def test_two_objects_of_one_row_are_both_written(db: DataSource) -> None:
    made = plains()
    db.save(made)
    twin = db.repository(Plain).get_or_fail(made[3].id)
    made[3].size, twin.name = -1, "twin"
    for one in made[4:]:
        one.size = 0
    again = db.repository(Plain).get_or_fail(made[9].id)
    again.size = 99
    db.save([*made, twin, again])
    row = db.repository(Plain).get_or_fail(made[3].id)
    assert (row.size, row.name) == (-1, "twin")
    assert db.repository(Plain).get_or_fail(made[9].id).size == 99


def test_inside_a_transaction_a_failed_list_leaves_the_rest(db: DataSource) -> None:
    with db.transaction():
        db.save(Child(name="before"))
        with pytest.raises(errors.UniqueViolation):
            db.save([Child(name=f"n{number % 400}") for number in range(MANY)])
        db.save(Child(name="after"))
    assert sorted(names(db, Child).values()) == ["after", "before"]


def test_a_batch_is_part_of_its_transaction(db: DataSource) -> None:
    made = plains()
    with pytest.raises(ZeroDivisionError), db.transaction():
        db.save(made)
        1 / 0  # noqa: B018
    assert db.repository(Plain).count() == 0


# ---- PostgreSQL: what stands in the rows' way -----------------------------------------------------------

needs_server = pytest.mark.postgresql("triggers, partitions and rights of a server")


def trigger(db: DataSource, body: str, when: str = "before insert") -> None:
    db.sql(f"create function act() returns trigger language plpgsql as $$ begin {body} end $$").run()
    db.sql(f"create trigger act {when} on batch_plain for each row execute function act()").run()


@needs_server
def test_a_trigger_that_drops_rows(db: DataSource) -> None:
    trigger(db, "if new.size % 10 = 3 then return null; end if; return new;")
    made = plains()
    result = db.repository(Plain).insert(made)
    kept = [one for one in made if one.size % 10 != 3]
    assert names(db, Plain) == {one.id: one.name for one in kept}
    assert result is None or len(kept) == MANY - MANY // 10


@needs_server
def test_a_trigger_that_changes_keys(db: DataSource) -> None:
    trigger(db, "new.id := new.id + 1000000; return new;")
    made = plains()
    db.save(made)
    assert names(db, Plain) == {one.id: one.name for one in made}
    assert min(one.id for one in made) > 1_000_000


@needs_server
def test_a_trigger_that_changes_values_is_seen_by_reload(db: DataSource) -> None:
    trigger(db, "new.name := upper(new.name); return new;")
    made = plains()
    db.save(made)
    assert names(db, Plain) == {one.id: one.name.upper() for one in made}


@needs_server
def test_a_trigger_that_refuses_one_row_names_it(db: DataSource) -> None:
    trigger(db, "if new.size = 123 then raise exception 'not this one'; end if; return new;")
    with pytest.raises(errors.TakeoError, match="not this one") as caught:
        db.save(plains())
    assert caught.value.object == 124
    assert db.repository(Plain).count() == 0


@needs_server
def test_a_trigger_that_drops_updates_is_stale(db: DataSource) -> None:
    made = plains()
    db.save(made)
    trigger(db, "if old.size = 5 then return null; end if; return new;", "before update")
    for one in made:
        one.name = "new"
    with pytest.raises(errors.StaleEntity) as caught:
        db.save(made)
    assert caught.value.object == 6


@needs_server
@pytest.mark.parametrize(
    "table",
    [
        "create table batch_plain (id bigint generated always as identity primary key, name text, size bigint)",
        "create table batch_plain (id serial primary key, name varchar(80), size integer)",
        "create table batch_plain (id bigint primary key default (random() * 9e15)::bigint, name text, size bigint)",
        "create table batch_plain (id bigint generated by default as identity, name text, size bigint, "
        "primary key (id, size)) partition by hash (size)",
        "create table batch_plain (id bigint primary key default nextval('own'), name text, size numeric)",
    ],
    ids=["always", "serial", "expression", "partitioned", "own sequence"],
)
def test_tables_of_other_makers(new_url: Any, table: str) -> None:
    with DataSource(new_url(), entities=ALL) as db:
        db.sql("create sequence own start 500 increment 7").run()
        db.sql(table).run()
        if "partition" in table:
            for number in range(3):
                db.sql(
                    f"create table part{number} partition of batch_plain for values with (modulus 3, remainder {number})"
                ).run()
        made = plains()
        db.save(made)
        assert names(db, Plain) == {one.id: one.name for one in made}
        for one in made:
            one.name += "!"
        db.save(made)
        assert names(db, Plain) == {one.id: one.name for one in made}


@needs_server
def test_no_right_on_the_sequence(db: DataSource, new_url: Any) -> None:
    schema = db.sql("select current_schema()").scalar()
    role = f"batch_{schema}"
    db.sql(f"create role {role}").run()
    try:
        db.sql(f"grant usage on schema {schema} to {role}").run()
        db.sql(f"grant select, insert on batch_plain to {role}").run()
        with db.transaction():
            db.sql(f"set local role {role}").run()
            made = plains()
            db.save(made)  # an identity column needs no right on its sequence: row by row
        assert names(db, Plain) == {one.id: one.name for one in made}
    finally:
        db.sql(f"drop owned by {role}").run()
        db.sql(f"drop role {role}").run()


@needs_server
def test_a_value_that_the_table_does_not_take_is_refused_not_cut(new_url: Any) -> None:
    with DataSource(new_url(), entities=ALL) as db:
        db.sql("create table batch_plain (id bigserial primary key, name varchar(3), size smallint)").run()
        made = plains()
        with pytest.raises(errors.DataError) as caught:
            db.save(made)
        assert caught.value.object == 101  # p100 is the first of four letters
        assert db.repository(Plain).count() == 0


@needs_server
def test_rules_and_policies_are_not_passed_by(db: DataSource) -> None:
    db.sql("create rule twice as on insert to batch_plain do also insert into batch_tokens (id, name) values (gen_random_uuid(), new.name)").run()
    db.save(plains())
    assert db.repository(Token).count() == MANY
