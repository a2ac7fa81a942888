"""One thread each, as long as somebody wants it, whoever begins and ends first."""

import cv2
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from oddframe.cluster.threads import one_thread_each


def threads() -> set[int]:
    blas = [part["num_threads"] for part in threadpool_info() if part["user_api"] == "blas"]
    return {*blas, cv2.getNumThreads()}


@pytest.fixture(autouse=True)
def two_threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    with threadpool_limits(limits=2, user_api="blas"):
        yield
    cv2.setNumThreads(before)


def test_one_thread_each_is_over_afterwards():
    assert threads() == {2}
    with one_thread_each():
        assert threads() == {1}
    assert threads() == {2}


def test_who_begins_first_may_end_first():
    first, second = one_thread_each(), one_thread_each()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert threads() == {1}
    second.__exit__(None, None, None)
    assert threads() == {2}
