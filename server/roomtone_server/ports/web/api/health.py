"""How the server fares: what it says itself, what the doctor finds, and what can be done about that from here."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, any_of
from roomtone_server.ports.web.api.examination import Examination
from roomtone_server.ports.web.api.models import KnownModels
from roomtone_server.ports.web.api.pulls import Pulls
from roomtone_server.ports.web.api.requests import OneFix
from roomtone_server.ports.web.api.shapes import Finding, Health, Pull
from roomtone_server.ports.web.problems import Problem


def health_endpoints(report: Callable[[], dict[str, Any]], models: KnownModels, pulls: Pulls) -> Sequence[AnyEndpoint]:
    """`report` is that of /health, and the names that are not heard."""
    asked = _AskedOfHealth(report, models, pulls)
    return any_of(
        Endpoint(
            "GET", "/api/health", "read", "How the server fares, and what the doctor finds", asked.tell, answer=Health
        ),
        Endpoint(
            "POST",
            "/api/health/fixes/{id:.+}",
            "admin",
            "Do what a finding's `fix` names: fetch a model",
            asked.fix,
            OneFix,
            answer=Pull,
            refusals={404: "There is no such fix.", 429: "Other models are on their way."},
        ),
    )


class _AskedOfHealth:
    def __init__(self, report: Callable[[], dict[str, Any]], models: KnownModels, pulls: Pulls) -> None:
        self._report = report
        self._models = models
        self._pulls = pulls
        self._examination = Examination()

    async def tell(self, _call: Call) -> Health:
        examined = await self._examination.findings()
        findings = [Finding(**asdict(each) | {"fix": each.fix or None}) for each in examined.findings]
        return Health(**self._report(), findings=findings, examined_at=examined.at)

    async def fix(self, call: Call[OneFix]) -> Pull:
        """The download has begun: POST /api/models/{name}/pull tells how it goes on."""
        what, _, name = call.parameters.id.partition(":")
        if what != "pull":
            raise Problem(HTTPStatus.NOT_FOUND, "No such fix", "`fix` of a finding names what can be done about it")
        model = await self._models.find(name)
        self._examination.forget()
        async with aclosing(self._pulls.pull(model)) as told:
            return await anext(told)
