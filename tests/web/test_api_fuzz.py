"""The API against its own description: whatever is sent, the answer is one of those it promises."""

from typing import Any, cast

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from rig.fakes import FakeStation
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from broadcaster.core.people import Scope

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)

# 10 of each operation: 5 s. No shrinking, for the schema's size alone says little about a fault.
BOUNDED = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@pytest.fixture
def tokens(station: FakeStation) -> list[str]:
    return [station.tokens.make("试", scope, "") for scope in (Scope.COUNTY, Scope.WORDS)]


def send_all(schema: Any, mode: schemathesis.GenerationMode, tokens: list[str]) -> set[str]:
    """Some of each operation's requests, with each token; all that they break is raised. The operations
    that were done at least once.
    """
    done = set()
    for found in schema.get_all_operations():

        @BOUNDED
        @given(found.ok().as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            for token in tokens:
                headers = {"Authorization": f"Bearer {token}"}
                answer = case.call_and_validate(headers=headers, checks=cast(Any, CHECKS))
                if answer.status_code < 300:
                    done.add(case.operation.label)

        send()
    return done


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_nothing_that_is_sent_breaks_it(
    app: Flask, station: FakeStation, tokens: list[str], mode: schemathesis.GenerationMode
) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    assert len(list(schema.get_all_operations())) == 31
    done = send_all(schema, mode, tokens)
    # Which notices are taken depends on the day, and on the words of the modules that are loaded, which
    # go into what is sent.
    if mode is schemathesis.GenerationMode.POSITIVE:
        assert len(done) > 5 and station.stops
