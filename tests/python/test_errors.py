"""How failures read, for people and for machines."""

from __future__ import annotations

import pickle
import subprocess
import sys
from enum import Enum
from typing import Any

import pytest

import takeo
from models import City, Country, Person
from takeo import DataSource, NotFound, TakeoError, UniqueViolation, errors, ref
from takeo.errors import (
    CheckViolation,
    DatabaseError,
    ForeignKeyViolation,
    InputError,
    IntegrityError,
    MappingErrors,
    NotNullViolation,
    SQLSyntaxError,
    UndefinedColumn,
    UndefinedTable,
    UnknownField,
    from_record,
)


def test_the_tree() -> None:
    assert issubclass(UniqueViolation, IntegrityError) and issubclass(IntegrityError, DatabaseError)
    assert issubclass(UnknownField, AttributeError) and not issubclass(errors.NotLoaded, AttributeError)
    assert issubclass(errors.StatementTimeout, errors.QueryCanceled)
    assert issubclass(errors.ChecksumMismatch, errors.MigrationError)
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, Warning):
            assert issubclass(kind, TakeoError), name


def test_err_01_the_database_said_it_verbatim(database: str, db: DataSource, towns: list[City]) -> None:
    with pytest.raises(UniqueViolation) as e:
        db.save(City(name="Ax", country=ref(Country, "FR")))
    error = e.value
    assert (error.code, error.entity, error.field) == ("TAKEO.SERVER.UNIQUE", "City", "country")
    said = {
        "sqlite": (2067, None, "UNIQUE constraint failed"),
        "postgresql": (None, "23505", 'duplicate key value violates unique constraint "uq_cities_country_name"'),
    }[database]
    assert (error.errno, error.sqlstate) == said[:2] and said[2] in error.detail
    assert error.sql.startswith("insert into") and "Ax" not in error.sql and error.params is None
    assert error.diag.table_name == "cities" and not error.retryable
    with pytest.raises(ForeignKeyViolation):
        db.save(City(name="x", country=ref(Country, "ZZ")))
    with pytest.raises(CheckViolation) as checked:
        db.save(City(name="x", population=-1, country=ref(Country, "FR")))
    assert checked.value.constraint == "ck_population"
    with pytest.raises(NotNullViolation):
        db.sql("insert into cities (name) values (null)").run()
    with pytest.raises(UndefinedTable):
        db.sql("select 1 from nowhere").tuples()
    with pytest.raises(UndefinedColumn):
        db.sql("select missing from cities").tuples()
    with pytest.raises(SQLSyntaxError):
        db.sql("selct 1").tuples()


def test_err_02_and_04_layout(db: DataSource) -> None:
    with pytest.raises(UnknownField) as e:
        db.repository(City).find(City.populatoin > 3)
    lines = str(e.value).split("\n")
    assert lines[0] == 'TAKEO.QUERY.UNKNOWN_FIELD: City has no field "populatoin"'
    assert "test_errors.py:" in lines[1] and "City.populatoin > 3" in lines[1]
    assert lines[2].strip() == '^^^^^^^^^^ did you mean "population"?'
    assert lines[1].index("populatoin") == lines[2].index("^")
    assert "fix: City.population" in str(e.value)
    said = e.value.to_dict()
    assert said["class"] == "UnknownField" and said["nearest"][0] == "population"
    assert said["file"].endswith("test_errors.py")


def test_save_13_all_findings_of_a_batch_are_told(db: DataSource, france: Country) -> None:
    wrong = [City(name=3, country=france), City(name="x", population="many", country=france)]
    with pytest.raises(InputError) as e:
        db.save(wrong)
    assert [one.field for one in e.value.errors] == ["name", "population"]
    assert [one.object for one in e.value.errors] == [1, 2]
    assert "population" in str(e.value)


def test_s21_secrets_stay_out_of_messages(db: DataSource) -> None:
    person = Person(name="x", secret=12345)
    with pytest.raises(InputError) as e:
        db.save(person)
    assert "12345" not in str(e.value) and "12345" not in str(e.value.to_dict())


def test_s22_control_characters_are_escaped() -> None:
    error = NotFound("a\x1b[31mred\u202e", hint="b\nc")
    assert "\x1b" not in str(error) and "\u202e" not in str(error) and "\\x1b" in str(error)


def test_from_record() -> None:
    record = {"status": -27, "code": "TAKEO.MODEL.INVALID", "message": "a", "findings": [{"status": -27, "message": "b"}]}
    error = from_record(record)
    assert isinstance(error, MappingErrors) and [str(e.message) for e in error.errors[1:]] == ["a", "b"]
    error = from_record({"status": -20, "message": "a", "findings": [{"status": -20, "message": "b"}]})
    assert type(error) is InputError and len(error.errors) == 2
    error = from_record({"status": -57, "message": "a", "outcome": 1, "flags": 1, "cause": {"status": -90, "message": "b"}})
    assert error.outcome == "not_sent" and error.retryable and type(error.__cause__) is DatabaseError
    assert isinstance(from_record({"status": -2, "message": "x"}), MemoryError)
    assert isinstance(from_record({"status": -999, "message": "x"}), errors.InternalError)


def test_errors_survive_pickle() -> None:
    error = from_record({"status": -20, "message": "a", "field": "f", "findings": [{"status": -20, "message": "b"}]})
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.errors[0] is again


def test_shown_never_fails() -> None:
    class Bad:
        def __repr__(self) -> str:
            raise RuntimeError

    assert errors.shown(Bad()) == "<no repr> (Bad)"
    assert len(errors.shown("x" * 1000)) < 100


def test_ds_06_a_library_that_is_none_is_named() -> None:
    for path, said in (("relative.so", "absolute path"), ("/nowhere/libtakeo.so", "cannot be opened")):
        done = subprocess.run(
            [sys.executable, "-c", "import takeo"],
            capture_output=True,
            text=True,
            env={"TAKEO_LIBRARY": path, "PYTHONPATH": takeo.__path__[0] + "/.."},
        )
        assert said in done.stderr


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda db: db.get(City, 2**70), ["City.id: 1180591620717411303424 is outside int64", "expected: int64 -9223"]),
        (lambda db: db.repository(City).get_many(3), ["get_many takes a list", "expected: a list", "got: 3 (int)"]),
        (lambda db: db.repository(City).find(timeout="3"), ["expected: a number above 0", "got: '3' (str)"]),
        (lambda db: db.repository(City).find(City.population == 1.0), ["City.population: 1.0 is float64", "got: 1.0"]),
        (lambda db: db.repository(City).find(City.area == "1"), ["City.area", "fix: convert it first"]),
        (lambda db: db.save(City(name="a\0b", country=ref(Country, "FR"))), ['City.name, object 1: "a\\x00b" holds a zero byte', "fix: bytes"]),
        (lambda db: db.save(City(name="x", country=ref(Country, "FR"), tags=["a\0"])), ['City.tags, object 1: element 1: "a\\x00"', "fix: bytes"]),
        (lambda db: db.save(City(name="x", country=ref(Country, "FR"), meta={"a": "\0"})), ["City.meta, object 1", "why: \\u0000"]),
        (lambda db: db.repository(City).count(City.tags == ["a", 3]), ["City.tags", "element 2: 3 is int64, not text"]),
        (lambda db: db.save(City(name="x", country="FR")), ["City.country", "expected: an object of Country", "fix: ref(Country, key)"]),
        (lambda db: db.sql("select {a}", a=Colour.RED).scalar(), ["class Colour has no form in SQL", "expected: bool, int", "fix: give what is stored"]),
        (lambda db: db.sql("select {a}", a=object()).scalar(), ["class object has no form in SQL", "got: object"]),
        (lambda db: db.sql("select {a}", a={"x": 1}).scalar(), ["{a} is no value of SQL", "expected: a value", "fix: of an object give its key"]),
        (lambda db: db.sql("select {a}", b=1).scalar(), ["{a} has no value; b is not in the text", "fix: a name in braces is given by keyword"]),
    ],
)
def test_refusals_say_what_where_and_how_to_mend_it(memory: DataSource, make: Any, said: list[str]) -> None:
    with pytest.raises(InputError) as e:
        make(memory)
    for words in said:
        assert words in str(e.value)
    assert "no ?" not in str(e.value)


@pytest.mark.postgresql("SQLite keeps them")
def test_a_zero_byte_in_raw_sql_is_shown_whole(memory: DataSource) -> None:
    with pytest.raises(InputError) as e:
        memory.sql("select {a}", a="a\0b").scalar()
    assert e.value.got == '"a\\x00b"'


def test_iterators_of_objects_are_saved_and_given_back_as_a_list(db: DataSource, france: Country) -> None:
    cities = db.repository(City)
    made = cities.insert(City(name=name, country=france) for name in "abc")
    assert [city.name for city in cities.find(order_by=City.id)] == [city.name for city in made] == ["a", "b", "c"]
    for city in made:
        city.population = 1
    assert cities.save(iter(made)) == made and db.save(iter(made)) == made and cities.count(City.population == 1) == 3
    assert cities.save((made[0],)) == (made[0],)
    db.remove(iter(made))
    assert cities.count() == 0
