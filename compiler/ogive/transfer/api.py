"""`transfer`: the whole way of the weights, from two modules to a report."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import product

import torch
from rich.console import Console
from torch import Tensor, nn

from ogive.transfer import explain
from ogive.transfer.errors import TransferError
from ogive.transfer.gather import gathered
from ogive.transfer.match import Ambiguous, Match, Undecided, match
from ogive.transfer.report import Pair, TransferReport
from ogive.transfer.restore import evaluating, restoring
from ogive.transfer.trace import Trace, cast_example, run, tensors_of, trace

_RTOL = {
    torch.float64: 1e-9,
    torch.complex128: 1e-9,
    torch.float32: 1e-4,
    torch.complex64: 1e-4,
    torch.float16: 1e-2,
    torch.bfloat16: 5e-2,
}


def transfer(
    source: nn.Module,
    target: nn.Module,
    example: Tensor | tuple[Tensor, ...],
    *,
    verbose: bool = True,
    rtol: float | None = None,
    atol: float = 0.0,
) -> TransferReport:
    """Copies the weights of `source` into `target` by matching what the two modules compute.

    Both run on `example`, in eval mode. Parameters and buffers are paired by their place in the dataflow,
    never by name or order of registration, then copied, and the outputs of both are compared. Shapes may
    differ by axes of size 1 and by flattening (a linear layer and the convolution that does the same). Layers
    side by side whose results are concatenated may be one layer, or groups of one, on the other side; rows of
    weights are then copied.

    Args:
        source: The module to read. It is left as it was.
        target: The module to write: its matched parameters and running statistics are overwritten in place.
            Dtype and device stay its own.
        example: The input, or a tuple of inputs, batch included. It is cast to each module's device and,
            where it is floating-point, dtype.
        verbose: Print the map.
        rtol: Allowed difference of an output over the source's largest absolute value in that output. By
            default 1e-9 in float64, 1e-4 in float32, 1e-2 in float16, 5e-2 in bfloat16; the coarser of the
            two counts.
        atol: Allowed absolute difference in addition.

    Returns:
        The pairs, the error, and what was left alone.

    Raises:
        TransferError: The dataflows do not match, match in more than one way, or the outputs disagree; the
            target is then exactly as it was.
    """
    for role, given in (("source", source), ("target", target)):
        if not isinstance(given, nn.Module):  # pyright: ignore[reportUnnecessaryIsInstance]
            what = type(given).__name__
            advice = "net.module()" if callable(getattr(given, "module", None)) else "a `torch.nn.Module`"
            raise TransferError(f"the {role} is a `{what}`, not a module", advice)
    inputs = (example,) if isinstance(example, Tensor) else example
    if not inputs or not all(isinstance(tensor, Tensor) for tensor in inputs):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TransferError("the example must be a tensor or a tuple of tensors")
    with ExitStack() as stack:
        stack.enter_context(evaluating(source))
        stack.enter_context(evaluating(target))
        stack.enter_context(restoring(source, always=True))
        stack.enter_context(restoring(target, always=False))
        here, there = trace(source, inputs, "source"), trace(target, inputs, "target")
        here, there, found = _matched(here, there)
        pairs = _pairs(here, there, found)
        pairs = _beside_their_module([*pairs, *_counters(source, target, pairs)])
        _copy(source, target, pairs)
        error, count = _verify(here, there, found, inputs, rtol, atol)
    report = TransferReport(
        tuple(pairs),
        error,
        count,
        _others(source, {pair.source for pair in pairs}),
        _others(target, {pair.target for pair in pairs}),
    )
    if verbose:
        console = Console()
        if console.is_terminal:
            console.print(report)
        else:
            print(report)  # as wide as it is
    return report


def _matched(here: Trace, there: Trace) -> tuple[Trace, Trace, Match]:
    """The unique match of two traces, as they are or with layers side by side as one.

    Raises:
        TransferError: There is none, or more than one.
    """
    if not here.leaves:
        raise TransferError("no parameter of the source reaches an output, so there is nothing to transfer")
    try:
        found = match(here.flow, there.flow)
        if found is None:
            both = _gathered(here), _gathered(there)
            found = match(both[0].flow, both[1].flow)
            here, there = both if found is not None else (here, there)
    except Undecided:
        raise TransferError(
            "the modules are too symmetrical: whether the match is unique was not decided in bounded time"
        ) from None
    if found is None:
        raise TransferError(explain.mismatch(here.flow, there.flow))
    if isinstance(found, Ambiguous):
        raise TransferError(explain.ambiguity(here.flow, there.flow, found))
    return here, there, found


def _gathered(trace: Trace) -> Trace:
    flow, leaves = gathered(trace.flow)
    return replace(trace, flow=flow, leaves=leaves)


def _pairs(here: Trace, there: Trace, found: Match) -> list[Pair]:
    pairs: list[Pair] = []
    for leaf in here.flow.state_leaves():
        for pair in _row_by_row(here, here.leaves[leaf], there, there.leaves[found.nodes[leaf]]):
            if not _same_numbers(pair.source_part, pair.target_part):
                shape, its = _shape(pair.source_part), _shape(pair.target_part)
                raise TransferError(
                    f"`{pair.source}` {shape} of the source is used where `{pair.target}` {its} of the "
                    "target is: as many numbers, but of another shape"
                )
            pairs.append(pair)
    return pairs


def _row_by_row(here: Trace, names: tuple[str, ...], there: Trace, others: tuple[str, ...]) -> Iterator[Pair]:
    """What goes where between tensors one below the other; one and one belong together as they are."""
    if len(names) == len(others) == 1:
        yield _pair(here, names[0], there, others[0])
        return
    for (name, have), (other, take) in product(_ranges(here, names), _ranges(there, others)):
        common = range(max(have.start, take.start), min(have.stop, take.stop))
        if common:
            rows = _within(common, have), _within(common, take)
            yield replace(_pair(here, name, there, other), source_rows=rows[0], target_rows=rows[1])


def _pair(here: Trace, name: str, there: Trace, other: str) -> Pair:
    return Pair(name, other, tuple(here.state[name].shape), tuple(there.state[other].shape))


def _ranges(trace: Trace, names: tuple[str, ...]) -> list[tuple[str, range]]:
    """The rows of each tensor, counted through all of them."""
    found: list[tuple[str, range]] = []
    for name in names:
        start = found[-1][1].stop if found else 0
        found.append((name, range(start, start + trace.state[name].shape[0])))
    return found


def _within(rows: range, whole: range) -> tuple[int, int] | None:
    """Where `rows` are in `whole`, counted from its first; None where they are all of it."""
    return None if rows == whole else (rows.start - whole.start, rows.stop - whole.start)


def _same_numbers(source: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether reshaping keeps the meaning: equal but for axes of size 1, or (out, ...) as (out, in)."""
    squeezed, other = tuple(n for n in source if n != 1), tuple(n for n in target if n != 1)
    return squeezed == other or (source[:1] == target[:1] and 2 in (len(source), len(target)))


def _counters(source: nn.Module, target: nn.Module, pairs: list[Pair]) -> list[Pair]:
    """Counts such as `num_batches_tracked`, which no dataflow shows, go with their module's statistics."""
    owners = {pair.modules for pair in pairs}
    counts, others = _counts(source), _counts(target)
    found: list[Pair] = []
    for here, there in sorted(owners):
        if sum(owner[0] == here or owner[1] == there for owner in owners) > 1:
            continue
        for attribute in sorted(counts.get(here, {}).keys() & others.get(there, {}).keys()):
            name, other = f"{here}.{attribute}".lstrip("."), f"{there}.{attribute}".lstrip(".")
            found.append(Pair(name, other, counts[here][attribute], others[there][attribute]))
    return found


def _beside_their_module(pairs: list[Pair]) -> list[Pair]:
    """The pairs of one module together, modules in the order of first use."""
    first: dict[tuple[str, str], int] = {}
    for pair in pairs:
        first.setdefault(pair.modules, len(first))
    return sorted(pairs, key=lambda pair: first[pair.modules])


def _counts(module: nn.Module) -> dict[str, dict[str, tuple[int, ...]]]:
    """Integer buffers of one element: owner, attribute, shape."""
    counts: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, buffer in module.named_buffers():
        if buffer.numel() == 1 and not buffer.is_floating_point() and not buffer.is_complex():
            owner, _, attribute = name.rpartition(".")
            counts.setdefault(owner, {})[attribute] = tuple(buffer.shape)
    return counts


def _copy(source: nn.Module, target: nn.Module, pairs: list[Pair]) -> None:
    values, places = _all_state(source), _all_state(target)
    with torch.no_grad():
        for pair in pairs:
            place = _taken(places[pair.target], pair.target_rows)
            place.copy_(_taken(values[pair.source], pair.source_rows).reshape(place.shape))


def _taken(tensor: Tensor, rows: tuple[int, int] | None) -> Tensor:
    """Some rows of a tensor, or all."""
    return tensor if rows is None else tensor[slice(*rows)]


def _verify(
    here: Trace, there: Trace, found: Match, example: tuple[Tensor, ...], rtol: float | None, atol: float
) -> tuple[float, int]:
    """Runs the target with the new weights: the largest relative difference of outputs, and their number."""
    wanted = here.outputs
    result = tensors_of(run(there.module, cast_example(there.module, example), "target"))
    if len(wanted) != len(result):
        raise TransferError(f"the source has {len(wanted)} outputs, the target {len(result)}")
    if not any(bool(tensor.count_nonzero()) for tensor in wanted):
        raise TransferError("the output of the source is zero on the example: it verifies nothing")
    worst = 0.0
    for position, (expected, actual) in enumerate(zip(wanted, result, strict=True)):
        shapes = tuple(expected.shape), tuple(actual.shape)
        if [n for n in shapes[0] if n != 1] != [n for n in shapes[1] if n != 1]:
            raise TransferError(f"output {position} has shape {_shape(shapes[0])} vs {_shape(shapes[1])}")
        left, right = _numbers(expected), _numbers(actual)
        if not bool(left.isfinite().all()):
            raise TransferError(
                f"output {position} of the source is not finite on the example: it verifies nothing"
            )
        difference = float((left - right).abs().max()) if left.numel() else 0.0
        scale = float(left.abs().max()) if left.numel() else 0.0
        allowed = rtol if rtol is not None else max(_tolerance(expected), _tolerance(actual))
        error = difference / scale if scale > 0 else difference
        if not difference <= atol + allowed * scale:  # also where the target gives NaN
            notes = "".join(f"\n  {note}" for note in explain.details(here.flow, there.flow, found))
            where = f"; these places differ:{notes}" if notes else ""
            raise TransferError(
                f"the dataflows match, but output {position} differs by {error:.1e} of its largest value "
                f"({allowed:.0e} allowed){where}"
            )
        worst = max(worst, error)
    return worst, len(wanted)


def _numbers(tensor: Tensor) -> Tensor:
    """The tensor as a vector of float64."""
    real = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    return real.detach().to("cpu", torch.float64).flatten()


def _tolerance(tensor: Tensor) -> float:
    return _RTOL.get(tensor.dtype, 0.0)


def _all_state(module: nn.Module) -> dict[str, Tensor]:
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def _others(module: nn.Module, names: set[str]) -> tuple[str, ...]:
    return tuple(name for name in _all_state(module) if name not in names)


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"
