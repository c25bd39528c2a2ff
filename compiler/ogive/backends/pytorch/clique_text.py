"""The text of a clique's class: loops over layers and stages, a `link_{j}_{i}` for every pair in use."""

from __future__ import annotations

from collections.abc import Mapping

from ogive.backends.pytorch.classes import Classes
from ogive.backends.pytorch.clique import CliquePlan, StepPlan
from ogive.backends.pytorch.forms import Step
from ogive.backends.pytorch.forward import aliases, count, overwritable, resolve, stored, write_layer
from ogive.backends.pytorch.model import Class, Line
from ogive.backends.pytorch.pieces import Form, piece
from ogive.backends.pytorch.statements import Cell, Writer
from ogive.backends.pytorch.structure import Op
from ogive.backends.pytorch.unify import MISSING, Expression, Slot, constant
from ogive.graph import Ref
from ogive.layers.code import Call

_SOURCES = '''def sources(self, stage, i):
    """The X_j that X_i is made of: those before it in stage 1, every other layer afterwards."""
    return range(i) if stage == 1 else [j for j in range(1, {end}) if j != i]
'''
_WORDS = frozenset({"x", "first", "stage", "i", "j", "sources", "weight", "parts"})


class CliqueText:
    """The lines of one class.

    Attributes:
        init: statements of `__init__`.
        forward: statements of `forward`.
        methods: definitions between the two.
    """

    def __init__(self, classes: Classes, cls: Class) -> None:
        assert cls.clique is not None
        self.classes = classes
        self.cls = cls
        self.plan: CliquePlan = cls.clique
        kept = stored(cls)
        self.here: Mapping[str, str] = {}
        self.mine = {name: f"self.{attr}" for name, attr in kept.items()}
        self.init = [f"self.{attr} = {name}" for name, attr in kept.items()]
        self._make()
        self.forward = self._run()
        self.methods = (
            []
            if self.plan.single
            else _SOURCES.format(end=self._upto(self.plan.layers, self.mine)).splitlines()
        )

    @staticmethod
    def _show(slot: Slot, names: Mapping[str, str]) -> str:
        return slot.expression.show(names, inside=True)

    def _upto(self, slot: Slot, names: Mapping[str, str]) -> str:
        """The end of a range that includes the number."""
        text = self._show(slot, names)
        return str(int(text) + 1) if text.isdigit() else f"{text} + 1"

    def _turns(self, names: Mapping[str, str]) -> str:
        """The layers that a stage computes."""
        layers = self._upto(self.plan.layers, names)
        if self.plan.single or self.plan.full:
            return f"range(1, {layers})"
        return f"range(1, {layers} if stage == 1 else {self._upto(self.plan.updates, names)})"

    # ------------------------------------------------------------------ __init__

    def _add(self, name: str, piece_module: Form, setup: list[Form], indent: str) -> None:
        self.init.append(f'{indent}self.add_module(f"{name}", {piece_module.show(self.here)[0]})')
        self.init += [
            f"{indent}{form.show(self.here, module=f'getattr(self, {self._name(name)})')[0]}"
            for form in setup
        ]

    @staticmethod
    def _name(name: str) -> str:
        return f'f"{name}"'

    def _make(self) -> None:
        plan, layers = self.plan, self._upto(self.plan.layers, self.here)
        source, result = self._show(plan.source, self.here), self._show(plan.result, self.here)
        self.init.append(f"for i in range(1, {layers}):")
        if plan.single:
            self.init.append("    for j in range(i):")
        else:
            self.init.append(f"    for j in range({layers}):")
            used = "j != i" if plan.full else f"j < i or j > i and i < {self._upto(plan.updates, self.here)}"
            self.init.append(f"        if {used}:")
        deep = "        " if plan.single else "            "
        if source != result:
            self.init.append(f"{deep}channels = {source} if j == 0 else {result}")
        self._link(deep)
        for step in self._steps(own=False):
            assert step.piece.module is not None
            self._add(f"{step.attr}_{{i}}", step.piece.module, step.piece.setup, "    ")
        norms = self._steps(own=True)
        if not norms:
            return
        turn = "    "
        if plan.single:
            self.init += [f"for i in range(1, {layers}):"]
        else:
            self.init += [
                f"for stage in range(1, {self._upto(plan.stages, self.here)}):",
                f"    for i in {self._turns(self.here)}:",
            ]
            turn = "        "
        if any(step in self.plan.before for step in norms):
            self.init.append(f"{turn}width = {self._width(source, result)}")
        for step in norms:
            assert step.piece.module is not None
            self._add(self._own(step), step.piece.module, step.piece.setup, turn)

    def _width(self, source: str, result: str) -> str:
        """The channels of the sources of layer i."""
        if source == result:
            return f"i * {source}" if self.plan.single else f"len(self.sources(stage, i)) * {source}"
        if self.plan.single:
            return f"{source} + (i - 1) * {result}"
        return f"sum({source} if j == 0 else {result} for j in self.sources(stage, i))"

    def _link(self, indent: str) -> None:
        module = self.plan.mix.module
        assert module is not None
        source, result = self._show(self.plan.source, self.here), self._show(self.plan.result, self.here)
        if source == result:
            for slot in module.slots:
                slot.expression = Expression(source) if slot.fixed else slot.expression
        text = module.show(self.here)[0]
        bias = next(
            (s for k, s in zip(_keywords(module), _keyword_slots(module), strict=True) if k == "bias"), None
        )
        if bias is not None and any(bias.values):  # the bias belongs to the layer, and sits in its first link
            text = f"{text[:-1]}, bias=j == 0)"
            assert not bias.printed
        self.init.append(f'{indent}self.add_module(f"link_{{j}}_{{i}}", {text})')
        self.init += [
            f'{indent}{form.show(self.here, module="""getattr(self, f"link_{j}_{i}")""")[0]}'
            for form in self.plan.mix.setup
        ]

    def _own(self, step: StepPlan) -> str:
        """`bn1_{stage}_{i}`."""
        return f"{step.attr}_1_{{i}}" if self.plan.single else f"{step.attr}_{{stage}}_{{i}}"

    def _steps(self, *, own: bool) -> list[StepPlan]:
        steps = [*self.plan.before, *(s for s in self.plan.steps if s is not None)]
        return [s for s in steps if s.own is own and s.piece.module is not None]

    # ------------------------------------------------------------------ forward

    def _module(self, step: StepPlan) -> str:
        if step.piece.module is None:
            return ""
        return f'getattr(self, f"{self._own(step) if step.own else step.attr + "_{i}"}")'

    def _run(self) -> list[str]:
        plan = self.plan
        turns = self._turns(self.mine)
        stages = self._upto(plan.stages, self.mine)
        lines = [f"x = [x] + [None] * {self._show(plan.layers, self.mine)}"]
        sources = "range(i)" if plan.single else "self.sources(stage, i)"
        body = [f"for i in {turns}:", f"    sources = {sources}", *(f"    {line}" for line in self._layer())]
        used = {ref for item in self.cls.model.items for ref in item.operands} | set(self.cls.model.outputs)
        path = self.cls.model.region.path
        first = any(every.startswith("first") for every, _ in self.cls.model.results) or any(
            ref.output == 1 and ref.node.startswith(f"{path}.layer") for ref in used
        )
        if plan.single:
            lines += [*body, *["first = x"] * first]
        else:
            lines += [f"for stage in range(1, {stages}):", *(f"    {line}" for line in body)]
            lines += ["    if stage == 1:", "        first = list(x)"] if first else []
        return [*lines, *self._results()]

    def _layer(self) -> list[str]:
        """What computes X_i of its sources."""
        plan = self.plan
        axis = plan.body.source.channel_axis
        lines = [f"y = torch.cat([x[j] for j in sources], {axis})"]
        text = "y"
        for index, step in enumerate(plan.before):
            form = step.piece.forward
            fresh = index == 0 or step_before_fresh(plan.before[index - 1])
            if fresh and step.piece.inplace is not None:
                form = step.piece.inplace
            module = self._module(step)
            text = f"{module}({text})" if form is None else form.show(self.mine, [(text, True)], module)[0]
        if text != "y":
            lines.append(f"y = {text}")
        made, mixed = self._mix()
        rest = plan.after
        entry = Ref(rest.graph.inputs[0])
        consumers = self._counts()
        after = Writer(consumers, _WORDS | self.classes.helpers)
        after.lines = [*lines, *made]
        after.express(entry, mixed, True, [], heavy=True, branch="y", wish="")
        items = self._lines()
        same = aliases(items)
        makers: dict[Ref, object] = {ref: item for item in rest.net.items for ref in item.outputs}
        for line, step in zip(items, plan.steps, strict=True):
            op = line.steps[0].first
            if step is None or not isinstance(op, Op) or op.outputs[0] in same:
                continue
            refs = [resolve(same, ref) for ref in op.operands]
            direct = refs[0] == entry and consumers.get(entry, 0) == 1
            form = step.piece.forward
            if step.piece.inplace is not None and (
                direct or overwritable(refs, makers.get(refs[0]), consumers)
            ):
                form = step.piece.inplace
            module = self._module(step)
            write_layer(after, op, refs, form, module, self.mine, lambda _: "")
        out = resolve(same, rest.net.outputs[0])
        return [*after.lines, f"x[i] = {after.operand(out)[0]}"]

    def _lines(self) -> list[Line]:
        return [
            Line([Step([item])], piece=step.piece if step is not None else None)
            for item, step in zip(self.plan.after.net.items, self.plan.steps, strict=True)
        ]

    def _counts(self) -> dict[Ref, int]:
        lines = self._lines()
        return count(lines, self.plan.after.net.outputs, aliases(lines))

    def _mix(self) -> tuple[list[str], str]:
        """Statements, and the convolution of all sources: with the slices joined to one kernel, or source by
        source.
        """
        plan = self.plan
        module = plan.mix.module
        assert module is not None
        assert isinstance(module.form, Call)
        axis = plan.body.source.channel_axis
        biases = [
            s.values for k, s in zip(_keywords(module), _keyword_slots(module), strict=True) if k == "bias"
        ]
        bias = 'getattr(self, f"link_0_{i}").bias' if biases and any(biases[0]) else "None"
        if not plan.joined:
            source, result = self._show(plan.source, self.mine), self._show(plan.result, self.mine)
            sizes = source if source == result else f"[{source} if j == 0 else {result} for j in sources]"
            lines = [f"parts = y.split({sizes}, {axis})"]
            text = 'sum(getattr(self, f"link_{j}_{i}")(parts[n]) for n, j in enumerate(sources))'
            if bias == "None" or plan.single:
                return lines, text
            ones = ", 1" * len(plan.body.source.spatial)
            added = f"    y = y + {bias}.view(-1{ones})"
            return [
                *lines,
                f"y = {text}",
                "if stage > 1:  # X0 takes no part, the bias of its link does",
                added,
            ], "y"
        extra = [
            f"{name}={slot.expression.show(self.mine)}"
            for name, slot in zip(_keywords(module), _keyword_slots(module), strict=True)
            if name in {"stride", "padding", "dilation"} and slot.printed
        ]
        arguments = ", ".join(["y", "weight", *([] if bias == "None" else [bias]), *extra])
        return (
            ['weight = torch.cat([getattr(self, f"link_{j}_{i}").weight for j in sources], 1)'],
            f"{module.form.name.replace('nn.Conv', 'F.conv')}({arguments})",
        )

    def _results(self) -> list[str]:
        """What leaves the clique: concatenations of its results, or the results themselves."""
        scope = self.cls.model
        if scope.results:
            texts: list[tuple[str, str]] = []
            for every, op in scope.results:
                form = piece([op], MISSING).forward
                assert form is not None
                for slot in form.slots:
                    slot.expression = constant(slot.values[0])
                texts.append(
                    (op.node.local, form.show(self.here, [("x", True)] * len(op.operands), "", every)[0])
                )
            if len(texts) == 1:
                return [f"return {texts[0][1]}"]
            return [
                *(f"{name} = {text}" for name, text in texts),
                f"return {', '.join(name for name, _ in texts)}",
            ]
        consumers = {ref: sum(ref in item.operands for item in scope.items) + scope.outputs.count(ref)
                     for item in scope.items for ref in item.outputs}  # fmt: skip
        writer = Writer(consumers, {"x", "first"} | self.classes.helpers)
        body = self.plan.body
        for ref in scope.inputs[:1]:
            writer.cells[ref] = _variable("x[0]")
            writer.left[ref] = 1
        for i in range(1, body.layers + 1):
            for output, name in ((0, "x"), (1, "first")):
                ref = Ref(f"{scope.region.path}.layer{i}", output)
                writer.cells[ref] = _variable(f"{name}[{i}]")
                writer.left[ref] = len(scope.items) + 1
        for line in self.cls.lines:
            op = line.steps[0].first
            assert isinstance(op, Op)
            assert line.piece is not None
            form = line.piece.forward
            write_layer(
                writer, op, op.operands, form, f"self.{op.attr}" if op.attr else "", self.mine, lambda _: ""
            )
        return [*writer.lines, f"return {', '.join(writer.operand(ref)[0] for ref in scope.outputs)}"]


def _variable(name: str) -> Cell:
    return Cell(name, named=True)


def step_before_fresh(step: StepPlan) -> bool:
    """Whether a layer's result is memory of its own that autograd does not keep."""
    return step.own


def _keywords(form: Form) -> list[str]:
    assert isinstance(form.form, Call)
    return [keyword.name for keyword in form.form.keywords]


def _keyword_slots(form: Form) -> list[Slot]:
    assert isinstance(form.form, Call)
    return form.slots[len(form.slots) - len(form.form.keywords) :]
