"""Airports of the world: what a day with Takeo looks like, on real data.

    python examples/airports.py [URL]

The URL may stand in TAKEO_DATABASE_URL instead; the default is sqlite:///airports.db, made anew.  Any other
database has to be without these tables.

It loads about 28 000 airports, their countries and time zones, queries them, follows relations both
ways, changes, rolls back, deletes, and shows what an error looks like.
"""

from __future__ import annotations

import csv
import os
import pathlib
import sys
import time
from collections.abc import Sequence
from importlib.resources import files

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from takeo import (Column, DataSource, Entity, ManyToOne, Mapped, OneToMany, PrimaryColumn,
                   PrimaryGeneratedColumn, Rel, TakeoError, count, ref)
from takeo import functions as fn


@Entity("countries")
class Country:
    code: Mapped[str] = PrimaryColumn(length=2)
    name: Mapped[str] = Column(length=80, index=True)
    airports: Rel[list["Airport"]] = OneToMany("Airport", inverse="country")


@Entity("time_zones")
class TimeZone:
    name: Mapped[str] = PrimaryColumn(length=40)


@Entity("airports")
class Airport:
    id: Mapped[int] = PrimaryGeneratedColumn()
    icao: Mapped[str] = Column(length=4, unique=True)
    iata: Mapped[str | None] = Column(length=3, default=None, index=True)
    name: Mapped[str] = Column(length=120)
    city: Mapped[str] = Column(length=80)
    elevation: Mapped[int] = Column()  # feet
    latitude: Mapped[float] = Column()
    longitude: Mapped[float] = Column()
    country: Rel[Country] = ManyToOne(Country, inverse="airports", on_delete="CASCADE")
    zone: Rel[TimeZone] = ManyToOne(TimeZone)


console = Console(highlight=False)


def read_countries() -> list[Country]:
    """ISO 3166 as the time zone database carries it, and one code that it leaves to users."""
    table = files("tzdata") / "zoneinfo" / "iso3166.tab"
    pairs = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()
             if line and not line.startswith("#")]
    return [Country(code=code, name=name) for code, name in pairs] + [Country(code="XK", name="Kosovo")]


def read_airports() -> list[Airport]:
    table = files("airportsdata") / "airports.csv"
    with table.open(encoding="utf-8") as file:
        return [Airport(icao=row["icao"], iata=row["iata"] or None, name=row["name"], city=row["city"],
                        elevation=int(float(row["elevation"])), latitude=float(row["lat"]),
                        longitude=float(row["lon"]), country=ref(Country, row["country"]),
                        zone=ref(TimeZone, row["tz"]))
                for row in csv.DictReader(file)]


def show(title: str, headings: list[str], rows: Sequence[tuple[object, ...]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
    for place, heading in enumerate(headings):
        is_number = bool(rows) and isinstance(rows[0][place], (int, float))
        table.add_column(heading, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    console.print(table, "")


def load(db: DataSource) -> tuple[int, float]:
    """Everything in batches: one call, one transaction each.  Gives rows and seconds in Takeo."""
    countries, airports = read_countries(), read_airports()
    zones = [TimeZone(name=name) for name in sorted({airport.zone.name for airport in airports})]
    started, done, seconds = time.perf_counter(), 0, 0.0
    db.save([*countries, *zones])
    seconds += time.perf_counter() - started
    with Progress(TextColumn("Loading airports"), BarColumn(), MofNCompleteColumn(),
                  console=console) as progress:
        task = progress.add_task("airports", total=len(airports))
        for first in range(0, len(airports), 4000):
            started = time.perf_counter()
            db.save(airports[first : first + 4000])
            seconds += time.perf_counter() - started
            progress.advance(task, min(4000, len(airports) - first))
    done = len(countries) + len(zones) + len(airports)
    return done, done / seconds


def query(db: DataSource) -> None:
    airports, countries = db.repository(Airport), db.repository(Country)
    highest = airports.find(Airport.elevation > 12_000, order_by=Airport.elevation.desc(), limit=5,
                            load=[Airport.country])
    show("The highest airports", ["ICAO", "airport", "feet", "country"],
         [(a.icao, a.name, a.elevation, a.country.name) for a in highest])
    most = (airports.query().select(Airport.country[Country.name], count().label("n"),
                                    fn.max(Airport.elevation).label("highest"))
            .group_by(Airport.country[Country.name]).order_by(count().desc()).limit(5).tuples())
    show("Countries with the most airports", ["country", "airports", "highest, feet"], most)
    alpine = (countries.where(Country.airports.any(Airport.elevation > 5_500),
                              Country.code.in_(["AT", "CH", "FR", "IT"]))
              .order_by(Country.name).load(Country.airports).list())
    show("Some countries with high airports, and all they have", ["country", "airports", "highest"],
         [(c.name, len(c.airports), max(c.airports, key=lambda a: a.elevation).name) for c in alpine])


def change(db: DataSource) -> None:
    airports = db.repository(Airport)
    lyon = airports.find_one_or_fail(Airport.icao == "LFLL", load=[Airport.country])
    console.print(f"Found     {lyon!r}")
    lyon.name = "Lyon Airport"
    airports.save(lyon)  # UPDATE of one column
    console.print(f"Renamed   {airports.get_or_fail(lyon.id).name}")
    try:
        with db.transaction():
            gone = airports.delete(Airport.country == ref(Country, "US"))
            console.print(f"Deleted   {gone:,} airports of the United States, in a transaction ...")
            raise KeyError("changed our mind")
    except KeyError:
        kept = airports.count(Airport.country == ref(Country, "US"))
        console.print(f"Kept      {kept:,}: the transaction was rolled back")
    unused = db.repository(Country).delete(Country.airports.none())
    console.print(f"Deleted   {unused} countries without an airport\n")


def fail(db: DataSource) -> None:
    airports = db.repository(Airport)
    console.print("[bold]What errors look like[/]")
    for attempt in (
        lambda: airports.find_by(ciy="Lyon"),
        lambda: airports.update_one(1, Airport.icao.to("TOOLONG")),
        lambda: airports.insert(Airport(icao="LFLL", name="Twice", city="Lyon", elevation=0, latitude=0.0,
                                        longitude=0.0, country=ref(Country, "FR"),
                                        zone=ref(TimeZone, "Europe/Paris"))),
    ):
        try:
            attempt()
        except TakeoError as error:
            console.print(f"\n{type(error).__name__}", style="red")
            console.print(str(error), markup=False)


def read_all(db: DataSource) -> tuple[int, float]:
    started = time.perf_counter()
    airports = db.repository(Airport).find()
    return len(airports), len(airports) / (time.perf_counter() - started)


def main() -> None:
    url = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TAKEO_DATABASE_URL")
    if not url:
        url = "sqlite:///airports.db"
        pathlib.Path("airports.db").unlink(missing_ok=True)
    with DataSource(url, entities=[Country, TimeZone, Airport]) as db:
        db.synchronize()
        loaded, load_rate = load(db)
        console.print(f"Loaded    {loaded:,} rows\n")
        query(db)
        change(db)
        fail(db)
        read, read_rate = read_all(db)
        left = db.repository(Country).count()
        console.print(f"\ncountries {left}, time zones {db.repository(TimeZone).count()}, airports {read}")
        console.print(f"[bold]{load_rate:,.0f} rows a second loaded, {read_rate:,.0f} rows a second read[/]")


if __name__ == "__main__":
    main()
