"""The memory of normal features against loops over cells and items, and in two processes."""

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed

from oddframe.networks import memory

CLIPS, WIDTH, HEIGHT, ACROSS, ITEMS = 2, 6, 3, 4, 5


def made(seed=0, items=ITEMS, requires_grad=False):
    """Queries and items with signs, both of length 1."""
    random = torch.Generator().manual_seed(seed)
    features = torch.randn(CLIPS, WIDTH, HEIGHT, ACROSS, generator=random, dtype=torch.float64)
    stored = torch.randn(items, WIDTH, generator=random, dtype=torch.float64)
    features.requires_grad_(requires_grad)
    stored = torch.nn.functional.normalize(stored, dim=1)
    return features, memory.as_queries(features), stored


def cells(queries):
    """The queries one by one with their places, as numpy vectors."""
    array = queries.detach().numpy()
    for clip in range(CLIPS):
        for y in range(HEIGHT):
            for x in range(ACROSS):
                yield (clip, y, x), array[clip, :, y, x]


def by_match(query, items):
    """Indices of the items, the best match first."""
    return sorted(range(len(items)), key=lambda m: -float(query @ items[m]))


def test_queries_have_length_one():
    features, queries, _ = made()
    for (clip, y, x), query in cells(queries):
        feature = features.detach().numpy()[clip, :, y, x]
        assert query == pytest.approx(feature / np.sqrt((feature**2).sum()))


def test_reading_is_the_mean_of_the_items_weighted_by_their_match():
    _, queries, items = made()
    answers = memory.read(queries, items).numpy()
    for (clip, y, x), query in cells(queries):
        weights = [np.exp(query @ item) for item in items.numpy()]
        expected = sum(w * item for w, item in zip(weights, items.numpy(), strict=True))
        assert answers[clip, :, y, x] == pytest.approx(expected / sum(weights))


def test_distances_are_those_to_the_nearest_item():
    _, queries, items = made()
    found = memory.distances(queries, items).numpy()
    for place, query in cells(queries):
        nearest = min(((query - item) ** 2).mean() for item in items.numpy())
        assert found[place] == pytest.approx(nearest)


def test_separateness_is_a_triplet_with_the_second_nearest_item():
    _, queries, items = made()
    expected = []
    for _, query in cells(queries):
        order = by_match(query, items.numpy())
        near, far = (np.linalg.norm(query - items.numpy()[m]) for m in order[:2])
        expected.append(max(near - far + 1, 0))
    assert float(memory.separateness(queries, items)) == pytest.approx(
        sum(expected) / len(expected), abs=1e-5
    )


def test_gradients_of_both_losses_reach_the_features_alone():
    features, queries, items = made(requires_grad=True)
    items.requires_grad_()
    loss = memory.distances(queries, items.detach()).mean()
    loss = loss + memory.separateness(queries, items.detach())
    assert not memory.read(queries, items).requires_grad
    assert not memory.updated(queries, items).requires_grad
    loss.backward()
    assert items.grad is None
    assert features.grad.abs().sum() > 0


@pytest.mark.parametrize(
    "loss", [lambda q, items: memory.distances(q, items).mean(), memory.separateness]
)
def test_a_step_against_the_gradient_lowers_the_loss(loss):
    features, queries, items = made(requires_grad=True)
    before = loss(queries, items)
    (gradient,) = torch.autograd.grad(before, features)
    after = loss(memory.as_queries(features - 0.01 * gradient), items)
    assert after < before


def expected_update(all_queries, items):
    """The published update, with its softmax over all queries, as loops."""
    queries = [query for queries in all_queries for _, query in cells(queries)]
    new = []
    for m, item in enumerate(items):
        scores = np.array([np.exp(query @ item) for query in queries])
        scores = scores / scores.sum()
        total = item.copy()
        for score, query in zip(scores, queries, strict=True):
            if by_match(query, items)[0] == m:
                total += score / scores.max() * query
        new.append(total / np.linalg.norm(total))
    return np.array(new)


@pytest.mark.parametrize("seed", range(3))
def test_update_moves_each_item_by_the_queries_nearest_to_it(seed):
    _, queries, items = made(seed)
    before = items.clone()
    after = memory.updated(queries, items)
    assert torch.equal(items, before)
    assert after.numpy() == pytest.approx(expected_update([queries], items.numpy()))


def test_an_item_that_is_nearest_to_no_query_stays():
    _, queries, _ = made()
    first = queries[0, :, 0, 0]
    items = torch.stack([first, -first, torch.nn.functional.normalize(first + 0.1, dim=0)])
    same = queries[:1, :, :1, :1]
    after = memory.updated(same, items)
    assert torch.allclose(after, items)
    turned = memory.updated(memory.as_queries(same + 0.05), items)
    assert torch.allclose(turned[1], items[1])
    assert not torch.allclose(turned[:1], items[:1]) or not torch.allclose(turned[2:], items[2:])


def test_initial_items_are_positive_and_of_length_one():
    items = memory.initial_items(10, 64)
    assert items.shape == (10, 64)
    assert items.min() >= 0
    assert torch.allclose(items.norm(dim=1), torch.ones(10))


def test_sixteen_bit_computing_chooses_the_same_items():
    torch.manual_seed(0)
    queries = memory.as_queries(torch.randn(1, 64, 8, 8))
    items = memory.initial_items(10, 64)
    full = memory.updated(queries, items)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(memory.updated(queries, items), full)
        assert memory.read(queries, items).dtype == torch.float32


def update(rank: int, folder: Path, queries: torch.Tensor, items: torch.Tensor) -> None:
    """In one of two processes: what its own queries make of the items, and what all together do."""
    meeting = f"file://{folder}/meeting"
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    alone = memory.updated(queries, items)
    shared = memory.updated(queries, items, together=True)
    torch.save({"alone": alone, "shared": shared}, folder / f"{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_update_as_one_with_all_queries_would(tmp_path):
    items = made(0)[2]
    queries = [made(seed)[1] for seed in (1, 2)]
    # Forked, they have PyTorch already; to import it takes longer than all else here.
    fork = multiprocessing.get_context("fork")
    running = [
        fork.Process(target=update, args=(rank, tmp_path, queries[rank], items), daemon=True)
        for rank in range(2)
    ]
    try:
        for process in running:
            process.start()
        for process in running:
            process.join(timeout=300)
        assert [process.exitcode for process in running] == [0, 0]
    finally:
        for process in running:
            process.kill()  # one waits for ever for another that failed
    expected = expected_update(queries, items.numpy())
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pt")
        assert found["shared"].numpy() == pytest.approx(expected)
        assert found["alone"].numpy() != pytest.approx(expected)
