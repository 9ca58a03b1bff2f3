"""The verbs of a door by themselves: handles, modes, arguments, objects and what becomes of their state.
Both doors pass the same tests."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from takeo import (
    UNSET,
    Column,
    DataSource,
    Entity,
    ManyToOne,
    Mapped,
    NotFound,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Rel,
    ref,
)
from takeo._door import COUNT, DICTS, FIRST, LIST, ONE, ROLLBACK, SAVE, TUPLES, UPDATE, door
from takeo._door import BEGIN, COMMIT, INSERT, REMOVE, UPSERT
from takeo.errors import Closed, InputError, MultipleFound, StatementTimeout, TransactionClosed
from takeo.expr import PARAM


@Entity("door_owners")
class Owner:
    code: Mapped[str] = PrimaryColumn(length=2)
    name: Mapped[str] = Column(length=20, default="nobody")
    things: Rel[list["Thing"]] = OneToMany("Thing", inverse="owner")


@Entity("door_things")
class Thing:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(length=20)
    size: Mapped[int] = Column(default=1)
    data: Mapped[dict | None] = Column()
    owner: Rel[Owner | None] = ManyToOne(Owner, inverse="things", default=None)
    rival: Rel[Owner | None] = ManyToOne(Owner, default=None)


@pytest.fixture
def db(new_url: Callable[[], str]) -> Any:
    with DataSource(new_url(), entities=[Owner, Thing]) as source:
        source.synchronize()
        yield source


def raw(db: DataSource, *parts: Any) -> Any:
    return db.statements[("raw", parts)]


def state(instance: Any) -> int:
    return door.state(instance)


def hidden(instance: Any, name: str) -> Any:
    return door.peek(instance, type(instance)._takeo.places["_takeo_key_" + name])


def bit(member: Any) -> int:
    return 1 << member.about.bit


# ---- run ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "one", "two"),
    [
        (LIST, [1, 2], [(1, "x"), (2, "x")]),
        (TUPLES, [(1,), (2,)], [(1, "x"), (2, "x")]),
        (DICTS, [{"a": 1}, {"a": 2}], [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]),
        (FIRST, 1, (1, "x")),
        (COUNT, 2, 2),
    ],
)
def test_run_modes(db: DataSource, mode: int, one: Any, two: Any) -> None:
    assert door.run(db.handle, raw(db, "select 1 as a union select 2"), mode, ()) == one
    assert door.run(db.handle, raw(db, "select 1 as a, 'x' as b union select 2, 'x'"), mode, ()) == two


@pytest.mark.parametrize(
    ("mode", "nothing"), [(LIST, []), (TUPLES, []), (DICTS, []), (FIRST, None), (COUNT, 0), (ONE, None)]
)
def test_run_modes_without_rows(db: DataSource, mode: int, nothing: Any) -> None:
    assert door.run(db.handle, raw(db, "select 1 as a where 1 = 0"), mode, ()) == nothing


def test_run_one_refuses_a_second_row(db: DataSource) -> None:
    assert door.run(db.handle, raw(db, "select 1"), ONE, ()) == 1
    with pytest.raises(MultipleFound):
        door.run(db.handle, raw(db, "select 1 union select 2"), ONE, ())


@pytest.mark.parametrize("given", [(), (1, 2), (1, 2, 3, 4)])
def test_run_counts_its_arguments(db: DataSource, given: tuple[int, ...]) -> None:
    statement = raw(db, "select ", PARAM, " + ", PARAM, " + ", PARAM)
    assert door.run(db.handle, statement, FIRST, (1, 2, 3)) == 6
    with pytest.raises(InputError) as e:
        door.run(db.handle, statement, FIRST, given)
    assert e.value.code == "TAKEO.INPUT.COUNT"


def test_run_refuses_unset(db: DataSource) -> None:
    with pytest.raises(InputError) as e:
        door.run(db.handle, raw(db, "select ", PARAM), FIRST, (UNSET,))
    assert e.value.code == "TAKEO.INPUT.UNSET"


def test_run_tells_a_class_that_means_nothing(db: DataSource) -> None:
    with pytest.raises(InputError) as e:
        db.repository(Thing).find(Thing.size == object())
    assert (e.value.code, e.value.entity, e.value.field) == ("TAKEO.INPUT.TYPE", "Thing", "size")
    assert e.value.got == "object"


def test_run_lets_a_values_own_exception_out(db: DataSource) -> None:
    class Odd:
        def __index__(self) -> int:
            raise KeyError("mine")

    with pytest.raises(KeyError):
        db.repository(Thing).find(Thing.size == Odd())
    with pytest.raises(KeyError):
        db.save(Thing(name="x", size=Odd()))
    assert db.repository(Thing).count() == 0


@pytest.mark.parametrize("wrong", [-1, 0, 1e10, float("nan")])
def test_run_refuses_a_timeout_that_is_none(db: DataSource, wrong: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        door.run(db.handle, raw(db, "select 1"), FIRST, (), wrong)


def test_run_stops_at_its_timeout_and_not_after(db: DataSource) -> None:
    slow = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000000) select count(*) from n"
    with pytest.raises(StatementTimeout):
        door.run(db.handle, raw(db, slow), FIRST, (), 0.05)
    assert door.run(db.handle, raw(db, "select 1"), FIRST, ()) == 1


@pytest.mark.parametrize("where", [None, 5, object()])
def test_verbs_take_handles_only(db: DataSource, where: Any) -> None:
    with pytest.raises(TypeError):
        door.run(where, raw(db, "select 1"), FIRST, ())
    with pytest.raises(TypeError):
        door.run(db.handle, where, FIRST, ())
    with pytest.raises(TypeError):
        door.write(db.handle, where, SAVE, [])
    with pytest.raises(TypeError):
        door.close(where)


def test_the_same_row_twice_is_one_object(db: DataSource) -> None:
    one, two = Owner(code="AA"), Owner(code="BB")
    db.save([one, two, Thing(name="x", owner=one), Thing(name="y", owner=one), Thing(name="z", owner=two)])
    x, y, z = db.repository(Thing).find(load=[Thing.owner], order_by=Thing.id)
    assert x.owner is y.owner
    assert x.owner is not z.owner
    owners = db.repository(Owner).find(load=[Owner.things[Thing.owner]], order_by=Owner.code)
    assert [sorted(t.name for t in o.things) for o in owners] == [["x", "y"], ["z"]]


def test_a_loaded_relation_without_object_is_none(db: DataSource) -> None:
    db.save(Thing(name="x"))
    loaded = db.repository(Thing).find_one(load=[Thing.owner])
    assert door.peek(loaded, Thing._takeo.members["owner"].place) is None
    bare = db.repository(Thing).find_one()
    assert door.peek(bare, Thing._takeo.members["owner"].place) is UNSET
    assert (state(loaded), state(bare)) == (1, 1)


def test_only_the_relations_that_were_asked_for_are_loaded(db: DataSource) -> None:
    db.save(Thing(name="x"))  # both relations lead to the same entity, and to none
    loaded = db.repository(Thing).find_one(load=[Thing.rival])
    assert door.peek(loaded, Thing._takeo.members["rival"].place) is None
    assert door.peek(loaded, Thing._takeo.members["owner"].place) is UNSET


def test_entities_and_values_in_one_row(db: DataSource) -> None:
    owner = Owner(code="AA", name="Ann")
    db.save([owner, Thing(name="x", owner=owner), Thing(name="y")])
    found = db.query(Thing.name, Thing.owner, Thing.size).order_by(Thing.id).tuples()
    assert [(name, o and o.name, size) for name, o, size in found] == [("x", "Ann", 1), ("y", None, 1)]
    named = db.query(Thing, Thing.size).order_by(Thing.id).dicts()
    assert [sorted(row) for row in named] == [["Thing", "size"]] * 2


# ---- write --------------------------------------------------------------------------------------------------


def test_write_says_what_became_of_each(db: DataSource) -> None:
    target = db.known.target
    a, b = Thing(name="a"), Thing(name="b")
    assert door.write(db.handle, target, SAVE, [a, b]) == bytes([1, 1])
    b.name = "c"
    assert door.write(db.handle, target, SAVE, [a, b, b]) == bytes([0, 2, 2])
    assert door.write(db.handle, target, REMOVE, (a,)) == bytes([3])
    assert door.write(db.handle, target, SAVE, []) == b""
    owner = Owner(code="AA")
    assert door.write(db.handle, target, INSERT, [owner]) == bytes([1])
    again = Owner(code="AA", name="other")
    ignored = (None, None, True, False, None, None, ())
    assert door.write(db.handle, target, UPSERT, [again], ignored) == bytes([4])
    assert state(again) & 1 == 0


def test_write_takes_iterables(db: DataSource) -> None:
    assert door.write(db.handle, db.known.target, SAVE, (Thing(name=n) for n in "ab")) == bytes([1, 1])


def test_write_gives_keys_defaults_and_state(db: DataSource) -> None:
    owner = Owner(code="AA")
    thing = Thing(name="x", owner=owner)
    assert state(thing) == bit(Thing.name) | bit(Thing.owner)
    db.save([thing, owner])  # in the order of what they refer to
    assert (thing.id, thing.size, state(thing), state(owner)) == (1, 1, 1, 1)
    assert hidden(thing, "owner") == "AA"


def test_write_leaves_objects_as_they_were_when_it_fails(db: DataSource) -> None:
    db.save(Owner(code="AA"))
    good, bad = Thing(name="x"), Owner(code="AA")
    before = state(good), state(bad)
    with pytest.raises(Exception, match="code"):
        db.save([good, bad])
    assert (state(good), state(bad)) == before
    assert door.peek(good, Thing._takeo.members["id"].place) is UNSET


def test_write_refuses_all_at_once_before_anything_is_sent(db: DataSource) -> None:
    things = [Thing(name=5), Thing(name="x"), Thing(name="y" * 30, size="1")]
    with pytest.raises(InputError) as e:
        db.save(things)
    found = [(one.object, one.field, one.code) for one in e.value.errors]
    assert found == [
        (1, "name", "TAKEO.INPUT.TYPE"),
        (3, "name", "TAKEO.INPUT.LENGTH"),
        (3, "size", "TAKEO.INPUT.TYPE"),
    ]
    assert db.repository(Thing).count() == 0


@pytest.mark.parametrize("stranger", [5, None, object(), "x"])
def test_write_refuses_what_is_no_entity(db: DataSource, stranger: Any) -> None:
    with pytest.raises(InputError) as e:
        door.write(db.handle, db.known.target, SAVE, [Thing(name="x"), stranger])
    assert (e.value.code, e.value.object) == ("TAKEO.INPUT.ENTITY", 2)


def test_write_of_one_entity_refuses_others(db: DataSource) -> None:
    with pytest.raises(InputError) as e:
        door.write(db.handle, db.known.target, SAVE, [Owner(code="AA")], None, (), 0, Thing)
    assert (e.value.code, e.value.entity, e.value.got) == ("TAKEO.INPUT.ENTITY", "Thing", "Owner")


@pytest.mark.parametrize("wrong", [5, "AA", {"code": "AA"}])
def test_write_refuses_a_relation_to_something_else(db: DataSource, wrong: Any) -> None:
    with pytest.raises(InputError) as e:
        db.save(Thing(name="x", owner=wrong))
    assert (e.value.code, e.value.field) == ("TAKEO.INPUT.ENTITY", "owner")


def test_write_follows_references_and_keys(db: DataSource) -> None:
    db.save(Owner(code="AA"))
    thing = Thing(name="x", owner=ref(Owner, "AA"))
    db.save(thing)
    found = db.repository(Thing).get(thing.id)
    assert (hidden(found, "owner"), hidden(found, "rival")) == ("AA", None)
    found.owner = None
    assert hidden(found, "owner") is UNSET
    db.save(found)
    assert (hidden(found, "owner"), state(found)) == (None, 1)


def test_write_by_a_key_set_by_hand_touches_what_was_given(db: DataSource) -> None:
    db.save(Thing(name="x", size=7))
    db.save(Thing(id=1, name="y"))
    assert db.repository(Thing).get(1).size == 7
    with pytest.raises(NotFound):
        db.save(Thing(id=0, name="zero"))


def test_write_of_named_columns_leaves_the_others_marked(db: DataSource) -> None:
    thing = Thing(name="x")
    db.save(thing)
    thing.name, thing.size = "y", 5
    number = db.model(Thing).column("size").number
    door.write(db.handle, db.known.target, UPDATE, [thing], None, (number,))
    assert state(thing) == 1 | bit(Thing.name)
    assert (db.repository(Thing).get(1).name, db.repository(Thing).get(1).size) == ("x", 5)


def test_write_sees_values_that_changed_in_place(db: DataSource) -> None:
    thing = Thing(name="x", data={"a": 1})
    db.save(thing)
    assert door.write(db.handle, db.known.target, SAVE, [thing]) == bytes([0])
    thing.data["b"] = [2]
    assert door.write(db.handle, db.known.target, SAVE, [thing]) == bytes([2])
    assert db.repository(Thing).get(1).data == {"a": 1, "b": [2]}


def test_removed_objects_are_new_again(db: DataSource) -> None:
    thing = Thing(name="x")
    db.save(thing)
    db.remove(thing)
    assert (thing.id, thing.name, state(thing)) == (1, "x", 0)


def test_nothing_keeps_objects_after_a_verb(db: DataSource) -> None:
    owner = Owner(code="AA")
    thing = Thing(name="x", owner=owner)
    db.save([thing, owner])
    db.load([owner], Owner.things)
    seen = [weakref.ref(owner), weakref.ref(thing), weakref.ref(owner.things[0])]
    del owner, thing
    gc.collect()
    assert [one() for one in seen] == [None] * 3


# ---- load, reload ---------------------------------------------------------------------------------------------


def test_load_fills_what_is_missing_and_keeps_the_rest(db: DataSource) -> None:
    owner = Owner(code="AA", name="Ann")
    db.save([owner, Thing(name="x", owner=owner), Thing(name="y", owner=owner)])
    x, y = db.repository(Thing).find(order_by=Thing.id)
    db.load([x], Thing.owner)
    mine = x.owner
    db.load([x, y], Thing.owner[Owner.things])
    assert x.owner is mine
    assert [t.name for t in mine.things] == [t.name for t in y.owner.things] == ["x", "y"]
    db.load([x, y], Thing.owner, reload=True)
    assert x.owner is not mine
    assert x.owner is y.owner
    assert (state(x), state(y)) == (1, 1)


@Entity("door_rooms")
class Room:
    id: Mapped[int] = PrimaryGeneratedColumn()
    above: Rel[Room | None] = ManyToOne("Room", default=None)
    owner: Rel[Owner | None] = ManyToOne(Owner, default=None, eager=True)
    doors: Rel[list[Hatch]] = OneToMany("Hatch", inverse="room")


@Entity("door_hatches")
class Hatch:
    id: Mapped[int] = PrimaryGeneratedColumn()
    room: Rel[Room] = ManyToOne(Room, inverse="doors")
    rival: Rel[Owner | None] = ManyToOne(Owner, default=None)


def test_eager_relations_inside_what_load_brings() -> None:
    with DataSource("sqlite://", entities=[Owner, Thing, Room, Hatch]) as db:
        db.synchronize()
        owner, lone = Owner(code="AA"), Room()
        high = Room(above=lone, owner=owner)
        db.save([owner, lone, high, Hatch(room=lone), Hatch(room=high)])
        by_lone, by_high = db.repository(Hatch).find(order_by=Hatch.id)
        db.load([by_lone, by_high], Hatch.room)
        assert by_lone.room.owner is None and by_high.room.owner.code == "AA"
        place = Room._takeo.members["above"].place  # not asked for, and not eager
        assert door.peek(by_lone.room, place) is UNSET and door.peek(by_high.room, place) is UNSET
        (alone,) = db.repository(Hatch).find(Hatch.room == lone)
        db.load(alone, Hatch.room[Room.doors])  # nobody has an owner here
        assert alone.room.owner is None and len(alone.room.doors) == 1
        db.load(alone, Hatch.room[Room.above], Hatch.rival)
        assert alone.room.above is None and alone.rival is None
        assert door.peek(alone.room.doors[0], Hatch._takeo.members["rival"].place) is UNSET


def test_load_keeps_a_relation_that_is_none(db: DataSource) -> None:
    db.save([Owner(code="AA"), Thing(name="x")])
    (thing,) = db.repository(Thing).find(load=[Thing.owner])
    assert thing.owner is None
    db.sql("update door_things set owner_code = 'AA'").run()
    db.load(thing, Thing.owner)
    assert thing.owner is None
    db.load(thing, Thing.owner, reload=True)  # by the key in hand
    assert thing.owner is None
    db.reload(thing)
    db.load(thing, Thing.owner, reload=True)
    assert thing.owner.code == "AA"


def test_load_of_nothing_sends_nothing(db: DataSource) -> None:
    door.load(db.handle, db.known.target, [], (1, 0), False)
    door.reload(db.handle, db.known.target, [], (1,))


def test_load_takes_objects_of_one_entity(db: DataSource) -> None:
    owner, thing = Owner(code="AA"), Thing(name="x")
    db.save([owner, thing])
    with pytest.raises(InputError):
        door.load(db.handle, db.known.target, [owner, thing], (1, 0), False)


def test_reload_overwrites_and_cleans(db: DataSource) -> None:
    thing = Thing(name="x", size=3, data={"a": 1})
    db.save(thing)
    thing.name, thing.size = "dirty", 9
    thing.data["b"] = 1
    db.reload(thing, Thing.name)
    assert (thing.name, thing.size, state(thing)) == ("x", 9, 1 | bit(Thing.size))
    db.reload(thing)
    assert (thing.size, thing.data, state(thing)) == (3, {"a": 1}, 1)
    with pytest.raises(NotFound):
        db.reload(ref(Thing, 99))


# ---- handles ----------------------------------------------------------------------------------------------------


def test_sessions_have_levels(db: DataSource) -> None:
    session = door.session(db.handle)
    assert door.session_level(session) == 0
    door.control(session, BEGIN)
    door.control(session, BEGIN)
    assert door.session_level(session) == 2
    door.control(session, ROLLBACK, 2)
    door.control(session, COMMIT)
    assert door.session_level(session) == 0
    with pytest.raises(TransactionClosed):
        door.control(session, COMMIT)


def test_closed_handles_say_so(db: DataSource) -> None:
    statement, session = raw(db, "select 1"), door.session(db.handle)
    door.control(session, BEGIN)
    for _ in range(2):
        door.close(session)
    with pytest.raises(TransactionClosed):
        door.run(session, statement, FIRST, ())
    assert door.session_level(session) == 0
    for _ in range(2):
        door.close(db.handle)
    for use in (
        lambda: door.run(db.handle, statement, FIRST, ()),
        lambda: door.write(db.handle, db.known.target, SAVE, [Thing(name="x")]),
        lambda: door.session(db.handle),
        lambda: door.control(db.handle, BEGIN),
    ):
        with pytest.raises(Closed):
            use()


def test_handles_may_go_in_any_order(new_url: Callable[[], str]) -> None:
    db = DataSource(new_url(), entities=[Thing])
    db.synchronize()
    session, statement = door.session(db.handle), raw(db, "select 1")
    door.control(session, BEGIN)
    del db
    gc.collect()
    assert door.run(session, statement, FIRST, ()) == 1
    door.close(session)
    del statement, session
    gc.collect()


def test_a_source_stands_for_the_session_that_is_bound(db: DataSource) -> None:
    with db.transaction():
        db.save(Thing(name="x"))
        inside = door.run(db.handle, raw(db, "select count(*) from door_things"), FIRST, ())
        seen: list[Any] = []
        thread = threading.Thread(target=lambda: seen.append(db._bound.get()))
        thread.start()
        thread.join()
        raise_it = pytest.raises(ZeroDivisionError)
        with raise_it, db.transaction():
            db.save(Thing(name="y"))
            1 / 0  # noqa: B018
    assert (inside, seen) == (1, [None])
    assert db.repository(Thing).count() == 1


def test_threads_share_a_source(db: DataSource) -> None:
    def work(name: str) -> None:
        for _ in range(25):
            db.save(Thing(name=name))
            assert db.repository(Thing).count(Thing.name == name) > 0

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.repository(Thing).count() == 100
