import inspect
from collections.abc import Callable
from typing import Any

import pytest

from opendxa_pubsub import AsyncPubSubClient, AsyncSubscription, PubSubClient, Subscription

PAIRS = [(PubSubClient, AsyncPubSubClient), (Subscription, AsyncSubscription)]
OF_ASYNCIO = {
    "__enter__": "__aenter__",
    "__exit__": "__aexit__",
    "__iter__": "__aiter__",
}
# What a word answers, where it is not the same for both.
ANSWERS = {
    "Future[PublishReceipt]": "asyncio.Future[PublishReceipt]",
    Subscription: AsyncSubscription,
}
# The parts that a client hands to its subscriptions are no words of theirs.
MADE_BY_CLIENTS = {Subscription: "__init__"}


def words(kind: type) -> dict[str, Any]:
    """Public methods and properties, and the special ones that the language calls."""
    special = {"__init__", *OF_ASYNCIO, *OF_ASYNCIO.values()}
    return {
        name: getattr(kind, name)
        for name in dir(kind)
        if hasattr(kind, name) and (not name.startswith("_") or name in special)
    }


def expected_answer(answer: Any) -> Any:  # noqa: ANN401 - any annotation
    if getattr(answer, "__name__", "") == "Iterator":
        return f"AsyncIterator[{answer.__args__[0].__name__}]"
    return ANSWERS.get(answer, answer)


def answer_of(method: Callable[..., Any]) -> Any:  # noqa: ANN401
    answer = inspect.signature(method).return_annotation
    if getattr(answer, "__name__", "") == "AsyncIterator":
        return f"AsyncIterator[{answer.__args__[0].__name__}]"
    return answer


@pytest.mark.parametrize(("threads", "coroutines"), PAIRS)
def test_both_clients_have_the_same_words(threads: type, coroutines: type) -> None:
    assert {OF_ASYNCIO.get(name, name) for name in words(threads)} == set(words(coroutines))


CASES = [
    pytest.param(word, words(coroutines)[OF_ASYNCIO.get(name, name)], id=word.__qualname__)
    for threads, coroutines in PAIRS
    for name, word in words(threads).items()
    if callable(word) and MADE_BY_CLIENTS.get(threads) != name
]


@pytest.mark.parametrize(("word", "counterpart"), CASES)
def test_a_word_takes_and_answers_the_same(
    word: Callable[..., Any], counterpart: Callable[..., Any]
) -> None:
    assert inspect.signature(word).parameters == inspect.signature(counterpart).parameters
    assert answer_of(counterpart) == expected_answer(inspect.signature(word).return_annotation)
    is_generator = inspect.isgeneratorfunction(word)
    assert inspect.isasyncgenfunction(counterpart) == is_generator
    if not is_generator:
        assert inspect.iscoroutinefunction(counterpart) == (word.__name__ != "__init__")


def test_properties_are_the_same() -> None:
    for threads, coroutines in PAIRS:
        for name, word in words(threads).items():
            assert isinstance(word, property) == isinstance(
                words(coroutines)[OF_ASYNCIO.get(name, name)], property
            )
