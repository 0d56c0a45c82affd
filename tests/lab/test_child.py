import pytest

from lab.child import Child, serve
from lab.errors import BenchError

MODULE = "tests.lab.test_child"


class Parrot:
    """What the child of these tests is."""

    def say(self, text):
        return text

    def fail(self):
        raise ValueError("no such thing")

    def chatter(self):
        print("a driver that prints")  # noqa: T201
        return "said"

    def die(self):
        raise SystemExit("gone")

    def close(self):
        pass


def main():
    serve(Parrot)


@pytest.fixture
def child():
    with Child(MODULE) as child:
        yield child


def test_it_answers_and_prints_beside_it(child):
    assert child.ask("say", text="hello") == "hello"
    assert child.ask("chatter") == "said"


def test_an_exception_is_an_answer_and_the_child_lives_on(child):
    with pytest.raises(BenchError, match="test_child: ValueError: no such thing"):
        child.ask("fail")
    assert child.ask("say", text=1) == 1


def test_a_child_that_ends_is_told(child):
    with pytest.raises(BenchError, match="ended"):
        child.ask("die")


def test_it_may_be_closed_twice(child):
    child.close()
    child.close()


def test_a_module_that_does_not_start_says_why():
    with pytest.raises(BenchError, match="ended: ModuleNotFoundError"):
        Child("tests.bench.nothing").start()
