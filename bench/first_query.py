"""Connect to PostgreSQL and read one row: run as a process of its own by the bench.

    python first_query.py bare|takeo|psycopg|asyncpg|sqlalchemy URL

Prints the seconds from the first word to the server to the row, without the imports.
"""

import sys
import time


def takeo(url: str) -> float:
    from datetime import datetime

    from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn
    from takeo.types import Int32

    @Entity("journal")
    class Journal:
        id: Mapped[int] = PrimaryGeneratedColumn()
        moment: Mapped[datetime] = Column()
        level: Mapped[int] = Column(Int32)
        text: Mapped[str] = Column()

    start = time.perf_counter()
    with DataSource(url, entities=[Journal]) as db:
        found = db.repository(Journal).get(7)
        took = time.perf_counter() - start
    assert found is not None and found.text == "entry number 6"
    return took


def psycopg(url: str) -> float:
    import psycopg

    start = time.perf_counter()
    with psycopg.connect(url) as db:
        found = db.execute("select id, moment, level, text from journal where id = %s", (7,)).fetchone()
        took = time.perf_counter() - start
    assert found is not None and found[3] == "entry number 6"
    return took


def asyncpg(url: str) -> float:
    import asyncio

    import asyncpg

    async def work() -> float:
        start = time.perf_counter()
        db = await asyncpg.connect(url)
        found = await db.fetchrow("select id, moment, level, text from journal where id = $1", 7)
        took = time.perf_counter() - start
        await db.close()
        assert found["text"] == "entry number 6"
        return took

    return asyncio.run(work())


def sqlalchemy(url: str) -> float:
    from datetime import datetime

    import sqlalchemy as sa
    from sqlalchemy import orm

    class Base(orm.DeclarativeBase):
        pass

    class Journal(Base):
        __tablename__ = "journal"
        id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, primary_key=True)
        moment: orm.Mapped[datetime] = orm.mapped_column(sa.DateTime(timezone=True))
        level: orm.Mapped[int]
        text: orm.Mapped[str] = orm.mapped_column(sa.Text)

    start = time.perf_counter()
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with orm.Session(engine) as session:
        found = session.get(Journal, 7)
        took = time.perf_counter() - start
    engine.dispose()
    assert found is not None and found.text == "entry number 6"
    return took


if sys.argv[1] == "bare":
    print(0.0)
else:
    print({"takeo": takeo, "psycopg": psycopg, "asyncpg": asyncpg, "sqlalchemy": sqlalchemy}[sys.argv[1]](sys.argv[2]))
