"""The end of a run: the test data, read once with the best weights; weights, curves, report and record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import torch
from lightning.pytorch import Trainer
from torch import nn

from ogive.train.curves import draw_curves
from ogive.train.disk import disk_errors, none_usable
from ogive.train.evaluation import evaluate
from ogive.train.history import History, Row
from ogive.train.loaders import Loaders
from ogive.train.losses import main_and_heads
from ogive.train.measures import Tally
from ogive.train.record import result_of
from ogive.train.report import write_report
from ogive.train.result import Result
from ogive.train.rundir import RunFolder
from ogive.train.storage import Damaged, read
from ogive.train.task import unpacked
from ogive.train.weights import digest_of, save_weights
from ogive.train.work import Work


def finish(
    work: Work, trainer: Trainer, folder: RunFolder, record: Mapping[str, Any], history: History
) -> Result:
    """Writes what a trained network came to. Of several processes the first does, and tells the others.

    Raises:
        ArchError: E568, a full disk.
    """
    outcome: list[Any] = [None]
    skipped = _skipped(work, trainer.world_size)
    if trainer.is_global_zero:
        with disk_errors(folder.path):
            outcome = [_finish(work, trainer, folder, record, history, skipped)]
    if trainer.world_size > 1:
        torch.distributed.broadcast_object_list(outcome, src=0)
    return cast("Result", outcome[0])


def _finish(
    work: Work,
    trainer: Trainer,
    folder: RunFolder,
    record: Mapping[str, Any],
    history: History,
    skipped: Mapping[str, str],
) -> Result:
    best = history.best
    assert best is not None  # at least one epoch was run
    network = load_best(work, folder, sharded=trainer.world_size > 1)
    test = _test(work, network, trainer.strategy.root_device)
    network.cpu().eval()
    done: dict[str, Any] = dict(record) | {
        "status": "finished",
        "epochs": len(history.rows),
        "steps": history.rows[-1]["step"],
        "best_epoch": int(best["epoch"]),
        "validation": _part(best, "val_"),
        "test": test,
        "seconds": history.rows[-1]["seconds"],
        "data": dict(record["data"]) | _unusable(work, record, skipped),
        "machine": dict(record["machine"]) | {"corrupt": work.asked.machine.corrupt},
    }
    save_weights(network, folder.weights, _about(done))
    done["weights_sha256"] = digest_of(folder.weights)
    title = f"{done['name']} on {done['data']['name']}"
    draw_curves(history.rows, int(best["epoch"]), title, folder.curves, test)
    folder.write_record(done)
    write_report(folder.path)
    return replace(result_of(done, folder), skipped=len(done["data"].get("skipped", ())))


def load_best(work: Work, folder: RunFolder, *, sharded: bool = False) -> nn.Module:
    """The network with the weights of the best checkpoint, on the CPU."""
    state = check_best(folder)["state_dict"]
    own = {key.removeprefix("network."): value for key, value in state.items()}
    network = work.fresh() if sharded else work.module
    network.cpu().load_state_dict(own)
    return network


def check_best(folder: RunFolder) -> dict[str, Any]:
    """The best checkpoint so far.

    Raises:
        ArchError: E569, it cannot be used: what came of the run cannot be told without it.
    """
    try:
        return read(folder.best)
    except (Damaged, FileNotFoundError) as error:
        reason = "it is missing" if isinstance(error, FileNotFoundError) else str(error)
        raise none_usable(folder.path, [(folder.best, reason)]) from None


def _test(work: Work, network: nn.Module, device: torch.device) -> dict[str, float]:
    """The numbers of the test data; none where there are no test data."""
    asked, data = work.asked, work.data
    if not isinstance(data, Loaders) and asked.loss is None and not asked.metrics:
        found = evaluate(network, data.test_batches(), device, classes=len(data.classes), link=work.loss.link)
        values = {"loss": found.loss, "accuracy": found.accuracy}
        values |= {"correct": found.correct, "total": found.total}
        return values | ({"top5": found.top5} if found.top5 is not None and len(data.classes) > 10 else {})
    batches = data.test if isinstance(data, Loaders) else data.test_batches()
    if batches is None:
        return {}
    tally = Tally(asked.metrics)
    network.to(device).eval()
    with torch.inference_mode():
        for batch in batches:
            inputs, targets, _ = unpacked(batch)
            main, _ = main_and_heads(network(*(_to(value, device) for value in inputs)))
            targets = _to(targets, device)
            tally.add(work.loss.plain(main, targets)[0], main, targets)
    score = tally.score()
    values = score.values()
    if score.correct is not None:
        values |= {"correct": score.correct, "total": score.total}
    return values


def _to(value: Any, device: torch.device) -> Any:
    return value.to(device) if isinstance(value, torch.Tensor) else value


def _part(row: Row, prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}


def _skipped(work: Work, world: int) -> dict[str, str]:
    """The images that training could not use, with the reasons; of all processes together."""
    mine = {} if isinstance(work.data, Loaders) else dict(work.data.skipped)
    if world == 1:
        return mine
    found: list[Any] = [None] * world
    torch.distributed.all_gather_object(found, mine)
    return {path: reason for each in found for path, reason in each.items()}


def _unusable(work: Work, record: Mapping[str, Any], skipped: Mapping[str, str]) -> dict[str, Any]:
    """Which images could not be used, also before the run was resumed and in the test, and how many could."""
    data = work.data
    if isinstance(data, Loaders):
        return {}
    found: dict[str, str] = dict(record["data"].get("skipped", ()))
    found |= dict(skipped) | dict(data.skipped)
    if not found:
        return {"skipped": []}
    unusable = data.unusable(found)
    return {
        "skipped": [[path, reason] for path, reason in found.items()],
        "usable": {part: count - unusable[part] for part, count in data.counts.items()},
    }


def _about(record: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the file of the weights: how they came about, and how their images are prepared."""
    kept = ("name", "target", "recipe", "seed", "data", "best_epoch", "validation", "test", "versions")
    return {name: record[name] for name in kept}
