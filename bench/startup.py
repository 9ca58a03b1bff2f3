"""Start a library with a number of entities and open SQLite: run as a process of its own by the bench.

    python startup.py bare|takeo|sqlalchemy COUNT
"""

import sys


def takeo(count: int) -> None:
    from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn

    made = []
    for n in range(count):

        class Thing:
            id: Mapped[int] = PrimaryGeneratedColumn()
            name: Mapped[str] = Column(length=80)
            size: Mapped[int] = Column(default=0)
            weight: Mapped[float] = Column(default=0.0)

        Thing.__name__ = Thing.__qualname__ = f"Thing{n}"
        made.append(Entity(f"things_{n}")(Thing))
    with DataSource("sqlite://", entities=made) as db:
        db.connect()


def sqlalchemy(count: int) -> None:
    import sqlalchemy as sa
    from sqlalchemy import orm

    base = orm.declarative_base()
    for n in range(count):
        type(f"Thing{n}", (base,), {"__tablename__": f"things_{n}", "id": sa.Column(sa.Integer, primary_key=True),
                                    "name": sa.Column(sa.String(80)), "size": sa.Column(sa.Integer, default=0),
                                    "weight": sa.Column(sa.Float, default=0.0)})
    orm.configure_mappers()
    sa.create_engine("sqlite://").connect().close()


if sys.argv[1] != "bare":
    {"takeo": takeo, "sqlalchemy": sqlalchemy}[sys.argv[1]](int(sys.argv[2]))
