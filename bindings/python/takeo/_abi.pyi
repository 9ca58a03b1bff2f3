"""What the generated module gives, for type checkers: cffi's objects are of any type."""

from typing import Any

ffi: Any
