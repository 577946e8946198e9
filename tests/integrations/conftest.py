"""Suites of hosts have tests that are coroutines; pytest-asyncio runs them, where it is."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("asyncio"):
        config.option.asyncio_mode = "auto"
