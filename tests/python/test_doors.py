"""What a door gives entities: bases with state, places of slots, fields.  Both doors pass the same
tests; TAKEO_DOOR says which one is looked at."""

import copy
import gc
import types
import weakref

import pytest

from takeo import UNSET, NotLoaded
from takeo._door import COLUMN, TO_MANY, TO_ONE, door
from takeo.fields import Field, Property, ToMany, ToOne

SLOTS = ("a", "b", "key", "many", "one", "z")


def make_box(words=1, base=None):
    """A class with slots over a base of the door, and where its slots lie."""
    bases = (base, door.state_base(words)) if base else (door.state_base(words),)
    box = type("Box", bases, {"__slots__": SLOTS})
    places = door.places(box, SLOTS)
    for name in SLOTS:
        delattr(box, name)
    box._takeo = types.SimpleNamespace(exists=lambda instance: bool(door.state(instance) & 1))
    return box, places


def bind(box, places, name, bit, kind=COLUMN, other=None, hook=None):
    field = {COLUMN: Field, TO_ONE: ToOne, TO_MANY: ToMany}[kind](
        Property(box, name, None, kind != COLUMN)
    )
    door.bind(field, box, kind, places[name], bit, other, hook)
    setattr(box, name, field)
    return field


@pytest.fixture
def box():
    return make_box()


# ---- state ------------------------------------------------------------------------------------------------


def test_name_is_the_one_that_was_asked_for():
    import os

    assert door.name == os.environ.get("TAKEO_DOOR", "builtin")


def test_state_base_is_made_once_per_count():
    assert door.state_base(2) is door.state_base(2)
    assert door.state_base(3) is not door.state_base(2)


def test_state_base_of_more_words_derives_from_that_of_fewer():
    assert issubclass(door.state_base(3), door.state_base(2))
    assert issubclass(door.state_base(2), door.state_base(1))
    assert not issubclass(door.state_base(1), door.state_base(2))


@pytest.mark.parametrize("words", [0, -1, 33])
def test_state_base_of_no_count_is_refused(words):
    with pytest.raises(TypeError):
        door.state_base(words)


def test_state_begins_at_zero(box):
    assert door.state(door.new(box[0])) == 0


@pytest.mark.parametrize("words", [1, 2, 3])
def test_state_keeps_every_bit_of_its_words(words):
    instance = door.new(make_box(words)[0])
    for bit in range(64 * words):
        door.set_state(instance, 1 << bit)
        assert door.state(instance) == 1 << bit
    door.set_state(instance, (1 << 64 * words) - 1)
    assert door.state(instance) == (1 << 64 * words) - 1


@pytest.mark.parametrize("words", [1, 2])
def test_state_has_no_more_bits_than_its_words(words):
    instance = door.new(make_box(words)[0])
    door.set_state(instance, 1 << 64 * words | 5)
    assert door.state(instance) == 5


def test_state_takes_only_integers(box):
    instance = door.new(box[0])
    with pytest.raises(TypeError):
        door.set_state(instance, "x")
    assert door.state(instance) == 0


def test_instances_have_no_dict_and_are_collected(box):
    instance = door.new(box[0])
    assert "__dict__" not in dir(instance)
    with pytest.raises(AttributeError):
        instance.unknown = 1


def test_new_does_not_call_init():
    class Loud(door.state_base(1)):
        __slots__ = ()

        def __init__(self):
            raise AssertionError("called")

    assert type(door.new(Loud)) is Loud


def test_new_takes_only_classes():
    with pytest.raises(TypeError):
        door.new(5)


# ---- places ------------------------------------------------------------------------------------------------


def test_peek_of_an_empty_slot_is_unset(box):
    cls, places = box
    assert all(door.peek(door.new(cls), places[name]) is UNSET for name in SLOTS)


def test_poke_fills_one_slot_and_marks_nothing(box):
    cls, places = box
    instance, value = door.new(cls), object()
    door.poke(instance, places["b"], value)
    assert door.peek(instance, places["b"]) is value
    assert [n for n in SLOTS if door.peek(instance, places[n]) is not UNSET] == ["b"]
    assert door.state(instance) == 0


def test_poke_of_unset_empties(box):
    cls, places = box
    instance = door.new(cls)
    door.poke(instance, places["b"], None)
    assert door.peek(instance, places["b"]) is None
    for _ in range(2):
        door.poke(instance, places["b"], UNSET)
        assert door.peek(instance, places["b"]) is UNSET


def test_poke_gives_the_old_value_free(box):
    cls, places = box

    class Value:
        pass

    value = Value()
    seen, instance = weakref.ref(value), door.new(cls)
    door.poke(instance, places["a"], value)
    del value
    assert seen() is not None
    door.poke(instance, places["a"], 1)
    assert seen() is None


def test_places_are_those_of_the_class_alone(box):
    cls, places = box
    below = type("Below", (cls,), {"__slots__": ("more",)})
    more = door.places(below, ("more",))["more"]
    instance = door.new(below)
    door.poke(instance, more, 1)
    door.poke(instance, places["z"], 2)
    assert (door.peek(instance, more), door.peek(instance, places["z"])) == (1, 2)


def test_places_stand_apart_from_the_state():
    cls, places = make_box(3)
    instance = door.new(cls)
    door.set_state(instance, (1 << 192) - 1)
    for number, name in enumerate(SLOTS):
        door.poke(instance, places[name], number)
    assert door.state(instance) == (1 << 192) - 1
    assert [door.peek(instance, places[name]) for name in SLOTS] == list(range(len(SLOTS)))


# ---- fields ------------------------------------------------------------------------------------------------


def test_field_on_the_class_is_itself(box):
    field = bind(*box, "a", 1)
    assert box[0].a is field


def test_field_knows_its_owner_and_hook_after_bind(box):
    def hook(instance, value):
        pass

    field = bind(*box, "a", 1, hook=hook)
    assert field.owner is box[0]
    assert field.hook is hook


def test_field_stores_and_marks_its_bit(box):
    bind(*box, "a", 5)
    instance = door.new(box[0])
    instance.a = "x"
    assert instance.a == "x"
    assert door.state(instance) == 1 << 5


@pytest.mark.parametrize("bit", [63, 64, 100, 127])
def test_field_marks_bits_of_further_words(bit):
    cls, places = make_box(2)
    bind(cls, places, "a", bit)
    instance = door.new(cls)
    instance.a = None
    assert door.state(instance) == 1 << bit


def test_field_delete_empties_and_clears_nothing(box):
    bind(*box, "a", 1)
    instance = door.new(box[0])
    instance.a = 1
    del instance.a
    assert door.peek(instance, box[1]["a"]) is UNSET
    assert door.state(instance) == 2
    del instance.a  # empty already


def test_field_of_an_empty_slot_raises_not_loaded(box):
    bind(*box, "a", 1)
    instance = door.new(box[0])
    with pytest.raises(NotLoaded) as new:
        instance.a  # noqa: B018
    door.set_state(instance, 1)
    with pytest.raises(NotLoaded) as loaded:
        instance.a  # noqa: B018
    assert (new.value.entity, new.value.field) == ("Box", "a")
    assert new.value.message != loaded.value.message


def test_field_empties_the_other_slot(box):
    cls, places = box
    bind(cls, places, "one", 1, TO_ONE, other=places["key"])
    instance = door.new(cls)
    door.poke(instance, places["key"], 7)
    instance.one = None
    assert door.peek(instance, places["key"]) is UNSET
    instance.one = None  # empty already


def test_field_calls_its_hook_after_it_stored(box):
    cls, places = box
    calls = []
    bind(cls, places, "a", 1, hook=lambda i, v: calls.append((i, v, i.a, door.state(i))))
    instance = door.new(cls)
    instance.a = 3
    del instance.a
    assert calls == [(instance, 3, 3, 2)]


def test_field_lets_the_hooks_exception_out(box):
    def hook(instance, value):
        raise KeyError("hook")

    bind(*box, "a", 1, hook=hook)
    instance = door.new(box[0])
    with pytest.raises(KeyError):
        instance.a = 3
    assert instance.a == 3


def test_to_many_of_a_new_object_is_an_empty_list_that_is_kept(box):
    bind(*box, "many", 1, TO_MANY)
    instance = door.new(box[0])
    members = instance.many
    assert members == []
    assert instance.many is members
    assert door.peek(instance, box[1]["many"]) is members
    assert door.state(instance) == 0


def test_to_many_of_a_loaded_object_is_not_loaded(box):
    bind(*box, "many", 1, TO_MANY)
    instance = door.new(box[0])
    door.set_state(instance, 1)
    with pytest.raises(NotLoaded):
        instance.many  # noqa: B018
    assert door.peek(instance, box[1]["many"]) is UNSET


def test_field_refuses_instances_of_other_classes(box):
    field = bind(*box, "a", 1)
    other = make_box()[0]
    for stranger in (door.new(other), object(), 5, box[0]):
        with pytest.raises(TypeError):
            field.__get__(stranger, type(stranger))
        with pytest.raises(TypeError):
            field.__set__(stranger, 1)
        with pytest.raises(TypeError):
            field.__delete__(stranger)


def test_field_believes_no_class_attribute(box):
    field = bind(*box, "a", 1)

    class Liar:
        __class__ = box[0]

    with pytest.raises(TypeError):
        field.__get__(Liar(), Liar)


def test_field_works_in_subclasses(box):
    bind(*box, "a", 1)
    below = type("Below", (box[0],), {"__slots__": ()})
    instance = door.new(below)
    instance.a = 1
    assert (instance.a, door.state(instance)) == (1, 2)


def test_field_that_is_not_bound_is_refused(box):
    field = Field(Property(box[0], "a", None, False))
    box[0].a = field
    with pytest.raises(TypeError):
        door.new(box[0]).a  # noqa: B018
    with pytest.raises(TypeError):
        door.new(box[0]).a = 1


def test_bind_is_done_once(box):
    cls, places = box
    field = bind(cls, places, "a", 1)
    with pytest.raises(TypeError):
        door.bind(field, cls, COLUMN, places["a"], 1, None, None)


@pytest.mark.parametrize("change", [{"kind": 3}, {"kind": -1}, {"bit": 0}, {"bit": -1}, {"bit": 99_999}])
def test_bind_checks_what_it_is_told(box, change):
    cls, places = box
    said = {"kind": COLUMN, "bit": 1, **change}
    with pytest.raises(TypeError):
        door.bind(Field(Property(cls, "a", None, False)), cls, said["kind"], places["a"], said["bit"], None, None)


# ---- life ---------------------------------------------------------------------------------------------------


def test_instances_can_be_referred_to_weakly(box):
    instance = door.new(box[0])
    seen = weakref.ref(instance)
    assert seen() is instance
    del instance
    assert seen() is None


@pytest.mark.parametrize("words", [1, 3])
def test_instances_in_a_cycle_are_collected(words):
    cls, places = make_box(words)
    bind(cls, places, "one", 1, TO_ONE)
    bind(cls, places, "many", 2, TO_MANY)
    instance = door.new(cls)
    instance.one = instance
    instance.many = [instance]
    seen = weakref.ref(instance)
    del instance
    gc.collect()
    assert seen() is None


def test_an_old_value_may_use_the_object_when_it_goes(box):
    cls, places = box
    bind(cls, places, "a", 1)
    seen = []

    class Value:
        def __init__(self, instance):
            self.instance = weakref.ref(instance)

        def __del__(self):
            seen.append(self.instance().a)

    instance = door.new(cls)
    instance.a = Value(instance)
    instance.a = 2
    assert seen == [2]


def test_entities_are_copied_with_their_load_state():
    from takeo import Column, Entity, Mapped, PrimaryGeneratedColumn

    @Entity("doors_copied")
    class Copied:
        id: Mapped[int] = PrimaryGeneratedColumn()
        name: Mapped[str] = Column()
        note: Mapped[list | None] = Column()

    one = Copied(name="x", note=[1])
    door.set_state(one, door.state(one) | 1)
    other, deep = copy.copy(one), copy.deepcopy(one)
    assert (other.name, other.note is one.note, deep.note is one.note) == ("x", True, False)
    assert door.state(other) == 1
    assert door.peek(other, Copied._takeo.members["id"].place) is UNSET
