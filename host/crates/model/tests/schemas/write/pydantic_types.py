"""Writes the schemas of ten types of an API, as pydantic 2 does, into the folder that the first argument names."""

from __future__ import annotations

import datetime as dt
import json
import sys
import uuid
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union

from pydantic import AnyUrl, AwareDatetime, Base64Str, BaseModel, ConfigDict, EmailStr, Field, HttpUrl, RootModel, TypeAdapter

Tag = Annotated[str, Field(min_length=1, max_length=32)]
Percent = Annotated[float, Field(ge=0, le=100)]


class Address(BaseModel):
    street: str = Field(min_length=1, max_length=200)
    city: str = Field(min_length=1)
    postal_code: str = Field(pattern=r"^[A-Z0-9][A-Z0-9 -]{2,9}$")
    country: str = Field(min_length=2, max_length=2, description="ISO 3166-1 alpha-2")
    region: Optional[str] = None


class Lifecycle(str, Enum):
    lead = "lead"
    customer = "customer"
    former = "former"


class Contact(BaseModel):
    """Somebody in the address book."""

    id: uuid.UUID
    email: EmailStr
    name: str = Field(min_length=1, max_length=120)
    phone: Optional[str] = Field(default=None, pattern=r"^\+[1-9]\d{6,14}$")
    website: Optional[HttpUrl]
    birthday: Optional[dt.date] = None
    tags: list[Tag] = Field(default_factory=list, max_length=20)
    address: Optional[Address] = None
    lifecycle: Lifecycle
    score: Optional[Percent] = None


class Card(BaseModel):
    method: Literal["card"]
    last4: str = Field(pattern=r"^\d{4}$")
    expires: str = Field(pattern=r"^(0[1-9]|1[0-2])/\d{2}$")


class Bank(BaseModel):
    method: Literal["bank"]
    iban: str = Field(pattern=r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$")


class Invoice(BaseModel):
    method: Literal["invoice"]
    days: Literal[14, 30, 60]


class Line(BaseModel):
    sku: str = Field(pattern=r"^[A-Z]{3}-\d{4,8}$")
    quantity: int = Field(ge=1, le=999)
    unit_price: Decimal = Field(ge=0, max_digits=12, decimal_places=2)
    note: Optional[str] = Field(default=None, max_length=500)


class PercentOff(BaseModel):
    percent: float = Field(gt=0, le=100)


class AmountOff(BaseModel):
    amount: float = Field(gt=0)


class Buyer(BaseModel):
    name: str
    email: EmailStr


class Order(BaseModel):
    number: int = Field(gt=0)
    placed_at: AwareDatetime
    currency: Literal["EUR", "USD", "GBP", "JPY"] = "EUR"
    customer: Buyer
    ship_to: Address
    bill_to: Optional[Address] = None
    lines: list[Line] = Field(min_length=1, max_length=100_000)
    payment: Union[Card, Bank, Invoice] = Field(discriminator="method")
    discounts: Optional[list[Union[PercentOff, AmountOff]]] = None


class EventBase(BaseModel):
    id: uuid.UUID
    at: dt.datetime


class NewUser(BaseModel):
    login: str = Field(pattern=r"^[A-Za-z\d][A-Za-z\d-]{0,38}$")
    admin: bool = False


class UserCreated(EventBase):
    type: Literal["user.created"]
    user: NewUser


class File(BaseModel):
    name: str = Field(min_length=1)
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[a-f0-9]{64}$")
    url: AnyUrl


class FileUploaded(EventBase):
    type: Literal["file.uploaded"]
    file: File


class Metric(EventBase):
    type: Literal["metric"]
    values: dict[str, float]
    labels: Optional[dict[str, str]] = None


class Custom(EventBase):
    type: Literal["custom"]
    payload: Any


Event = Annotated[Union[UserCreated, FileUploaded, Metric, Custom], Field(discriminator="type")]


class Comment(BaseModel):
    author: str = Field(min_length=1)
    text: str = Field(max_length=10_000)
    posted: dt.datetime
    votes: int = 0
    replies: list[Comment] = []


class Editor(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tab_width: Literal[2, 4, 8] = 4
    rulers: Optional[list[Annotated[int, Field(ge=1)]]] = Field(default=None, max_length=8)
    wrap: Optional[bool] = None


class Proxy(BaseModel):
    model_config = ConfigDict(extra="forbid")
    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    theme: Literal["light", "dark", "system"] = "system"
    language: str = Field(default="en", pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    font_size: float = Field(default=14, ge=8, le=32, multiple_of=0.5)
    shortcuts: dict[Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z]+)*$")], Annotated[str, Field(min_length=1)]]
    flags: dict[str, bool] = {}
    editor: Optional[Editor] = None
    proxy: Optional[Proxy] = None


Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Position = tuple[Longitude, Latitude]


class Point(BaseModel):
    type: Literal["Point"]
    coordinates: Position


class LineString(BaseModel):
    type: Literal["LineString"]
    coordinates: Annotated[list[Position], Field(min_length=2)]


class Polygon(BaseModel):
    type: Literal["Polygon"]
    coordinates: Annotated[list[Annotated[list[Position], Field(min_length=4)]], Field(min_length=1)]


class Feature(BaseModel):
    type: Literal["Feature"]
    id: Optional[Union[str, float]] = None
    bbox: Optional[tuple[float, float, float, float]] = None
    geometry: Annotated[Union[Point, LineString, Polygon], Field(discriminator="type")]
    properties: Optional[dict[str, Union[str, float, bool, None]]]


class Money(BaseModel):
    amount: float = Field(gt=0, multiple_of=0.01)
    currency: str = Field(min_length=3, max_length=3)


class Person(BaseModel):
    given_name: str = Field(min_length=1)
    family_name: str = Field(min_length=1)
    born: dt.date


class Employee(Person):
    employee_id: int = Field(ge=1)
    department: Literal["engineering", "sales", "support", "finance"]
    salary: Money
    hours: float = Field(default=40, gt=0, le=60)
    manager: Optional[int] = None
    skills: Optional[set[str]] = None


class Text(BaseModel):
    type: Literal["text"]
    text: str


class ByUrl(BaseModel):
    url: AnyUrl


class Inline(BaseModel):
    media_type: Literal["image/png", "image/jpeg"]
    data: Base64Str


class Image(BaseModel):
    type: Literal["image"]
    source: Union[ByUrl, Inline]


class ToolUse(BaseModel):
    type: Literal["tool_use"]
    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    input: dict[str, Any]


Part = Annotated[Union[Text, Image, ToolUse], Field(discriminator="type")]


class Message(BaseModel):
    role: Literal["system", "user", "assistant", "tool"]
    content: Union[str, Annotated[list[Part], Field(min_length=1)]]
    name: Optional[str] = None
    metadata: Optional[dict[str, Union[str, float]]] = None
    temperature: Optional[float] = Field(default=None, ge=0, le=2)


class Combined(BaseModel):
    op: Literal["and", "or"]
    args: Annotated[list[Filter], Field(min_length=1)]


class Not(BaseModel):
    op: Literal["not"]
    arg: Filter


class Comparison(BaseModel):
    op: Literal["eq", "ne", "lt", "gt", "in", "contains"]
    field: str = Field(pattern=r"^[a-z_][a-z0-9_.]*$")
    value: Union[str, float, bool, None, list[Union[str, float]]]


class Filter(RootModel[Union[Combined, Not, Comparison]]):
    pass


class Weekday(str, Enum):
    mon = "mon"
    tue = "tue"
    wed = "wed"
    thu = "thu"
    fri = "fri"
    sat = "sat"
    sun = "sun"


class Retries(BaseModel):
    limit: int = Field(ge=0, le=10)
    backoff: Literal["exponential", "fixed"]
    first: float = Field(gt=0)


class Schedule(BaseModel):
    name: str = Field(min_length=1)
    starts: dt.date
    at: dt.time
    every: dt.timedelta
    cron: Optional[str] = Field(default=None, pattern=r"^(\S+\s+){4}\S+$")
    zone: str = Field(pattern=r"^[A-Za-z_]+(/[A-Za-z_+-]+)*$")
    weekdays: list[Weekday] = Field(min_length=1, max_length=7)
    retries: Optional[Retries] = None
    notify: Optional[list[EmailStr]] = Field(default=None, max_length=10)
    hosts: Optional[list[IPv4Address]] = None
    window: Optional[tuple[dt.time, dt.time]]


TYPES = {
    "contact": Contact,
    "order": Order,
    "event": Event,
    "comment": Comment,
    "settings": Settings,
    "feature": Feature,
    "employee": Employee,
    "message": Message,
    "filter": Filter,
    "schedule": Schedule,
}

folder = Path(sys.argv[1]) / "pydantic"
folder.mkdir(parents=True, exist_ok=True)
for name, declared in TYPES.items():
    schema = TypeAdapter(declared).json_schema()
    (folder / f"{name}.json").write_text(json.dumps(schema, indent=1) + "\n")
