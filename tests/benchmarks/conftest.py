"""Benchmarks run with ``make bench`` alone: their figures need a quiet machine."""


def pytest_ignore_collect(config):
    """Leave these files out of every other run."""
    return None if config.getoption("benchmark_only", False) else True


def pytest_terminal_summary(terminalreporter, config):
    """Say what the times mean, after the table of them."""
    for benchmark in config._benchmarksession.benchmarks:
        for what, value in benchmark.extra_info.items():
            terminalreporter.write_line(f"{benchmark.name}: {value} {what}")
