"""Named tuples of tables in one place of memory, of which kernels pass the address.

Numba passes a named tuple field by field and an array number by number, so that each of two hundred helpers would take
and hand on some eight hundred arguments: most of what there was to compile. A tuple that is held is one argument, and a
field is read where it is used.
"""
# mypy: disable-error-code="no-untyped-call, no-untyped-def, untyped-decorator, override, attr-defined, misc"

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import PrimitiveModel
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, register_model

T = TypeVar("T")

_ADDRESS = ir.IntType(8).as_pointer()


class Held(types.Type):
    """Address of a named tuple or a record that nobody changes, ``held`` being the type of that."""

    def __init__(self, held: Any) -> None:
        self.held = held
        super().__init__(name=f"held_{held._code}")

    @property
    def key(self) -> Any:
        """What tells two of them apart: cheap, since types are compared all the time."""
        return self.held._code

    def field(self, name: str) -> Any:
        """Type of a field, None where there is none of that name."""
        if name not in self.held.fields:
            return None
        if isinstance(self.held, types.Record):
            return self.held.typeof(name)
        kind = self.held.types[self.held.fields.index(name)]
        return Held(kind) if isinstance(kind, types.NamedTuple) else kind


@register_model(Held)
class _HeldModel(PrimitiveModel):
    """How Numba keeps it: as a pointer."""

    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, _ADDRESS)


@infer_getattr
class _HeldFields(AttributeTemplate):
    """What is found behind a dot."""

    key = Held

    def generic_resolve(self, held: Held, attr: str) -> Any:
        return held.field(attr)


def _read(builder: Any, pointer: Any) -> Any:
    """Read what does not change while it can be read, so that it need be read once only."""
    found = builder.load(pointer)
    found.set_metadata("invariant.load", builder.module.add_metadata([]))
    return found


@lower_getattr_generic(Held)
def _get_field(context: Any, builder: Any, kind: Held, value: Any, attr: str) -> Any:
    """Read a field: of an array only what indexing needs, of a tuple within the tuple its address."""
    wanted = kind.field(attr)
    if isinstance(kind.held, types.Record):
        model = context.data_model_manager[wanted]
        inside = cgutils.pointer_add(builder, value, kind.held.offset(attr), model.get_data_type().as_pointer())
        return model.from_data(builder, _read(builder, inside))
    place = kind.held.fields.index(attr)
    tuple_type = context.get_value_type(kind.held)
    pointer = cgutils.gep_inbounds(builder, builder.bitcast(value, tuple_type.as_pointer()), 0, place)
    if isinstance(wanted, Held):
        return builder.bitcast(pointer, _ADDRESS)
    if not isinstance(wanted, types.Array):
        return _read(builder, pointer)
    found = ir.Constant(context.get_value_type(wanted), None)
    array = context.data_model_manager[wanted]
    for name in ("nitems", "data", "shape", "strides"):
        position = array.get_field_position(name)
        inside = cgutils.gep_inbounds(builder, pointer, 0, position)
        found = builder.insert_value(found, _read(builder, inside), position)
    entry = wanted.dtype
    each = entry.size if isinstance(entry, types.Record) else context.get_abi_sizeof(context.get_data_type(entry))
    size = context.get_constant(types.intp, each)
    return builder.insert_value(found, size, array.get_field_position("itemsize"))


@intrinsic
def _hold(typingctx: Any, named: Any) -> Any:
    """Typed half of `hold`."""
    if not isinstance(named, types.NamedTuple | types.Record):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = args[0] if isinstance(named, types.Record) else cgutils.alloca_once_value(builder, args[0])
        place = builder.bitcast(place, _ADDRESS)
        # nothing is known of the address that comes out, so nothing is read through it before the tuple is there
        hide = ir.FunctionType(_ADDRESS, [_ADDRESS])
        return builder.asm(hide, "", "=r,0,~{memory}", [place], True)

    return Held(named)(named), generate


hold = cast(Callable[[T], T], _hold)
"""Put a named tuple of tables where kernels can pass its address; it lives until the kernel that held it returns.

A record stays where it is, and is known not to change from here on, so that a field need be read only once.
"""
