"""Takeo: entities are typed classes, queries are typed expressions, the work is done in C.

>>> from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn
>>> @Entity("cities")
... class City:
...     id: Mapped[int] = PrimaryGeneratedColumn()
...     name: Mapped[str] = Column(length=120)
>>> with DataSource("sqlite://", entities=[City]) as db:
...     db.synchronize()
...     db.repository(City).save(City(name="Lyon"))
City(id=1, name='Lyon')
"""

from __future__ import annotations

from .types import SKIP, UNSET  # first: the doors need them
from .errors import (
    ForeignKeyViolation,
    NotFound,
    NotLoaded,
    StaleEntity,
    TakeoError,
    UniqueViolation,
)
from .columns import (
    Check,
    Column,
    Index,
    ManyToOne,
    OneToMany,
    OneToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    PrimaryKey,
    Unique,
)
from .entity import Entity, Mapped, Rel, ref
from .expr import Predicate, and_, or_
from .fields import alias
from .functions import count
from .query import Query, Select, select
from .repository import Repository
from .source import DataSource
from .transaction import Transaction
from ._raw import sql

__version__ = "0.1.0"

__all__ = [
    "SKIP",
    "UNSET",
    "Check",
    "Column",
    "DataSource",
    "Entity",
    "ForeignKeyViolation",
    "Index",
    "ManyToOne",
    "Mapped",
    "NotFound",
    "NotLoaded",
    "OneToMany",
    "OneToOne",
    "Predicate",
    "PrimaryColumn",
    "PrimaryGeneratedColumn",
    "PrimaryKey",
    "Query",
    "Rel",
    "Repository",
    "Select",
    "StaleEntity",
    "TakeoError",
    "Transaction",
    "Unique",
    "UniqueViolation",
    "alias",
    "and_",
    "count",
    "or_",
    "ref",
    "select",
    "sql",
]
