"""Parts of kernels: functions that are compiled into the kernel that calls them, and nowhere else.

Numba turns every function into optimised machine code with a way in from Python, which takes most of the time where two
hundred small functions make a few kernels. A part stops half-way. In a part, indices count from the start alone: to ask
of each whether it is negative took a fifteenth of the time.
"""
# mypy: disable-error-code="no-untyped-call, attr-defined, misc"

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.lowering import Lower
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering
from numba.np import arrayobj

from simulator.compilation.cache import cache_folder
from simulator.compilation.haste import in_haste

_NOT_NEEDED = {
    "DeadBranchPrune",
    "FindLiterallyCalls",
    "IRLegalization",
    "InlineClosureLikes",
    "InlineInlinables",
    "InlineOverloads",
    "LiteralPropagationSubPipelinePass",
    "LiteralUnroll",
    "MakeFunctionToJitFunction",
    "NopythonRewrites",
    "RewriteDynamicRaises",
    "RewriteSemanticConstants",
    "WithLifting",
}
"""Passes for what kernels do not have: closures, literal types, contexts, errors with messages, references to drop."""
NO_WAY_IN = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


_here = threading.local()
_usual_index = arrayobj.fix_integer_index


def _index(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
    """Write what makes a place of an index: in a part the index itself, elsewhere also one counted from the end."""
    if getattr(_here, "part", None) is builder.module:
        return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)
    return _usual_index(context, builder, kind, index, size)


arrayobj.fix_integer_index = _index


class PartLibrary(JITCodeLibrary):
    """Code of a part: linked into the kernel that calls it, and optimised and turned into machine code only there."""

    def _optimize_functions(self, ll_module: Any) -> None:
        """Tidy the functions that the module holds; Numba's own tries also those that it only names."""
        ll_module.data_layout = self._codegen._data_layout
        builder = self._codegen._pass_builder(opt=1)
        passes = builder.getFunctionPassManager()
        for function in ll_module.functions:
            if not function.is_declaration:
                passes.run(function, builder)

    def finalize(self) -> None:
        """Gather the code of the parts that this one calls."""
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


class _PartLower(Lower):
    """Writing a part's code: says which module is the part's, so that helpers compiled on the way are left alone."""

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        _here.part = self.module

    def setup_function(self, fndesc: Any) -> None:
        """Begin the function, which stays one unless it is to become part of its callers' bodies."""
        super().setup_function(fndesc)
        if not self.flags.forceinline:
            self.function.attributes.add("noinline")


@register_pass(mutates_CFG=True, analysis_only=False)
class _PartLowering(NativeLowering):
    """Write a part's code, for other kernels to link, without making it callable by itself."""

    _name = "part_lowering"

    @property
    def lowering_class(self) -> type[Lower]:
        """What writes the code."""
        return _PartLower

    def run_pass(self, state: Any) -> bool:
        """Lower one function; see Numba's pass of the same name."""
        state.flags.no_compile = True
        state.library = PartLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        outer = getattr(_here, "part", None)
        try:
            super().run_pass(state)
        finally:
            _here.part = outer
        result = state["cr"]
        state["cr"] = result._replace(cfunc=_announce(state.targetctx, result.fndesc, state.library))
        return True


def _announce(context: Any, description: Any, library: Any) -> Callable[[], None]:
    """Tell the compiler of a part's code; return what it will look the code up by."""

    def identity() -> None:  # never called
        return None

    context.insert_user_function(identity, description, [library])
    return identity


class _PartCompiler(CompilerBase):
    """Numba's pipeline with the lowering of a part."""

    def define_pipelines(self) -> list[Any]:
        """Return the passes."""
        builder, manager = DefaultPassBuilder, PassManager("part")
        for stage in (builder.define_untyped_pipeline, builder.define_typed_pipeline):
            manager.passes.extend(step for step in stage(self.state).passes if step[0].__name__ not in _NOT_NEEDED)
        for step, name in builder.define_nopython_lowering_pipeline(self.state).passes:
            if step.__name__ not in _NOT_NEEDED:
                manager.add_pass(_PartLowering if step is NativeLowering else step, name)
        manager.finalize()
        return [manager]


class Kernel(CPUDispatcher):
    """A kernel that is called from Python.

    Parameters
    ----------
    function : callable
        What to compile.
    options : dict
        Options of `numba.njit`.
    signature : str, optional
        The one signature to compile for, at once.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any], signature: str | None = None) -> None:
        super().__init__(function, targetoptions={"nopython": True, "no_cfunc_wrapper": True, **options})
        if cache_folder() is not None:
            self.enable_caching()
        if signature is not None:
            self.compile(signature)
            self.disable_compile()

    def compile(self, sig: Any) -> Any:
        """Compile for a signature, or load what was compiled before."""
        return in_haste(lambda: super(Kernel, self).compile(sig))


def plain_kind(kind: Any) -> Any:
    """Return the type to compile for: constants and small integers would otherwise make a new version each."""
    kind = types.unliteral(kind)
    return types.int64 if isinstance(kind, types.Integer) and kind.signed else kind


class Part(CPUDispatcher):
    """A kernel or a helper of one.

    Called from another kernel it becomes a part of that kernel's machine code. Called from Python, it is compiled and
    kept as a kernel of its own.

    Parameters
    ----------
    function, options, signature
        As of a `Kernel`, compiled when it is called.

    Raises
    ------
    ValueError
        Where references are to be counted: a part does not drop any.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any], signature: str | None = None) -> None:
        if options.get("_nrt", True):
            raise ValueError("a part of a kernel cannot count references: give it _nrt=False")
        chosen = {"nopython": True, **options, **NO_WAY_IN}
        super().__init__(function, targetoptions=chosen, pipeline_class=_PartCompiler)
        self._signature = signature
        self._entry_options = {name: value for name, value in options.items() if name != "forceinline"}

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Return how another kernel calls this one; with a signature, for that one alone."""
        if self._signature is not None and self._can_compile:
            self.compile(self._signature)
            self.disable_compile()
        return super().get_call_template(tuple(plain_kind(kind) for kind in args), kws)

    def add_overload(self, cres: Any) -> None:
        """Keep the code for other kernels alone."""
        self.overloads[tuple(cres.signature.args)] = cres

    @functools.cached_property
    def entry(self) -> Any:
        """The kernel by itself, for callers in Python."""
        return Kernel(self.py_func, self._entry_options, self._signature)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the kernel by itself."""
        return self.entry(*args, **kwargs)
