"""Builders, expressions and functions, against a database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from models import Cat, City, Country, Everything, Move, Person, Stamped, Status
from takeo import SKIP, DataSource, Predicate, alias, and_, count, or_, ref, select, sql
from takeo import functions as fn
from takeo.errors import InputError, MultipleFound, NotFound, NotSupportedError, UnknownField


def names(rows: list[City]) -> str:
    return " ".join(c.name for c in rows)


def test_expressions_are_pairs_of_shape_and_values() -> None:
    a, b = City.population > 3, City.population > 4
    assert a.shape == b.shape and hash(a.shape) == hash(b.shape)
    assert (a.values, b.values) == ((3,), (4,))
    assert (City.founded == None).shape != (City.founded == 3).shape  # noqa: E711
    assert ((a & b) & a).shape == and_(a, b, a).shape
    assert (City.name == SKIP) is SKIP


def test_s06_text_depends_on_the_shape_alone(db: DataSource) -> None:
    cities = db.repository(City)
    texts = {cities.where(City.name == name, City.population.in_(many)).sql()[0] for name, many in
             (("a", [1]), ("'; drop table cities; --", [1, 2, 3]), ("", []))}
    assert len(texts) == 1
    text, values = cities.where(City.name == "x'y").sql()
    assert "x'y" not in text and values == ("x'y",)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (City.population == 10, "Brest"),
        (City.population != 10, "Ax Caen Dijon Evian Rome"),
        (City.population < 10, "Ax"),
        (City.population <= 10, "Ax Brest"),
        (City.population > 40, "Rome"),
        (City.population >= 40, "Evian Rome"),
        (City.population.between(10, 30), "Brest Caen Dijon"),
        (City.population.in_([0, 40]), "Ax Evian"),
        (City.population.in_([]), ""),
        (City.population.not_in([0, 40]), "Brest Caen Dijon Rome"),
        (City.population.not_in([]), "Ax Brest Caen Dijon Evian Rome"),
        (City.founded.is_null(), "Ax Brest Caen Dijon Evian Rome"),
        (City.founded.is_not_null(), ""),
        (City.founded.is_distinct_from(None), ""),
        (City.population.is_distinct_from(10), "Ax Caen Dijon Evian Rome"),
        (City.name.like("%e%"), "Brest Caen Rome"),
        (City.name.like("e%"), ""),
        (City.name.ilike("e%"), "Evian"),
        (City.name.contains("ij"), "Dijon"),
        (City.name.contains("IJ", ignore_case=True), "Dijon"),
        (City.name.contains("%"), ""),
        (City.name.startswith("D"), "Dijon"),
        (City.name.endswith("n"), "Caen Dijon Evian"),
        (City.name.endswith("_"), ""),
        (~(City.population > 10), "Ax Brest"),
        ((City.population > 10) & (City.population < 40), "Caen Dijon"),
        ((City.name == "Ax") | (City.name == "Rome"), "Ax Rome"),
        (and_(), "Ax Brest Caen Dijon Evian Rome"),
        (or_(), ""),
        (and_(City.population > 30, SKIP), "Evian Rome"),
        (City.population + 10 == 20, "Brest"),
        (City.population - 10 == 0, "Brest"),
        (City.population * 2 > 100, "Rome"),
        (City.population % 20 == 0, "Ax Caen Evian Rome"),
        (-City.population == -10, "Brest"),
        (100 - City.population == 90, "Brest"),
        (City.name + "!" == "Ax!", "Ax"),
        (City.population == City.id * 10 - 10, "Ax Brest Caen Dijon Evian"),
        (City.status == Status.ACTIVE, "Ax Brest Caen Dijon Evian Rome"),
        (City.country[Country.name] == "Italy", "Rome"),
        (City.country[Country.name].like("Fr%"), "Ax Brest Caen Dijon Evian"),
        (City.country == ref(Country, "IT"), "Rome"),
        (City.country != ref(Country, "FR"), "Rome"),
        (City.country.in_([ref(Country, "IT")]), "Rome"),
        (City.country.not_in([ref(Country, "FR")]), "Rome"),
        (City.country.has(Country.name == "Italy"), "Rome"),
        (City.twin.is_null(), "Ax Brest Caen Dijon Evian Rome"),
        (City.twin == None, "Ax Brest Caen Dijon Evian Rome"),  # noqa: E711
        (City.twin.is_not_null(), ""),
        (City.country[Country.cities].any(City.name == "Ax"), "Ax Brest Caen Dijon Evian"),
        (City.country[Country.cities].count() == 1, "Rome"),
        (City.country[Country.cities].none(City.population > 100), "Ax Brest Caen Dijon Evian"),
        (City.country[Country.cities].every(City.population < 100), "Ax Brest Caen Dijon Evian"),
        (fn.lower(City.name) == "ax", "Ax"),
        (fn.upper(City.name).in_(["AX", "ROME"]), "Ax Rome"),
        (fn.length(City.name) == 2, "Ax"),
        (fn.coalesce(City.population, 1) == 0, "Ax"),
        (fn.abs(City.population - 15) == 5, "Brest Caen"),
        (fn.nullif(City.population, 0).is_null(), "Ax"),
        (fn.case((City.population > 100, "big"), else_="small") == "big", "Rome"),
        (fn.cast(City.population, str) == "10", "Brest"),
        (fn.trim("  " + City.name) == "Ax", "Ax"),
        (fn.substring(City.name, 1, 2) == "Ro", "Rome"),
        (fn.replace(City.name, "A", "O") == "Ox", "Ax"),
        (fn.position(City.name, "me") == 3, "Rome"),
        (fn.concat(City.name, "-", City.name) == "Ax-Ax", "Ax"),
        (fn.greatest(City.population, 35) == 35, "Ax Brest Caen Dijon"),
        (fn.least(City.population, 5) == 5, "Brest Caen Dijon Evian Rome"),
        (fn.call("replace", City.name, "x", "y", returns=str) == "Ay", "Ax"),
        (sql("{x} % 20 = 10", x=City.population), "Brest Dijon"),
        (City.name == sql("{x}", x="Ax").typed(str), "Ax"),
        (City.id.in_(select(City.id).where(City.population > 30).subquery()), "Evian Rome"),
        (City.population == select(fn.max(City.population)).scalar_subquery(), "Rome"),
        (fn.exists(select(Person).where(Person.city_id == City.id).subquery()), ""),
        (City.people.any(), ""),
        (City.people.count() == 0, "Ax Brest Caen Dijon Evian Rome"),
    ],
)  # fmt: skip
def test_op_conditions(towns: list[City], db: DataSource, where: object, expected: str) -> None:
    found = db.repository(City).find(where, order_by=City.name)
    assert names(found) == expected


def test_op_03_null_in_lists_is_refused() -> None:
    for wrong in ([1, None], "abc", 3, {"a": 1}):
        with pytest.raises(InputError):
            City.population.in_(wrong)


def test_op_05_truth_and_chains_raise() -> None:
    with pytest.raises(TypeError, match="brackets"):
        bool(City.population > 3)
    with pytest.raises(TypeError):
        1 < City.population < 3  # noqa: B015
    with pytest.raises(TypeError):
        City.population > 3 and City.population < 5  # noqa: B015
    with pytest.raises(TypeError):
        not Country.cities
    for path in (City.country, Country.cities, City.name):
        with pytest.raises(TypeError):
            iter(path)
        with pytest.raises(TypeError):
            3 in path  # noqa: B015
    with pytest.raises(InputError):
        (City.population > 3) & True
    with pytest.raises(InputError):
        Country.cities == 3  # noqa: B015


def test_op_04_matches_is_refused_where_there_is_none(database: str, db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    if database == "sqlite":
        with pytest.raises(NotSupportedError):
            cities.find(City.name.matches("^A"))
    else:
        assert [c.name for c in cities.find(City.name.matches("^[A-C]"), order_by=City.name)] == ["Ax", "Brest", "Caen"]
        assert cities.count(City.name.matches("^a")) == 0


def test_op_09_contains_an_object(db: DataSource, towns: list[City], france: Country) -> None:
    countries = db.repository(Country)
    assert [c.code for c in countries.find(Country.cities.contains(towns[5]))] == ["IT"]
    assert [c.code for c in countries.find(Country.cities.contains(ref(City, 1)))] == ["FR"]
    with pytest.raises(InputError, match="no key"):
        Country.cities.contains(City(name="x", country=france))
    with pytest.raises(InputError, match="compared with objects"):
        City.country == "FR"  # noqa: B015


def test_paths_of_several_steps_either_way(db: DataSource, towns: list[City]) -> None:
    db.save(Person(name="Ann", city=towns[5]))
    people = db.repository(Person)
    for path in (Person.city[City.country][Country.name], Person.city[City.country[Country.name]]):
        assert people.count(path == "Italy") == 1
    assert people.count(Stamped.note == "") == 1  # a base's column


def test_wrong_owners_are_named(db: DataSource) -> None:
    with pytest.raises(InputError, match=r"Country\.name does not belong"):
        db.repository(City).find(Country.name == "x")
    with pytest.raises(InputError, match="brackets of a path to Country"):
        db.repository(City).find(City.country[City.name] == "x")
    with pytest.raises(InputError, match="brackets take"):
        City.country["name"]


def test_qb_01_and_02_selects(db: DataSource, towns: list[City]) -> None:
    rows = db.query(City.name, City.population).where(City.population > 30).order_by(City.name)
    assert rows.list() == rows.tuples() == [("Evian", 40), ("Rome", 1000)]
    assert rows.dicts()[0] == {"name": "Evian", "population": 40}
    assert db.query(City.name.label("n"), count(City.id).label("c")).group_by(City.name).order_by(City.name).dicts()[0] == {
        "n": "Ax",
        "c": 1,
    }
    assert db.query(City.name).order_by(City.id).scalars() == ["Ax", "Brest", "Caen", "Dijon", "Evian", "Rome"]
    assert db.query(City.name).order_by(City.id).list()[0] == ("Ax",)
    assert db.query(City.name).order_by(City.id).first() == ("Ax",)
    both = db.query(City, City.country).where(City.name == "Rome").one()
    assert (both[0].name, both[1].name) == ("Rome", "Italy")
    with pytest.raises(InputError, match="2 columns"):
        rows.scalars()
    with pytest.raises(InputError, match="names no entity"):
        db.query(count())
    assert db.query(count(City)).scalar() == 6


def test_entity_rows_as_dicts(db: DataSource, towns: list[City]) -> None:
    (row,) = db.repository(City).where(City.name == "Rome").dicts()
    assert (row["name"], row["tags"], row["meta"]) == ("Rome", ["old"], {"hills": 7})


def test_b82_two_columns_of_one_name(db: DataSource, towns: list[City]) -> None:
    pair = (City.name, City.country[Country.name])
    query = db.query(*pair).where(City.id == 1)
    with pytest.raises(InputError, match=r"two columns of a row are called name\b") as e:
        query.dicts()
    assert e.value.code == "TAKEO.QUERY.LABEL" and e.value.field == "name"
    assert ".label(" in e.value.hint and "as other" in e.value.hint
    assert query.tuples() == [("Ax", "France")]  # by place nothing is lost
    labelled = db.query(pair[0], pair[1].label("country")).where(City.id == 1)
    assert labelled.dicts() == [{"name": "Ax", "country": "France"}]
    with pytest.raises(InputError, match="have no name"):
        db.query(City.population + 1, City.population + 2).dicts()
    other = alias(City)
    with pytest.raises(InputError, match="are called City"):
        db.query(City, other).join(other, on=other[City.id] == City.id).dicts()
    with pytest.raises(InputError, match="are called name"):  # nothing fits, and nothing is sent
        db.query(*pair).where(City.id == -1).dicts()


def test_b82_two_columns_of_one_name_in_sql(db: DataSource, towns: list[City]) -> None:
    query = db.sql("select c.name, l.name from cities c join countries l on l.code = c.country_code where c.id = 1")
    with pytest.raises(InputError, match="two columns of a row are called name"):
        query.dicts()
    assert query.tuples() == [("Ax", "France")]
    assert db.sql("select name, name as other from cities where id = 1").dicts() == [{"name": "Ax", "other": "Ax"}]
    with pytest.raises(InputError, match="are called id"):  # refused before it writes
        db.sql("delete from cities returning id, id").dicts()
    assert db.repository(City).count() == 6


def test_qb_13_group_by(db: DataSource, towns: list[City]) -> None:
    rows = db.repository(City).query().select(City.country, count()).group_by(City.country).tuples()
    assert {(country.name, n) for country, n in rows} == {("France", 5), ("Italy", 1)}
    q = db.query(City.country[Country.name], fn.sum(City.population)).group_by(City.country[Country.name])
    assert sorted(q.tuples()) == [("France", 100), ("Italy", 1000)]
    assert q.having(count() > 1).tuples() == [("France", 100)]


def test_aggregates(db: DataSource, towns: list[City]) -> None:
    q = db.repository(City).query()
    total, some, least = q.select(
        count(), count().filter(City.population > 20), fn.min(City.population)
    ).one()
    assert (total, some, least) == (6, 3, 0)
    assert q.select(count(City.country[Country.name], distinct=True)).scalar() == 2
    assert q.select(fn.string_agg(City.name, ",")).where(City.population > 30).scalar() in ("Evian,Rome", "Rome,Evian")
    assert q.select(fn.sum(City.population * 2)).scalar() == 2200
    assert q.select(fn.round(fn.avg(City.area), 1)).scalar() in (0, Decimal(0))


def test_qb_14_order_by(db: DataSource, towns: list[City]) -> None:
    q = db.repository(City).query().order_by(City.population.desc())
    assert q.first().name == "Rome"
    assert q.order_by(None).order_by(City.name).first().name == "Ax"
    assert q.order_by() is q
    for wrong in ("name", 3, City):
        with pytest.raises(InputError, match="order_by takes"):
            q.order_by(wrong)


def test_qb_15_limit_counts_objects_b75(db: DataSource, towns: list[City]) -> None:
    q = db.repository(City).query().order_by(City.id)
    assert names(q.limit(2).offset(1).list()) == "Brest Caen"
    assert names(q.limit(2).limit(None).list()).startswith("Ax Brest Caen")
    assert names(q.offset(5).list()) == "Rome"
    for wrong in (-1, "1; drop table cities", 2**63, True, 1.5, "3"):
        with pytest.raises(InputError, match="is a count"):
            q.limit(wrong)
        with pytest.raises(InputError):
            q.offset(wrong)


def test_repo_18_qb_17_terminals(db: DataSource, towns: list[City]) -> None:
    q = db.repository(City).where(City.name == "Rome")
    assert q.one().id == q.first().id == q.one_or_none().id == 6
    assert (q.count(), q.exists()) == (1, True)
    none = q.where(City.id == 1)
    assert (none.one_or_none(), none.first(), none.count(), none.exists()) == (None, None, 0, False)
    with pytest.raises(NotFound):
        none.one()
    with pytest.raises(MultipleFound):
        db.repository(City).query().one_or_none()
    assert [c.name for c in q] == ["Rome"]
    found, total = db.repository(City).query().order_by(City.id).limit(1).list_and_count()
    assert (names(found), total) == ("Ax", 6)
    with pytest.raises(InputError, match="cannot be counted"):
        db.query(City.name).distinct().count()


def test_qb_03_distinct(db: DataSource, towns: list[City]) -> None:
    rows = db.query(City.country[Country.name]).distinct().order_by(City.country[Country.name]).scalars()
    assert rows == ["France", "Italy"]


def test_qb_22_text(db: DataSource) -> None:
    q = db.repository(City).where(City.name == "x").limit(3)
    assert str(q).startswith("select ") and q.sql()[1] == ("x", 3)
    assert "Query of City" in repr(q)


def test_qb_23_builders_are_immutable(db: DataSource, towns: list[City]) -> None:
    q = db.repository(City).query()
    assert q.where(City.id == 1) is not q
    assert q.count() == 6


def test_qb_05_joins_and_aliases(db: DataSource, towns: list[City]) -> None:
    other = alias(City, "other")
    q = db.query(City.name, other[City.name]).join(other, on=other[City.population] == City.population + 10)
    assert q.order_by(City.name).tuples()[0] == ("Ax", "Brest")
    pairs = db.query(City, other).join(other, on=other[City.id] == City.id).where(City.name == "Rome").one()
    assert pairs[0].name == pairs[1].name == "Rome"
    left = db.query(City.name, other[City.name]).left_join(other, on=other[City.population] == City.population + 10)
    assert ("Evian", None) in left.tuples()
    assert db.repository(City).query().join(City.country).where(City.country[Country.code] == "IT").count() == 1
    with pytest.raises(InputError, match="in no join"):
        db.repository(City).find(other[City.name] == "x")
    subquery = select(other[City.id]).where(other[City.country] == City.country, other[City.population] > City.population)
    biggest = db.repository(City).find(~fn.exists(subquery.subquery()), order_by=City.name)
    assert names(biggest) == "Evian Rome"


def test_qb_27_comment_and_timeout(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    assert len(cities.find(comment="report:1", timeout=5.0)) == 6
    assert "report" in str(cities.query().comment("report"))
    for wrong in ("*/ drop table", "a\nb", ""):
        with pytest.raises(InputError):
            cities.query().comment(wrong).list()
    for wrong in (0, -1, "x", True, float("nan"), float("inf")):  # B83
        with pytest.raises(InputError, match="time limit"):
            cities.query().timeout(wrong)


def test_qbw_04_returning(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    rows = cities.where(City.population < 15).returning(City.id, City.name).update(population=5)
    assert sorted(rows) == [(1, "Ax"), (2, "Brest")]
    (gone,) = cities.where(City.name == "Ax").returning().delete()
    assert (gone.name, gone.population) == ("Ax", 5)
    with pytest.raises(InputError, match="delete has no limit"):
        cities.where(City.id == 1).limit(1).delete()


def test_qbw_05_conditions_over_relations(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    assert cities.where(City.country[Country.name] == "Italy").update(population=1) == 1
    assert cities.where(City.country[Country.name] == "Italy").delete() == 1


def test_b76_select_and_group_by_take_expressions(db: DataSource) -> None:
    q = db.repository(City).query()
    for wrong in ("name", 3, None):
        with pytest.raises(InputError):
            q.group_by(wrong)
        with pytest.raises(InputError):
            q.select(wrong)
    with pytest.raises(InputError):
        q.select()
    with pytest.raises(InputError, match="load takes"):
        q.load("country")
    with pytest.raises(InputError, match="load= takes a list"):
        db.repository(City).find(load=City.country)


def test_b77_s05_hostile_keywords(db: DataSource) -> None:
    cities = db.repository(City)
    for wrong in ("_connector", "id__in_sql", "name__like", "_takeo", "shape"):
        with pytest.raises(UnknownField):
            cities.find_by(**{wrong: "OR 1=1"})
        with pytest.raises(UnknownField):
            cities.update(City.id == 1, **{wrong: 1})


def test_s04_labels_and_aliases_keep_one_grammar(db: DataSource) -> None:
    for wrong in ('a"; drop table x;--', "a b", "a.b", "1a", "a`", "a\n", "é%", "", "x" * 64):
        with pytest.raises(InputError):
            db.query(City.name.label(wrong)).list()
        with pytest.raises(InputError):
            other = alias(City, wrong)
            db.query(City.id).join(other, on=other[City.id] == City.id).list()
        with pytest.raises(InputError):
            fn.call(wrong, City.name, returns=str)


def test_b80_very_deep_expressions() -> None:
    deep = City.population + 1
    with pytest.raises(InputError, match="deep"):
        for _ in range(100_000):
            deep = deep + 1
    both = City.population > 1
    for _ in range(2000):
        both = both & (City.population > 1)
    assert both.depth == 3


def test_recursive_any_looks_at_the_inner_table(db: DataSource) -> None:
    root = Cat(name="root")
    db.save([root, Cat(name="kid", parent=root)])
    cats = db.repository(Cat)
    assert [c.name for c in cats.find(Cat.children.any(Cat.name == "kid"))] == ["root"]
    assert [c.name for c in cats.find(Cat.parent[Cat.name] == "root")] == ["kid"]


def test_b69_in_with_very_many_values(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    assert cities.count(City.id.in_(range(1, 100_001))) == 6
    assert cities.count(City.id.not_in(range(3, 100_001))) == 2
    assert len(cities.get_many(range(1, 50_000))) == 6


def test_b67_too_many_parameters(db: DataSource) -> None:
    names = [f"v{n}" for n in range(40_000)]
    with pytest.raises(InputError) as e:
        db.sql(" + ".join(f"{{{name}}}" for name in names), **dict.fromkeys(names, 1)).scalar()
    assert e.value.code == "TAKEO.QUERY.TOO_LARGE"
    with pytest.raises(InputError):
        db.repository(City).find(or_(*[City.name == str(n) for n in range(40_000)]))


def test_qb_14_nulls_stand_where_the_order_says_or_where_the_database_has_them(database: str, memory: DataSource) -> None:
    everything = memory.repository(Everything)
    everything.insert([Everything(big=1), Everything(big=None), Everything(big=2)])

    def found(order: Any) -> list[int | None]:
        return [one.big for one in everything.find(order_by=order)]

    big = Everything.big
    assert found(big.asc(nulls="first")) == [None, 1, 2] and found(big.asc(nulls="last")) == [1, 2, None]
    assert found(big.desc(nulls="first")) == [None, 2, 1] and found(big.desc(nulls="last")) == [2, 1, None]
    own = {"sqlite": ([None, 1, 2], [2, 1, None]), "postgresql": ([1, 2, None], [None, 2, 1])}
    assert (found(big), found(big.desc())) == own[database] and found(big.asc()) == found(big)


def test_qb_14_every_part_of_a_relations_key_says_where_its_nulls_go(memory: DataSource) -> None:
    words = str(memory.query(Move).order_by(Move.item.desc(nulls="last"))).partition(" order by ")[2]
    assert words == '"item_shop" desc nulls last, "item_sku" desc nulls last'


def test_op_08_raw_conditions_are_joined_and_negated(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    even, small = sql("{x} % 2 = 0", x=City.id), sql("{x} = {one} or {x} = 2", x=City.id, one=1)

    def found(*where: Predicate) -> list[int]:
        return [city.id for city in cities.find(*where, order_by=City.id)]

    assert (found(even), found(small)) == ([2, 4, 6], [1, 2])
    assert (found(~even), found(~small)) == ([1, 3, 5], [3, 4, 5, 6])
    assert (found(even & small), found(even | small), found(~(even | small))) == ([2], [1, 2, 4, 6], [3, 5])
    assert found(~even & (City.id > 1), ~~small | (City.id == 5)) == [5]
    assert found(~even.typed(bool)) == [1, 3, 5]


@pytest.mark.parametrize(
    "make", [lambda: ~City.id, lambda: ~fn.lower(City.name), lambda: City.id & 3, lambda: (City.id == 3) | True, lambda: 3 & City.id]
)
def test_what_is_no_condition_is_neither_negated_nor_joined(make: Any) -> None:
    with pytest.raises(InputError, match="a condition is needed here") as e:
        make()
    assert e.value.expected == "a condition" and e.value.hint


def test_find_12_what_is_skipped_stays_skipped(db: DataSource, towns: list[City]) -> None:
    unsaid = City.name == SKIP
    assert ~unsaid is SKIP and (unsaid & unsaid) is SKIP and (unsaid | unsaid) is SKIP
    for where in ((City.id == 3) & ~unsaid, ~unsaid & (City.id == 3), unsaid | (City.id == 3), (City.id == 3) | unsaid):
        assert [city.id for city in db.repository(City).find(where)] == [3]
