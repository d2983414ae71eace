"""Vectors: a number of numbers that kernels work on as one, and how the compiler learns of a kind of them."""
# mypy: disable-error-code="no-untyped-call, no-untyped-def, untyped-decorator, override, attr-defined, misc"

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import PrimitiveModel
from numba.core.imputils import lower_builtin, lower_cast
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import register_model


class Vector(types.Type):
    """A kind of vector: of which ``shape`` for the compiler, of numbers like ``one``, mixed with ``plain`` numbers."""

    shape: ClassVar[Any]
    one: ClassVar[Any]
    plain: ClassVar[Any]


Kind = TypeVar("Kind", bound=type[types.Type])


def held_as(shape: Any) -> Callable[[Kind], Kind]:
    """Tell the compiler what the values of a type are made of."""

    def tell(kind: Kind) -> Kind:
        def begin(self: Any, dmm: Any, fe_type: Any) -> None:
            PrimitiveModel.__init__(self, dmm, fe_type, shape)

        register_model(kind)(type(f"{kind.__name__}Model", (PrimitiveModel,), {"__init__": begin}))
        return kind

    return tell


def repeat(builder: Any, one: Any, shape: Any) -> Any:
    """A vector of some shape, of one number again and again."""
    blank = ir.Constant(shape, ir.Undefined)
    first = builder.insert_element(blank, one, ir.IntType(32)(0))
    return builder.shuffle_vector(
        first, blank, ir.Constant(ir.VectorType(ir.IntType(32), shape.count), [0] * shape.count)
    )


def as_vector(context: Any, builder: Any, value: Any, given: Any, kind: type[Vector]) -> Any:
    """A value as a vector: itself, or a plain number again and again."""
    if isinstance(given, kind):
        return value
    return repeat(builder, context.cast(builder, value, given, kind.one), kind.shape)


def takes_plain(kind: type[Vector]) -> None:
    """Let plain numbers stand where a vector is wanted."""

    @lower_cast(kind.plain, kind)
    def cast_number(context: Any, builder: Any, fromty: Any, toty: Any, value: Any) -> Any:
        return as_vector(context, builder, value, fromty, kind)


def define(symbol: Any, kind: type[Vector], result: Any, write: Callable[..., Any]) -> None:
    """Teach the compiler an operator on two vectors of a kind, or on one and a plain number."""

    @infer_global(symbol)
    class _Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            known = all(isinstance(given, kind | kind.plain) for given in args)
            return signature(result, *args) if known and any(isinstance(given, kind) for given in args) else None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        numbers = (as_vector(context, builder, value, given, kind) for value, given in zip(args, sig.args, strict=True))
        return write(builder, *numbers)

    for first, second in ((kind, kind), (kind, kind.plain), (kind.plain, kind)):
        lower_builtin(symbol, first, second)(lower)
