"""Violations of unique indexes and of foreign keys name entity and field, whoever has made and named them.

What the server says of them is in its own language: the part that Takeo reads is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from takeo import UNSET, Column, DataSource, Entity, ManyToOne, Mapped, PrimaryGeneratedColumn, Rel, errors, ref


@Entity("unique_shops")
class Shop:
    id: Mapped[int] = PrimaryGeneratedColumn()


@Entity("unique_parts")
class Part:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(default="n")
    code: Mapped[str] = Column(default="c")
    size: Mapped[int] = Column(default=1)
    odd: Mapped[str] = Column(name='Odd, (na"me)', default="o")
    shop: Rel[Shop | None] = ManyToOne(Shop, default=None)


@pytest.fixture
def db(new_url: Any) -> Iterator[DataSource]:
    with DataSource(new_url(), entities=[Shop, Part]) as source:
        source.synchronize()
        yield source


ODD = '"Odd, (na""me)"'


@pytest.mark.parametrize(
    ("index", "field", "message"),
    [
        ("(name)", "name", "another Part has the same name"),
        ("(size, name)", "size", "another Part has the same size and name"),
        ("(code) where size > 0", "code", "another Part has the same code"),
        ("(shop_id, code)", "shop", "another Part has the same shop and code"),
        (f"({ODD})", "odd", "another Part has the same odd"),
        (f"({ODD}, code)", "odd", "another Part has the same odd and code"),
    ],
)
def test_an_index_of_any_name(db: DataSource, database: str, index: str, field: str, message: str) -> None:
    if database == "sqlite" and ODD in index:
        pytest.skip("SQLite names columns without quotes, so that a comma in one cannot be told")
    db.sql(f'create unique index "of somebody else (1)" on unique_parts {index}').run()
    shop = Shop()
    db.save(shop)
    db.save(Part(shop=shop))
    with pytest.raises(errors.UniqueViolation) as caught:
        db.save(Part(shop=shop))
    error = caught.value
    assert (error.entity, error.field, error.message) == ("Part", field, message)


@pytest.mark.postgresql("SQLite names the index alone")
@pytest.mark.parametrize(
    ("index", "field", "said"),
    [
        ("(lower(name))", "name", "lower(name)"),
        ("(size, upper(code || ', ('))", "size", "size, upper(code || ', ('::text)"),
        ("((code || name))", "code", "(code || name)"),
        (f"(lower({ODD}))", "odd", f"lower({ODD})"),
        ("((size + 1), (size + 2))", "size", "(size + 1), (size + 2)"),
        ("((1))", None, "(1)"),
    ],
)
def test_an_index_over_an_expression(db: DataSource, index: str, field: str | None, said: str) -> None:
    db.sql(f"create unique index others on unique_parts {index}").run()
    db.save(Part())
    with pytest.raises(errors.UniqueViolation) as caught:
        db.save(Part())
    error = caught.value
    assert (error.entity, error.field, error.constraint) == ("Part", field, "others")
    assert error.message == f"another Part has the same {said}"


@pytest.mark.postgresql("constraints that exclude")
def test_an_exclusion_names_its_field(db: DataSource) -> None:
    db.sql("alter table unique_parts add constraint one exclude using btree (size with =)").run()
    db.save(Part())
    with pytest.raises(errors.IntegrityError) as caught:
        db.save(Part())
    assert (caught.value.entity, caught.value.field) == ("Part", "size")


@pytest.fixture
def others(db: DataSource) -> DataSource:
    """Foreign keys of somebody else's."""
    name = db.sql("select conname from pg_constraint where conrelid = 'unique_parts'::regclass and contype = 'f'").scalar()
    db.sql(f'alter table unique_parts drop constraint "{name}"').run()
    db.sql('alter table unique_parts add constraint "others (1)" foreign key (shop_id) references unique_shops').run()
    return db


@pytest.mark.postgresql("SQLite says nothing of foreign keys")
@pytest.mark.parametrize("count", [1, 30])
def test_a_foreign_key_of_any_name(others: DataSource, count: int) -> None:
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        others.save([Part(shop=ref(Shop, 9)) for _ in range(count)])
    error = caught.value
    assert (error.entity, error.field, error.constraint) == ("Part", "shop", "others (1)")
    assert error.message == "Part.shop refers to a Shop that is not there"


@pytest.mark.postgresql("SQLite says nothing of foreign keys")
def test_a_row_that_is_still_referred_to_is_not_taken_for_one_that_refers(others: DataSource) -> None:
    shop = Shop()
    others.save([shop, Part(shop=shop)])
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        others.remove(shop)
    error = caught.value
    assert (error.entity, error.field, error.diag.column_name) == ("Part", None, None)
    assert "still referred to" in error.message


@Entity("unique_visits")
class Visit:
    id: Mapped[int] = PrimaryGeneratedColumn()
    place: Mapped[int | None] = Column(name="shop, (at)", default=UNSET)
    shop: Rel[Shop | None] = ManyToOne(Shop, key="place", default=UNSET)


@pytest.mark.postgresql("SQLite says nothing of foreign keys")
def test_a_foreign_key_whose_column_reads_like_two(new_url: Any) -> None:
    """The server writes it without quotes; then the constraint's name says which one it is."""
    with DataSource(new_url(), entities=[Shop, Visit]) as source:
        source.synchronize()
        with pytest.raises(errors.ForeignKeyViolation) as caught:
            source.save(Visit(place=9))
        assert (caught.value.entity, caught.value.field) == ("Visit", "place")
        assert caught.value.message == "Visit.shop refers to a Shop that is not there"


@pytest.mark.postgresql("rights of a server")
def test_without_the_right_to_see_the_key(db: DataSource) -> None:
    schema = db.sql("select current_schema()").scalar()
    role = f"unique_{schema}"
    db.sql("create unique index others on unique_parts (name)").run()
    db.sql(f"create role {role}").run()
    try:
        db.sql(f"grant usage on schema {schema} to {role}").run()
        db.sql(f"grant insert on unique_parts to {role}").run()
        db.sql(f"grant select (id) on unique_parts to {role}").run()
        db.save(Part())
        with pytest.raises(errors.UniqueViolation) as caught, db.transaction():
            db.sql(f"set local role {role}").run()
            db.save(Part())
        assert (caught.value.entity, caught.value.field) == ("Part", None)
    finally:
        db.sql(f"drop owned by {role}").run()
        db.sql(f"drop role {role}").run()


@pytest.mark.postgresql("triggers of a server")
def test_another_table_is_not_taken_for_the_written_one(db: DataSource) -> None:
    db.sql("create table notes (size bigint unique)").run()
    db.sql(
        "create function note() returns trigger language plpgsql as "
        "$$ begin insert into notes values (new.size); return new; end $$"
    ).run()
    db.sql("create trigger note before insert on unique_parts for each row execute function note()").run()
    db.save(Part())
    with pytest.raises(errors.UniqueViolation) as caught:
        db.save(Part())
    assert (caught.value.diag.table_name, caught.value.field) == ("notes", None)
