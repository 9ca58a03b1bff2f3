"""Statements that a save makes for itself: one for each set of columns, found again and let go of."""

from __future__ import annotations

from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn

NAMES = "abcdefghijk"
SETS = range(1, 1 << len(NAMES))  # more than the statements that a data source keeps


@Entity("dials")
class Dial:
    id: Mapped[int] = PrimaryGeneratedColumn()
    a: Mapped[int] = Column(default=0)
    b: Mapped[int] = Column(default=0)
    c: Mapped[int] = Column(default=0)
    d: Mapped[int] = Column(default=0)
    e: Mapped[int] = Column(default=0)
    f: Mapped[int] = Column(default=0)
    g: Mapped[int] = Column(default=0)
    h: Mapped[int] = Column(default=0)
    i: Mapped[int] = Column(default=0)
    j: Mapped[int] = Column(default=0)
    k: Mapped[int] = Column(default=0)


def turn(dial: Dial, which: int, to: int) -> None:
    for place, name in enumerate(NAMES):
        if which >> place & 1:
            setattr(dial, name, to)


def values(dial: Dial) -> list[int]:
    return [getattr(dial, name) for name in NAMES]


def test_each_set_of_changed_columns_has_its_statement_save_03() -> None:
    with DataSource("sqlite://", entities=[Dial]) as db:
        db.synchronize()
        dials = db.repository(Dial)
        dial = dials.save(Dial())
        for again in range(2):  # the second time most are found, and the others made once more
            for which in SETS:
                expected = values(dial)
                db.sql("update dials set " + ", ".join(f"{name} = {name} + 5" for name in NAMES)).run()
                turn(dial, which, to=which + again)
                expected = [which + again if which >> place & 1 else one + 5 for place, one in enumerate(expected)]
                dials.save(dial)
                dial = dials.get(dial.id)
                assert values(dial) == expected


def test_one_list_with_many_sets_of_changed_columns_save_11() -> None:
    with DataSource("sqlite://", entities=[Dial]) as db:
        db.synchronize()
        dials = db.repository(Dial)
        all_ = dials.save([Dial() for _ in range(400)])
        for dial in all_:  # each set many times, never twice in a row
            turn(dial, dial.id % 7, to=dial.id)
        dials.save(all_)
        for dial in dials.find():
            assert values(dial) == [dial.id if dial.id % 7 >> place & 1 else 0 for place in range(len(NAMES))]
