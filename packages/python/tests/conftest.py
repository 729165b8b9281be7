import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from both_clients import KINDS, Watched
from broker_process import BrokerProcess
from clean_loop import run_clean

from opendxa_pubsub import PubSubClient


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    """The real broker for tests that leave it as they found it."""
    process = BrokerProcess(tmp_path_factory.mktemp("broker"))
    yield process
    process.stop()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    """A broker that the test may kill and restart."""
    process = BrokerProcess(tmp_path)
    yield process
    process.stop()


@pytest.fixture
def client(broker: BrokerProcess) -> Iterator[PubSubClient]:
    with PubSubClient(broker.address, source="/tests") as made:
        yield made


@pytest.fixture(scope="module", params=KINDS)
def watched(request: pytest.FixtureRequest, broker: BrokerProcess) -> Iterator[Watched]:
    """Each of both clients, with a topic and a subscription of the file's own."""
    made = Watched(request.param, broker.address, f"poet/tests/{request.path.stem}/{request.param}")
    yield made
    made.close()


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """A topic of the test's own, of a family that is created on first use."""
    return f"poet/tests/{request.path.stem}/{request.node.name}"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs tests that are coroutines in a loop of their own, which must end as it began."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    asyncio.run(run_clean(pyfuncitem.obj(**arguments)))
    return True
